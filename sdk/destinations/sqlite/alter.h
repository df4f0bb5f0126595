/* Making and migrating tables. */
#ifndef DESTINATIONS_SQLITE_ALTER_H
#define DESTINATIONS_SQLITE_ALTER_H

#include "destinations/destination.h"
#include "destinations/sqlite/sql.h"

/* Makes the SQL function with which stored values are converted. */
TL_NODISCARD enum tl_status alter_attach(const struct sql *sql, struct tl_error *err);

/* Brings the table to what the catalog says, by these changes, within the transaction, and
 * writes the catalog. Row numbers, the order of columns, and what the user added to the table
 * stay as they are. No statement of the table may be open. */
TL_NODISCARD enum tl_status alter_table(const struct sql *sql,
                                        const struct catalog_table *table,
                                        const struct catalog_change *changes, size_t n_changes,
                                        struct tl_error *err);

/* Drops the table, if it is there. */
TL_NODISCARD enum tl_status alter_drop(const struct sql *sql, const char *table,
                                       struct tl_error *err);

#endif
