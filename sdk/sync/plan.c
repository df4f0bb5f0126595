/* From what blocks show to what tables are. */
#include "sync/plan.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "destinations/catalog.h"

void plan_init(struct plan *plan)
{
    *plan = (struct plan){0};
}

void plan_reset(struct plan *plan)
{
    free(plan->column_of);
    free(plan->settled);
    free(plan->source);
    free(plan->changes);
    *plan = (struct plan){0};
}

bool plan_covers(const struct plan *plan, const struct block *block)
{
    if (plan->table == NULL || plan->n_columns < block->stride)
        return false;
    for (uint32_t i = 0; i < block->stride; i++)
        if ((block->observed[i] & ~plan->settled[i]) != 0)
            return false;
    return true;
}

static enum tl_status plan_change(struct plan *plan, const struct catalog_change *change,
                                  struct tl_error *err)
{
    if (plan->n_changes == plan->max_changes) {
        size_t capacity = plan->max_changes ? 2 * plan->max_changes : 16;
        struct catalog_change *changes =
            realloc(plan->changes, capacity * sizeof(*plan->changes));
        if (changes == NULL)
            return tl_fail(err, TL_MEMORY, "out of memory for %zu schema changes", capacity);
        plan->changes = changes;
        plan->max_changes = capacity;
    }
    plan->changes[plan->n_changes++] = *change;
    return TL_OK;
}

static type_observed plan_declared(const struct tl_stream *stream,
                                   const struct column_name *name)
{
    const struct tl_column *column = stream_column(stream, name->text, name->size);
    return column != NULL ? OBSERVED(column->type) | OBSERVED_DECLARED : 0;
}

static uint32_t plan_key_position(const struct key *key, const struct column_name *name)
{
    for (size_t i = 0; i < key->n_parts; i++)
        if (strlen(key->parts[i].column) == name->size &&
            memcmp(key->parts[i].column, name->text, name->size) == 0)
            return (uint32_t)i + 1;
    return 0;
}

/* A key found by a pointer is named after it: /metadata/name becomes metadata_name. */
static enum tl_status plan_wish(const struct stream_run *stream, uint32_t key,
                                const struct column_name *name, char **out,
                                struct tl_error *err)
{
    const struct json_pointer *path = key ? &stream->key.parts[key - 1].path : NULL;
    struct buf wish = BUF_INIT(name->size + 1);

    *out = NULL;
    if (path == NULL || path->count < 2)
        return TL_OK;
    for (size_t i = 0; i < path->count; i++) {
        if (i > 0)
            buf_append_char(&wish, '_');
        buf_append(&wish, path->tokens[i].text, path->tokens[i].size);
    }
    *out = buf_take(&wish);
    return *out ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for a column's name");
}

static enum tl_status plan_other_key(const struct catalog_table *table, const char *column,
                                     struct tl_error *err)
{
    (void)tl_fail(err, TL_CONFIGURATION,
                  "table %s was made with another primary key; \"%s\" is not part of it",
                  table->name, column);
    return tl_remedy(err,
                     "Keep the primary_key, or remove the table and its state and sync again");
}

static enum tl_status plan_add(struct plan *plan, const struct destination_traits *traits,
                               const struct stream_run *stream, const struct column_name *name,
                               type_observed observed, struct tl_error *err)
{
    const struct tl_column *declared = stream_column(stream->stream, name->text, name->size);
    struct catalog_table *table = plan->table;
    struct catalog_column column = {.source_name = (char *)(uintptr_t)name->text,
                                    .source_size = name->size,
                                    .observed = observed,
                                    .type = types_of(observed),
                                    .key = plan_key_position(&stream->key, name),
                                    .precision = declared ? declared->precision : 0,
                                    .scale = declared ? declared->scale : 0};
    char *wish;
    enum tl_status status;

    if (table->exists && column.key != 0)
        return plan_other_key(table, name->text, err);
    if (plan_wish(stream, column.key, name, &wish, err) != TL_OK)
        return err->status;
    status = catalog_name(traits, table, wish ? wish : name->text,
                          wish ? strlen(wish) : name->size, &column.name, err);
    free(wish);
    if (status == TL_OK)
        status = catalog_add_column(table, &column, err);
    free(column.name);
    if (status == TL_OK && table->exists)
        status = plan_change(plan,
                             &(struct catalog_change){.kind = CATALOG_ADD_COLUMN,
                                                      .column = table->n_columns - 1},
                             err);
    return status;
}

static enum tl_status plan_cannot_become(const struct catalog_table *table,
                                         const struct catalog_column *column,
                                         enum tl_type declared, struct tl_error *err)
{
    (void)tl_fail(err, TL_CONFIGURATION,
                  "column \"%s\" of table %s is %s already, not every one of which is %s",
                  column->name, table->name, tl_type_name(column->type),
                  tl_type_name(declared));
    return tl_remedy(err, "Declare it as %s, or remove the table and its state and sync again",
                     tl_type_name(column->type));
}

/* What the column has shown together with what is new. A declared type stands alone; what comes
 * after a declaration was dropped joins it only where it is of another type. */
static type_observed plan_join(type_observed previous, type_observed observed)
{
    if (observed & OBSERVED_DECLARED)
        return observed;
    if ((previous & OBSERVED_DECLARED) == 0)
        return previous | observed;
    if ((observed & ~(previous | OBSERVED_WIDE)) == 0)
        return previous;
    return types_undeclare(previous) | observed;
}

static enum tl_status plan_widen(struct plan *plan, uint32_t index, type_observed observed,
                                 struct tl_error *err)
{
    struct catalog_column *column = &plan->table->columns[index];
    type_observed previous = column->observed;

    if (observed & OBSERVED_DECLARED && !types_can_become(previous, types_of(observed)))
        return plan_cannot_become(plan->table, column, types_of(observed), err);
    column->observed = plan_join(previous, observed);
    column->type = types_of(column->observed);
    if (column->observed == previous || !plan->table->exists)
        return TL_OK;
    return plan_change(
        plan,
        &(struct catalog_change){.kind = CATALOG_WIDEN, .column = index, .previous = previous},
        err);
}

static enum tl_status plan_column(struct plan *plan, const struct destination_traits *traits,
                                  const struct stream_run *stream, const struct block *block,
                                  uint32_t index, struct tl_error *err)
{
    const struct column_name *name = &block->columns->names[index];
    type_observed declared = plan_declared(stream->stream, name);
    type_observed observed = declared ? declared : block->observed[index];
    uint32_t column = plan->column_of[index];

    if (column == COLUMNS_NONE)
        column = catalog_column_find(plan->table, name->text, name->size);
    if (column == COLUMNS_NONE && observed == 0)
        return TL_OK; /* only nulls so far: no column yet */
    plan->settled[index] |= declared ? ~(type_observed)0 : observed;
    if (column != COLUMNS_NONE) {
        plan->column_of[index] = column;
        return plan_widen(plan, column, observed, err);
    }
    if (plan_add(plan, traits, stream, name, observed, err) != TL_OK)
        return err->status;
    plan->column_of[index] = plan->table->n_columns - 1;
    return TL_OK;
}

/* Declared columns are made, and are of their type, even if no row names them. */
static enum tl_status plan_unnamed(struct plan *plan, const struct destination_traits *traits,
                                   const struct stream_run *stream, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    for (size_t i = 0; i < stream->stream->n_columns && status == TL_OK; i++) {
        const struct tl_column *column = &stream->stream->columns[i];
        const struct column_name name = {.text = column->name,
                                         .size = (uint32_t)strlen(column->name)};
        type_observed declared = OBSERVED(column->type) | OBSERVED_DECLARED;
        uint32_t index = catalog_column_find(plan->table, name.text, name.size);
        status = index == COLUMNS_NONE ? plan_add(plan, traits, stream, &name, declared, err)
                                       : plan_widen(plan, index, declared, err);
    }
    return status;
}

/* Makes room in both mappings and turns column_of around. */
static enum tl_status plan_grow(uint32_t **map, uint32_t *n_map, uint32_t size,
                                struct tl_error *err)
{
    uint32_t *grown;

    if (size <= *n_map)
        return TL_OK;
    grown = realloc(*map, size * sizeof(**map));
    if (grown == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %u columns", size);
    for (uint32_t i = *n_map; i < size; i++)
        grown[i] = COLUMNS_NONE;
    *map = grown;
    *n_map = size;
    return TL_OK;
}

/* Makes room for the source's columns; of a new one nothing is settled. */
static enum tl_status plan_map(struct plan *plan, uint32_t n_columns, struct tl_error *err)
{
    type_observed *settled;

    if (n_columns <= plan->n_columns)
        return TL_OK;
    settled = realloc(plan->settled, n_columns * sizeof(*settled));
    if (settled == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %u columns", n_columns);
    plan->settled = settled;
    for (uint32_t i = plan->n_columns; i < n_columns; i++)
        settled[i] = 0;
    return plan_grow(&plan->column_of, &plan->n_columns, n_columns, err);
}

static enum tl_status plan_check_key(const struct catalog_table *table, const struct key *key,
                                     struct tl_error *err)
{
    if (table->n_key != key->n_parts) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "table %s was made with a primary key of %u columns, not of %zu",
                      table->name, table->n_key, key->n_parts);
        return tl_remedy(
            err, "Keep the primary_key, or remove the table and its state and sync again");
    }
    for (size_t i = 0; i < key->n_parts; i++) {
        const char *name = key->parts[i].column;
        uint32_t column = catalog_column_find(table, name, strlen(name));
        if (column != COLUMNS_NONE && table->columns[column].key == 0)
            return plan_other_key(table, name, err);
    }
    return TL_OK;
}

enum tl_status plan_block(struct plan *plan, const struct destination_traits *traits,
                          struct catalog *catalog, const struct stream_run *stream,
                          const struct block *block, struct tl_error *err)
{
    plan->n_changes = 0;
    if (plan->table == NULL)
        plan->table = catalog_find(catalog, stream->stream->table);
    if (plan->table == NULL)
        plan->table = catalog_add(catalog, stream->stream->table);
    if (plan->table == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for table %s", stream->stream->table);
    if (plan_map(plan, block->stride, err) != TL_OK)
        return err->status;
    for (uint32_t i = 0; i < block->stride; i++)
        if (plan_column(plan, traits, stream, block, i, err) != TL_OK)
            return err->status;
    if (plan_unnamed(plan, traits, stream, err) != TL_OK ||
        plan_check_key(plan->table, &stream->key, err) != TL_OK ||
        plan_grow(&plan->source, &plan->n_source, plan->table->n_columns, err) != TL_OK)
        return err->status;
    for (uint32_t i = 0; i < plan->n_columns; i++)
        if (plan->column_of[i] != COLUMNS_NONE)
            plan->source[plan->column_of[i]] = i;
    if (!plan->table->exists)
        return plan_change(plan, &(struct catalog_change){.kind = CATALOG_CREATE_TABLE}, err);
    return TL_OK;
}
