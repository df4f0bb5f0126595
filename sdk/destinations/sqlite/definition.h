/* The text of a CREATE TABLE statement, taken apart and put together again. */
#ifndef DESTINATIONS_SQLITE_DEFINITION_H
#define DESTINATIONS_SQLITE_DEFINITION_H

#include "destinations/catalog.h"
#include "destinations/sqlite/sql.h"

/* Appends the definition of one of Towline's columns. */
void definition_append_column(struct buf *out, const struct catalog_table *table,
                              uint32_t column);

/* Appends a statement that makes the table with all columns that have a type. */
void definition_append_table(struct buf *out, const struct catalog_table *table);

/* Appends `text`, the definition of a table as it is, as one of a table named `name` in which
 * the columns marked in `changed` (one flag per column of table) are as the catalog now says.
 * What the user added to the table stays. False if the text is not understood. */
bool definition_append_changed(struct buf *out, const char *text, const char *name,
                               const struct catalog_table *table, const bool *changed);

/* Whether the table's key is an INTEGER PRIMARY KEY, and so SQLite's row number. */
bool definition_key_is_rowid(const struct catalog_table *table);

/* The column type that leaves values of a type as they are. */
const char *definition_type(enum tl_type type);

#endif
