/* Gathering: blocks held back until there is a run of rows worth writing in key order.
 *
 * A table is a tree ordered by key. Rows that arrive in key order are appended to it; rows that
 * do not would each touch another page, so they are gathered and written sorted (553,000 rows/s
 * instead of 169,000 on two million random keys). */
#ifndef SYNC_GATHER_H
#define SYNC_GATHER_H

#include "destinations/destination.h"
#include "sync/queue.h"

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
    bool ascending; /* so far, across parts */
    bool any_order; /* rows are wanted as they come; set once, after gather_init */
};

/* Above this many bytes, what is gathered is written: as much as the bound of 64 MiB for the
 * whole program leaves, since each writing passes over all of a table's pages. */
enum { GATHER_MAX_BYTES = 24 * 1024 * 1024 };

void gather_init(struct gather *gather);
void gather_reset(struct gather *gather);

/* Takes the operation with its block. */
TL_NODISCARD enum tl_status gather_add(struct gather *gather, struct operation *operation,
                                       const uint32_t *source,
                                       const struct catalog_table *table, struct tl_error *err);

/* Whether waiting for more rows would gain nothing. */
bool gather_is_ripe(const struct gather *gather);

/* The rows in the order in which to write them; lent until the next call. */
TL_NODISCARD enum tl_status gather_batch(struct gather *gather,
                                         const struct catalog_table *table, struct batch *out,
                                         struct tl_error *err);

/* Lets the operations go. */
void gather_clear(struct gather *gather);

#endif
