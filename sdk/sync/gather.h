/* Gathering: rows held back until there are enough of them to be worth writing in key order.
 *
 * A table is a tree ordered by key. Rows that arrive in key order are appended to it; rows that
 * do not would each touch another page, so they are gathered and written sorted (553,000 rows/s
 * instead of 169,000 on two million random keys). What is more than fits in memory waits as
 * sorted runs on disk, and all of it is written in one pass over the table. */
#ifndef SYNC_GATHER_H
#define SYNC_GATHER_H

#include "destinations/destination.h"
#include "sync/queue.h"
#include "sync/runs.h"

struct gather {
    struct batch_part *parts;
    struct operation **operations; /* that own the parts' blocks */
    size_t n_parts;
    size_t max_parts;
    struct gather_row *keys; /* scratch for sorting */
    struct batch_row *rows;
    size_t n_rows;
    size_t max_rows;
    size_t bytes;
    bool ascending;    /* so far, across parts */
    bool any_order;    /* rows are wanted as they come; set once, after gather_init */
    bool given;        /* what is in memory was given, and goes with the next call */
    struct runs *runs; /* the rows before those in memory; NULL: none */
    bool merging;      /* the runs are being given */
};

/* More bytes than this, what sorting needs included, do not stay in memory: the bound of 64 MiB
 * for the whole program leaves no more. */
enum { GATHER_MAX_BYTES = 24 * 1024 * 1024 };

void gather_init(struct gather *gather);
void gather_reset(struct gather *gather);

/* Takes the operation with its block. */
TL_NODISCARD enum tl_status gather_add(struct gather *gather, struct operation *operation,
                                       const uint32_t *source,
                                       const struct catalog_table *table, struct tl_error *err);

/* The next rows to write, in the order in which to write them; lent until the next call. `all`
 * asks for all of them, else only those are given that gain nothing by waiting for more. None:
 * there are no more. TL_DESTINATION if rows cannot be kept on disk, TL_MEMORY. */
TL_NODISCARD enum tl_status gather_next(struct gather *gather,
                                        const struct catalog_table *table, bool all,
                                        struct batch *out, struct tl_error *err);

/* Lets everything go. */
void gather_clear(struct gather *gather);

#endif
