/* Rows that stand in the table as they are: found by walking along the table beside the batch,
 * which costs half of what trying to insert them does. */
#ifndef DESTINATIONS_SQLITE_UNCHANGED_H
#define DESTINATIONS_SQLITE_UNCHANGED_H

#include "destinations/destination.h"
#include "destinations/sqlite/rowset.h"
#include "destinations/sqlite/sql.h"

struct unchanged {
    sqlite3_stmt *walk; /* over the table last asked about */
    char *table;
    struct batch_row *rows; /* those that are left */
    size_t max_rows;
    struct buf scratch;
    unsigned idle; /* batches to let pass before looking again: few rows were unchanged */
};

/* All zero is how it begins. Lets go of statement and memory. */
void unchanged_forget(struct unchanged *unchanged);

/* Leaves out of the batch the rows that a write would not change: *rest are the others, lent
 * until the next call; their order stays. Notes the rows left out in seen, unless NULL. Where
 * walking would not pay, none is left out. */
TL_NODISCARD enum tl_status unchanged_leave_out(struct unchanged *unchanged,
                                                const struct sql *sql,
                                                const struct batch *batch, struct rowset *seen,
                                                struct batch *rest, struct tl_error *err);

#endif
