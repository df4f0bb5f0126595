/* Gathering blocks and putting their rows in key order. */
#include "sync/gather.h"

#include <stdlib.h>

#include "sync/key_order.h"

/* A row and the first eight bytes of its key in an order that compares as a number. */
struct gather_row {
    uint64_t prefix;
    struct batch_row at;
};

/* What comparing rows must know; qsort_r hands it through. */
struct gather_order {
    const struct gather *gather;
    struct key_order keys;
};

/* What a row takes beside its block: the two arrays below, and qsort_r's copy of the keys. */
enum { ROW_BYTES = 2 * sizeof(struct gather_row) + sizeof(struct batch_row) };

void gather_init(struct gather *gather)
{
    *gather = (struct gather){.ascending = true};
}

void gather_reset(struct gather *gather)
{
    gather_clear(gather);
    free(gather->parts);
    free(gather->operations);
    free(gather->keys);
    free(gather->rows);
    gather_init(gather);
}

static void gather_forget_rows(struct gather *gather)
{
    for (size_t i = 0; i < gather->n_parts; i++)
        operation_free(gather->operations[i]);
    gather->n_parts = 0;
    gather->n_rows = 0;
    gather->bytes = 0;
    gather->ascending = true;
    gather->given = false;
}

static void gather_forget_runs(struct gather *gather)
{
    runs_free(gather->runs);
    gather->runs = NULL;
    gather->merging = false;
}

void gather_clear(struct gather *gather)
{
    gather_forget_rows(gather);
    gather_forget_runs(gather);
}

static const struct tl_value *gather_value(const struct gather *gather,
                                           const struct batch_row *at, uint32_t column)
{
    const struct batch all = {.parts = gather->parts};
    return batch_cell(&all, at, column);
}

/* Equal keys stay in the order of their arrival: the last one is to win. */
static int gather_compare(const void *left, const void *right, void *context)
{
    const struct gather_order *order = context;
    const struct key_order *keys = &order->keys;
    const struct gather_row *a = left, *b = right;
    int result = (a->prefix > b->prefix) - (a->prefix < b->prefix);
    uint32_t n_key = keys->sortable && !keys->prefix_decides ? keys->table->n_key : 0;

    for (uint32_t n = 1; result == 0 && n <= n_key; n++) {
        uint32_t column = key_order_column(keys->table, n);
        result = key_order_compare(gather_value(order->gather, &a->at, column),
                                   gather_value(order->gather, &b->at, column));
    }
    if (result == 0)
        result = (a->at.part > b->at.part) - (a->at.part < b->at.part);
    return result != 0 ? result : (a->at.row > b->at.row) - (a->at.row < b->at.row);
}

static enum tl_status gather_grow_parts(struct gather *gather, struct tl_error *err)
{
    size_t capacity = gather->max_parts ? 2 * gather->max_parts : 16;
    struct batch_part *parts;
    struct operation **operations;

    if (gather->n_parts < gather->max_parts)
        return TL_OK;
    parts = realloc(gather->parts, capacity * sizeof(*parts));
    if (parts != NULL)
        gather->parts = parts;
    operations = realloc(gather->operations, capacity * sizeof(*operations));
    if (operations != NULL)
        gather->operations = operations;
    if (parts == NULL || operations == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a batch of rows");
    gather->max_parts = capacity;
    return TL_OK;
}

static enum tl_status gather_grow_rows(struct gather *gather, size_t size, struct tl_error *err)
{
    size_t capacity = gather->max_rows ? gather->max_rows : 4096;
    struct gather_row *keys;
    struct batch_row *rows;

    if (size <= gather->max_rows)
        return TL_OK;
    while (capacity < size)
        capacity *= 2;
    keys = realloc(gather->keys, capacity * sizeof(*keys));
    if (keys != NULL)
        gather->keys = keys;
    rows = realloc(gather->rows, capacity * sizeof(*rows));
    if (rows != NULL)
        gather->rows = rows;
    if (keys == NULL || rows == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a batch of rows");
    gather->max_rows = capacity;
    return TL_OK;
}

enum tl_status gather_add(struct gather *gather, struct operation *operation,
                          const uint32_t *source, const struct catalog_table *table,
                          struct tl_error *err)
{
    const struct block *block = operation->block;
    uint32_t part = (uint32_t)gather->n_parts;
    uint32_t column = key_order_column(table, 1);
    struct gather_order order = {gather, key_order_of(table)};

    if (gather_grow_parts(gather, err) != TL_OK ||
        gather_grow_rows(gather, gather->n_rows + block->n_rows, err) != TL_OK) {
        operation_free(operation);
        return err->status;
    }
    gather->parts[part] = (struct batch_part){.block = block, .source = source};
    gather->operations[part] = operation;
    gather->n_parts++;
    gather->bytes += block->bytes + (size_t)block->n_rows * ROW_BYTES;
    for (uint32_t row = 0; row < block->n_rows; row++) {
        struct gather_row *key = &gather->keys[gather->n_rows++];
        key->at = (struct batch_row){.part = part, .row = row};
        if (gather->any_order)
            continue;
        key->prefix =
            order.keys.sortable ? key_order_prefix(gather_value(gather, &key->at, column)) : 0;
        if (gather->ascending && gather->n_rows > 1 && gather_compare(key - 1, key, &order) > 0)
            gather->ascending = false;
    }
    return TL_OK;
}

/* The rows in memory, in order. */
static struct batch gather_sort(struct gather *gather, const struct catalog_table *table)
{
    struct gather_order order = {gather, key_order_of(table)};

    if (!gather->ascending)
        qsort_r(gather->keys, gather->n_rows, sizeof(*gather->keys), gather_compare, &order);
    for (size_t i = 0; i < gather->n_rows; i++)
        gather->rows[i] = gather->keys[i].at;
    return (struct batch){.table = table,
                          .parts = gather->parts,
                          .n_parts = gather->n_parts,
                          .rows = gather->rows,
                          .n_rows = gather->n_rows};
}

/* Moves the rows in memory to disk; if they do not fit there, the runs have to be given first.
 */
static enum tl_status gather_spill(struct gather *gather, const struct catalog_table *table,
                                   struct tl_error *err)
{
    struct batch batch = gather_sort(gather, table);
    bool fits;

    if (gather->runs == NULL)
        gather->runs = runs_new();
    if (gather->runs == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for sorting rows");
    if (runs_add(gather->runs, &batch, &fits, err) != TL_OK)
        return err->status;
    if (fits)
        gather_forget_rows(gather);
    else
        gather->merging = true;
    return TL_OK;
}

static bool gather_should_spill(const struct gather *gather, bool all)
{
    bool full = gather->bytes >= GATHER_MAX_BYTES;

    if (gather->merging || gather->n_rows == 0)
        return false;
    return gather->runs != NULL ? full || all : full && !gather->ascending && !all;
}

enum tl_status gather_next(struct gather *gather, const struct catalog_table *table, bool all,
                           struct batch *out, struct tl_error *err)
{
    bool merged = false;

    *out = (struct batch){0};
    if (gather->given)
        gather_forget_rows(gather);
    if (gather_should_spill(gather, all) && gather_spill(gather, table, err) != TL_OK)
        return err->status;
    if (gather->runs != NULL && (all || gather->merging)) {
        gather->merging = true;
        if (runs_next(gather->runs, out, err) != TL_OK || out->n_rows > 0)
            return err->status;
        gather_forget_runs(gather);
        merged = true;
    }
    /* After the runs there are only rows that did not fit beside them. */
    if (gather->n_rows > 0 && gather->runs == NULL && (gather->ascending || all || merged)) {
        *out = gather_sort(gather, table);
        gather->given = true;
    }
    return TL_OK;
}
