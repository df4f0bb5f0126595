/* A batch of rows as a table that SQL can read: temp._towline_batch, whose columns c0, c1, ...
 * are those of the batch's table. One INSERT ... SELECT then writes thousands of rows. */
#ifndef DESTINATIONS_SQLITE_BATCH_H
#define DESTINATIONS_SQLITE_BATCH_H

#include "destinations/destination.h"
#include "destinations/sqlite/sql.h"

#define BATCH_TABLE "temp._towline_batch"

/* What the table shows. Lent to the connection: lives as long as that. */
struct batch_view {
    const struct batch *batch;  /* NULL: nothing */
    const struct batch_row *at; /* the row that was read last; NULL: none yet */
    struct buf scratch;
    struct tl_error error; /* why a row could not be given, if that is no error of SQLite's */
};

/* Makes the table known to the connection. */
TL_NODISCARD enum tl_status batch_attach(const struct sql *sql, struct batch_view *view,
                                         struct tl_error *err);

/* A cell in the form that the column holds. Fails with TL_DATA if a key is null. May borrow
 * from scratch. */
TL_NODISCARD enum tl_status batch_fit(const struct batch *batch, const struct batch_row *at,
                                      uint32_t column, struct buf *scratch,
                                      struct tl_value *out, struct tl_error *err);

#endif
