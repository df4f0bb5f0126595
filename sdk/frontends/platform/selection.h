/* What a platform's user wants synced: which tables, and of each which columns. */
#ifndef PLATFORM_SELECTION_H
#define PLATFORM_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "destinations/catalog.h"
#include "towline/error.h"

struct selection_column {
    char *name;             /* as the platform was told it: the catalog's, not the source's */
    type_observed observed; /* what the platform takes it to hold; 0: not said */
    unsigned shapes;        /* of its JSON values, see column_shape; 0: not said */
    uint32_t key;           /* its place in the primary key, from 1; 0: none, or not said */
    bool nullable;          /* the platform takes null for it */
    bool selected;
};

struct selection_table {
    char *name;
    bool selected;
    bool new_columns; /* whether columns that are not listed are wanted */
    struct selection_column *columns;
    size_t n_columns;
};

/* Zero selects nothing; SELECT_ALL everything. */
struct selection {
    bool new_tables; /* whether tables that are not listed are wanted, with all columns */
    struct selection_table *tables;
    size_t n_tables;
};

#define SELECT_ALL ((struct selection){.new_tables = true})

/* Lists a table, copying the name; *out, which may be NULL, lends it until the next is listed.
 */
TL_NODISCARD enum tl_status selection_add_table(struct selection *selection, const char *name,
                                                bool selected, struct selection_table **out,
                                                struct tl_error *err);

/* Lists a column of it; the name is copied. */
TL_NODISCARD enum tl_status selection_add_column(struct selection_table *table,
                                                 const struct selection_column *column,
                                                 struct tl_error *err);

/* NULL if the column is not listed, or table is NULL. */
const struct selection_column *selection_find_column(const struct selection_table *table,
                                                     const char *name);

/* NULL if the table is not listed. */
const struct selection_table *selection_find(const struct selection *selection,
                                             const char *table);

bool selection_has_table(const struct selection *selection, const char *table);

/* Whether the column is wanted; a column of the primary key always is. */
bool selection_has_column(const struct selection_table *table,
                          const struct catalog_column *column);

void selection_reset(struct selection *selection);

#endif
