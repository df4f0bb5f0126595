/* What the tables of a run look like, for people. */
#ifndef CLI_DISCOVER_H
#define CLI_DISCOVER_H

#include "base/buf.h"
#include "destinations/catalog.h"

/* A column that may serve as key where none is configured; NULL if none looks like one. */
const struct catalog_column *discover_suggest_key(const struct catalog_table *table);

/* Appends the table's name, columns, types and key. */
void discover_append_table(struct buf *out, const struct catalog_table *table, uint64_t rows);

#endif
