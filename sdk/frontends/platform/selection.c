/* What a platform's user wants synced: which tables, and of each which columns. */
#include "frontends/platform/selection.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum tl_status selection_add_table(struct selection *selection, const char *name, bool selected,
                                   struct selection_table **out, struct tl_error *err)
{
    struct selection_table table = {.selected = selected, .new_columns = true};
    struct selection_table *tables =
        realloc(selection->tables, (selection->n_tables + 1) * sizeof(*tables));

    if (tables != NULL)
        selection->tables = tables;
    table.name = text_copy(name, strlen(name));
    if (tables == NULL || table.name == NULL) {
        free(table.name);
        return tl_fail(err, TL_MEMORY, "out of memory for the selection of %s", name);
    }
    tables[selection->n_tables] = table;
    if (out != NULL)
        *out = &tables[selection->n_tables];
    selection->n_tables++;
    return TL_OK;
}

enum tl_status selection_add_column(struct selection_table *table,
                                    const struct selection_column *column, struct tl_error *err)
{
    struct selection_column copy = *column;
    struct selection_column *columns =
        realloc(table->columns, (table->n_columns + 1) * sizeof(*columns));

    if (columns != NULL)
        table->columns = columns;
    copy.name = text_copy(column->name, strlen(column->name));
    if (columns == NULL || copy.name == NULL) {
        free(copy.name);
        return tl_fail(err, TL_MEMORY, "out of memory for the selection of %s", table->name);
    }
    columns[table->n_columns++] = copy;
    return TL_OK;
}

const struct selection_table *selection_find(const struct selection *selection,
                                             const char *table)
{
    for (size_t i = 0; i < selection->n_tables; i++)
        if (strcmp(selection->tables[i].name, table) == 0)
            return &selection->tables[i];
    return NULL;
}

bool selection_has_table(const struct selection *selection, const char *table)
{
    const struct selection_table *listed = selection_find(selection, table);
    return listed != NULL ? listed->selected : selection->new_tables;
}

const struct selection_column *selection_find_column(const struct selection_table *table,
                                                     const char *name)
{
    for (size_t i = 0; table != NULL && i < table->n_columns; i++)
        if (strcmp(table->columns[i].name, name) == 0)
            return &table->columns[i];
    return NULL;
}

bool selection_has_column(const struct selection_table *table,
                          const struct catalog_column *column)
{
    const struct selection_column *listed = selection_find_column(table, column->name);

    if (table == NULL || column->key > 0)
        return true;
    return listed != NULL ? listed->selected : table->new_columns;
}

static void table_reset(struct selection_table *table)
{
    for (size_t i = 0; i < table->n_columns; i++)
        free(table->columns[i].name);
    free(table->columns);
    free(table->name);
}

void selection_reset(struct selection *selection)
{
    for (size_t i = 0; i < selection->n_tables; i++)
        table_reset(&selection->tables[i]);
    free(selection->tables);
    *selection = (struct selection){0};
}
