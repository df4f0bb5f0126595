/* The catalog: the tables and columns that Towline made in a destination. */
#ifndef DESTINATIONS_CATALOG_H
#define DESTINATIONS_CATALOG_H

#include "rows/block.h"
#include "rows/types.h"
#include "towline/error.h"

struct destination_traits;

/* The columns that every table has beside the source's. */
#define CATALOG_SYNCED  "_towline_synced"
#define CATALOG_DELETED "_towline_deleted"

struct catalog_column {
    char *source_name; /* as the source names it; may hold U+0000 */
    uint32_t source_size;
    char *name; /* in the destination: the same where that can be */
    type_observed observed;
    enum tl_type type; /* types_of(observed); TL_TYPE_NULL: only nulls so far, not created */
    uint32_t key;      /* position in the primary key, from 1; 0: not part of it */

    /* What the run that adds a DECIMAL was told of its digits, for platforms that want to know;
     * precision 0: nothing. No destination keeps it: each value is held to it as it comes. */
    uint32_t precision, scale;
};

struct catalog_table {
    char *name;
    struct catalog_column *columns;
    uint32_t n_columns;
    uint32_t n_key;
    bool exists; /* in the destination */
};

struct catalog {
    struct catalog_table **tables;
    size_t n_tables;
};

/* Finds by name; NULL if absent. */
struct catalog_table *catalog_find(const struct catalog *catalog, const char *name);

/* Adds a table without columns; NULL when memory ran out. */
struct catalog_table *catalog_add(struct catalog *catalog, const char *name);

/* Adds a column at the end, copying the names, and counts it in n_key. */
TL_NODISCARD enum tl_status catalog_add_column(struct catalog_table *table,
                                               const struct catalog_column *column,
                                               struct tl_error *err);

/* The index of the column that the source names so; COLUMNS_NONE if absent. */
uint32_t catalog_column_find(const struct catalog_table *table, const char *source_name,
                             size_t source_size);

/* The name that a column to be added gets: the source's own where the destination can hold it
 * beside the table's other columns, else one made from it ("id_2", "_empty"). Depends on the
 * arguments alone. *out is the caller's to free. */
TL_NODISCARD enum tl_status catalog_name(const struct destination_traits *traits,
                                         const struct catalog_table *table,
                                         const char *source_name, size_t size, char **out,
                                         struct tl_error *err);

void catalog_reset(struct catalog *catalog);

/* One step of a table's migration. */
enum catalog_change_kind {
    CATALOG_CREATE_TABLE, /* with all columns of the catalog's table */
    CATALOG_ADD_COLUMN,
    CATALOG_WIDEN /* observed grew: the type, or the form of stored values, may differ */
};

struct catalog_change {
    enum catalog_change_kind kind;
    uint32_t column;        /* index in table->columns; unused for CREATE_TABLE */
    type_observed previous; /* WIDEN: what observed was */
};

#endif
