/* The catalog: the tables and columns that Towline made in a destination. */
#include "destinations/catalog.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "destinations/destination.h"

struct catalog_table *catalog_find(const struct catalog *catalog, const char *name)
{
    for (size_t i = 0; i < catalog->n_tables; i++)
        if (strcmp(catalog->tables[i]->name, name) == 0)
            return catalog->tables[i];
    return NULL;
}

struct catalog_table *catalog_add(struct catalog *catalog, const char *name)
{
    struct catalog_table *table = calloc(1, sizeof(*table));
    struct catalog_table **tables =
        realloc(catalog->tables, (catalog->n_tables + 1) * sizeof(struct catalog_table *));

    if (tables != NULL)
        catalog->tables = tables;
    if (table != NULL)
        table->name = text_copy(name, strlen(name));
    if (tables == NULL || table == NULL || table->name == NULL) {
        if (table != NULL)
            free(table->name);
        free(table);
        return NULL;
    }
    catalog->tables[catalog->n_tables++] = table;
    return table;
}

enum tl_status catalog_add_column(struct catalog_table *table,
                                  const struct catalog_column *column, struct tl_error *err)
{
    struct catalog_column *columns =
        realloc(table->columns, (table->n_columns + 1) * sizeof(*columns));
    struct catalog_column copy = *column;

    if (columns != NULL)
        table->columns = columns;
    copy.source_name = text_copy(column->source_name, column->source_size);
    copy.name = text_copy(column->name, strlen(column->name));
    if (columns == NULL || copy.source_name == NULL || copy.name == NULL) {
        free(copy.source_name);
        free(copy.name);
        return tl_fail(err, TL_MEMORY, "out of memory for the columns of table %s",
                       table->name);
    }
    table->columns[table->n_columns++] = copy;
    table->n_key += copy.key != 0;
    return TL_OK;
}

uint32_t catalog_column_find(const struct catalog_table *table, const char *source_name,
                             size_t source_size)
{
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].source_size == source_size &&
            memcmp(table->columns[i].source_name, source_name, source_size) == 0)
            return i;
    return COLUMNS_NONE;
}

void catalog_reset(struct catalog *catalog)
{
    for (size_t i = 0; i < catalog->n_tables; i++) {
        struct catalog_table *table = catalog->tables[i];
        for (uint32_t c = 0; c < table->n_columns; c++) {
            free(table->columns[c].source_name);
            free(table->columns[c].name);
        }
        free(table->columns);
        free(table->name);
        free(table);
    }
    free(catalog->tables);
    *catalog = (struct catalog){0};
}

static const char *const own_columns[] = {CATALOG_SYNCED, CATALOG_DELETED, NULL};

static bool names_are_one(const struct destination_traits *traits, const char *a, const char *b)
{
    return traits->folds_case ? text_equal_ignoring_case(a, b) : strcmp(a, b) == 0;
}

static bool name_is_taken(const struct destination_traits *traits,
                          const struct catalog_table *table, const char *name)
{
    for (size_t i = 0; own_columns[i] != NULL; i++)
        if (names_are_one(traits, name, own_columns[i]))
            return true;
    for (size_t i = 0; traits->reserved != NULL && traits->reserved[i] != NULL; i++)
        if (names_are_one(traits, name, traits->reserved[i]))
            return true;
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (names_are_one(traits, name, table->columns[i].name))
            return true;
    return false;
}

/* The name with each U+0000 as an underscore, and no longer than it may be with the suffix. */
static void name_compose(const struct destination_traits *traits, const char *source_name,
                         size_t size, const char *suffix, struct buf *out)
{
    size_t room = traits->max_name_bytes ? traits->max_name_bytes - strlen(suffix) : size;

    buf_reset(out);
    if (size > room)
        size = text_valid_utf8(source_name, room);
    for (size_t i = 0; i < size; i++)
        buf_append_char(out, source_name[i] ? source_name[i] : '_');
    if (size == 0)
        buf_append_string(out, "_empty");
    buf_append_string(out, suffix);
}

enum tl_status catalog_name(const struct destination_traits *traits,
                            const struct catalog_table *table, const char *source_name,
                            size_t size, char **out, struct tl_error *err)
{
    struct buf name = BUF_INIT(size + 32);
    char suffix[16] = "";

    *out = NULL;
    name_compose(traits, source_name, size, suffix, &name);
    for (unsigned n = 2; !name.failed && name_is_taken(traits, table, buf_text(&name)); n++) {
        snprintf(suffix, sizeof(suffix), "_%u", n);
        name_compose(traits, source_name, size, suffix, &name);
    }
    *out = buf_take(&name);
    if (*out == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a column's name in table %s",
                       table->name);
    return TL_OK;
}
