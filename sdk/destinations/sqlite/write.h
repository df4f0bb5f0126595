/* The operations on rows: upsert, update, delete, truncate. */
#ifndef DESTINATIONS_SQLITE_WRITE_H
#define DESTINATIONS_SQLITE_WRITE_H

#include "destinations/destination.h"
#include "destinations/sqlite/batch.h"
#include "destinations/sqlite/rowset.h"
#include "destinations/sqlite/unchanged.h"

struct write {
    const struct sql *sql;
    struct batch_view view;
    sqlite3_stmt *upsert; /* of the table last upserted */
    char *upsert_table;
    struct unchanged unchanged;
    uint64_t met;           /* rows that the running statement found by their key */
    struct rowset *seen;    /* NULL, or where upsert notes which rows it wrote or met */
    const char *seen_table; /* the table of which seen is */
};

/* Makes the functions and the table that the statements use. *write must not move. */
TL_NODISCARD enum tl_status write_attach(struct write *write, const struct sql *sql,
                                         struct tl_error *err);

/* Lets go of statements: before tables change, after a rollback, and at the end. */
void write_forget(struct write *write);

/* Appends the statement that upserts the rows of a batch; `by_hand`: one row given by
 * parameters, ?1 the time and ?2 the table's first column, with nothing in it that is ours. */
void write_append_upsert(struct buf *out, const struct catalog_table *table, bool by_hand);

/* The operations, as in destination.h. */
TL_NODISCARD enum tl_status write_upsert(struct write *write, const struct batch *batch,
                                         struct tally *tally, struct tl_error *err);
TL_NODISCARD enum tl_status write_update(struct write *write, const struct batch *batch,
                                         struct tally *tally, struct tl_error *err);
TL_NODISCARD enum tl_status write_delete(struct write *write, const struct batch *batch,
                                         struct tally *tally, struct tl_error *err);
TL_NODISCARD enum tl_status write_truncate(struct write *write,
                                           const struct catalog_table *table,
                                           const struct destination_scope *scope,
                                           int64_t synced_us, struct tally *tally,
                                           struct tl_error *err);

#endif
