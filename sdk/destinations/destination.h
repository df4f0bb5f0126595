/* Destinations: where rows, state, catalog and run log become durable together.
 *
 * Order of calls: open, load, then any number of transactions, then close. A transaction begins
 * by itself with the first alter, write or sweep_begin and ends with commit or rollback. All
 * calls come from one thread at a time and may block. Errors are TL_DESTINATION, TL_LOCKED,
 * TL_MEMORY, and TL_DATA where a row cannot be held. After an error the only legal calls are
 * rollback and close. */
#ifndef DESTINATIONS_DESTINATION_H
#define DESTINATIONS_DESTINATION_H

#include "destinations/catalog.h"
#include "rows/block.h"
#include "towline/error.h"
#include "towline/stream.h"

struct destination {
    const struct destination_ops *ops;
    /* Each destination's own fields follow: it embeds this struct first. */
};

enum destination_mode {
    DESTINATION_WRITE,   /* takes the lock; creates what is missing */
    DESTINATION_DRY_RUN, /* behaves as WRITE, but leaves no trace: commit keeps nothing beyond
                            close */
    DESTINATION_READ     /* looks only; an absent destination is an empty one */
};

/* A run of rows to be written, all of one table. `rows` lists them in the order in which they
 * are to be written; where keys repeat, the order of arrival is kept. */
struct batch_part {
    const struct block *block;
    const uint32_t *source; /* per column of table: its index in block, or COLUMNS_NONE */
};

struct batch_row {
    uint32_t part;
    uint32_t row;
};

struct batch {
    const struct catalog_table *table;
    const struct batch_part *parts;
    size_t n_parts;
    const struct batch_row *rows;
    size_t n_rows;
    int64_t synced_us; /* becomes _towline_synced of each row written */
};

/* A row's value in a column of the table; ABSENT where the source has none. */
static inline const struct tl_value *batch_cell(const struct batch *batch,
                                                const struct batch_row *at, uint32_t column)
{
    static const struct tl_value absent = {.type = TL_TYPE_ABSENT};
    const struct batch_part *part = &batch->parts[at->part];
    uint32_t source = part->source[column];

    if (source >= part->block->stride) /* COLUMNS_NONE, or newer than the block */
        return &absent;
    return block_row(part->block, at->row) + source;
}

/* The rows of one partition of a connector: those with this text in this column, which belongs
 * to the table's primary key. Where a scope may be NULL, that means all rows. */
struct destination_scope {
    uint32_t column; /* of the table */
    const char *value;
};

/* What became of the rows. */
struct tally {
    uint64_t inserted;
    uint64_t updated;
    uint64_t unchanged;
    uint64_t deleted;
};

/* A row of _towline_runs: one stream's part of one run. */
struct run_record {
    int64_t run; /* from load */
    const char *stream;
    int64_t started_us;
    int64_t finished_us;  /* 0 while it runs */
    const char *status;   /* "running", "done", "failed" */
    const char *error;    /* "" when there is none */
    const char *warnings; /* a line each; NULL: none */
    uint64_t rows_read;
    uint64_t bytes_read;
    uint64_t schema_changes;
    struct tally tally;
    const struct run_record *tables; /* of a stream that fills several: each of them; their
                                        counts are not in the stream's own */
    size_t n_tables;
};

/* What load finds. */
struct destination_contents {
    struct catalog catalog;
    struct stored_state {
        char *stream;
        char *json;
    } * states;
    size_t n_states;
    int64_t next_run; /* the number for a run that starts now */
    size_t max_runs;  /* set before load: how many records of each stream are wanted */
    struct stored_run {
        struct run_record record;
        char *text; /* memory of its texts */
    } * runs;       /* by stream, the newest first */
    size_t n_runs;
};

void destination_contents_reset(struct destination_contents *contents);

struct destination_traits {
    uint32_t max_columns;        /* of a table, Towline's own included */
    uint32_t max_name_bytes;     /* of a column; 0: no limit */
    bool folds_case;             /* names that differ in ASCII case are one name */
    const char *const *reserved; /* names that no column may have, NULL-terminated; or NULL */
    const char *const *reserved_tables; /* what no table's name may begin with, in any letter
                                           case, NULL-terminated; or NULL */
    bool whole_tables; /* knows no scope: only all rows of a table can be swept or truncated */
    bool any_order;    /* rows may come in any order: they are handed over as they arrive, block
                          by block, rather than gathered and sorted by key */
    bool unlisted_tables; /* tables that load did not list may exist all the same: changes,
                             truncation and sweeps of them are not left out */
};

struct destination_ops {
    const char *scheme; /* "sqlite" in sqlite:warehouse.db */
    const char *help;   /* one line: the URL's form and what it is */
    struct destination_traits traits;

    /* Opens and locks. TL_LOCKED, naming the holder, if another sync has it. */
    enum tl_status (*open)(const char *url, enum destination_mode mode,
                           struct destination **out, struct tl_error *err);

    /* Rolls back what is not committed, unlocks, frees. NULL is fine. */
    void (*close)(struct destination *self);

    /* Reads catalog, states, the run's number and what is wanted of the run log, as committed.
     * Fills *out, which is all zero but for max_runs. */
    enum tl_status (*load)(struct destination *self, struct destination_contents *out,
                           struct tl_error *err);

    /* Brings the table to what `table` describes, by these changes, and records it in
     * _towline_columns. */
    enum tl_status (*alter)(struct destination *self, const struct catalog_table *table,
                            const struct catalog_change *changes, size_t n_changes,
                            struct tl_error *err);

    /* The operations; each adds to *tally. update changes only columns that a row names (not
     * ABSENT); delete_rows reads only key columns. */
    enum tl_status (*upsert)(struct destination *self, const struct batch *batch,
                             struct tally *tally, struct tl_error *err);
    enum tl_status (*update)(struct destination *self, const struct batch *batch,
                             struct tally *tally, struct tl_error *err);
    enum tl_status (*delete_rows)(struct destination *self, const struct batch *batch,
                                  struct tally *tally, struct tl_error *err);
    enum tl_status (*truncate)(struct destination *self, const struct catalog_table *table,
                               const struct destination_scope *scope, int64_t synced_us,
                               struct tally *tally, struct tl_error *err);

    /* From sweep_begin on the destination remembers, across commits, which rows of the table
     * were upserted, and may do so for several tables at a time; sweep deletes all others of
     * the scope, softly or for good, and forgets. rollback forgets too. A table that did not
     * exist when the sweep should have begun holds nothing else: sweep without sweep_begin
     * deletes nothing. */
    enum tl_status (*sweep_begin)(struct destination *self, const struct catalog_table *table,
                                  struct tl_error *err);
    enum tl_status (*sweep)(struct destination *self, const struct catalog_table *table,
                            const struct destination_scope *scope, enum tl_deletes deletes,
                            int64_t synced_us, struct tally *tally, struct tl_error *err);

    /* Makes everything since the last commit durable, together with the stream's state (NULL:
     * unchanged; "": removed) and the run's record (NULL: none). */
    enum tl_status (*commit)(struct destination *self, const char *stream, const char *state,
                             const struct run_record *run, struct tl_error *err);

    void (*rollback)(struct destination *self);

    /* Removes these streams (NULL-terminated) with their tables, states and records, durably;
     * with the last one the catalog itself, and the place that Towline made for it. NULL where
     * nothing is kept. */
    enum tl_status (*reset)(struct destination *self, const char *const *streams,
                            struct tl_error *err);

    /* Appends the statements that bring rows into the table and keep a stream's state, for
     * people to read and try. NULL: there are none. */
    void (*explain)(const struct catalog_table *table, struct buf *out);
};

/* All of them, NULL-terminated. */
extern const struct destination_ops *const destination_list[];

/* Finds the operations for a URL by its scheme; TL_CONFIGURATION naming the known schemes. */
TL_NODISCARD enum tl_status destination_find(const char *url,
                                             const struct destination_ops **out,
                                             struct tl_error *err);

#endif
