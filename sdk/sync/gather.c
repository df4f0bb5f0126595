/* Gathering blocks and putting their rows in key order. */
#include "sync/gather.h"

#include <stdlib.h>
#include <string.h>

/* A row and the first eight bytes of its key in an order that compares as a number. */
struct gather_row {
    uint64_t prefix;
    struct batch_row at;
};

/* What comparing rows must know; qsort_r hands it through. */
struct gather_order {
    const struct gather *gather;
    const struct catalog_table *table;
    bool sortable;
    bool prefix_decides; /* one integer key: equal prefixes are equal keys */
};

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

void gather_clear(struct gather *gather)
{
    for (size_t i = 0; i < gather->n_parts; i++)
        operation_free(gather->operations[i]);
    gather->n_parts = 0;
    gather->n_rows = 0;
    gather->bytes = 0;
    gather->ascending = true;
}

static const struct tl_value *gather_value(const struct gather *gather,
                                           const struct batch_row *at, uint32_t column)
{
    static const struct tl_value absent = {.type = TL_TYPE_ABSENT};
    const struct batch_part *part = &gather->parts[at->part];
    uint32_t source = part->source[column];

    if (source >= part->block->stride) /* COLUMNS_NONE, or newer than the block */
        return &absent;
    return block_row(part->block, at->row) + source;
}

/* The column that is the key's nth part, from 1. */
static uint32_t gather_key_column(const struct catalog_table *table, uint32_t nth)
{
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].key == nth)
            return i;
    return 0;
}

/* Whether all values of the key are of one kind. Of a mixed column, 5 and "5" become the same
 * key: sorted as they came, the last of them might not win. */
static bool gather_is_sortable(const struct catalog_table *table)
{
    const type_observed integers = OBSERVED(TL_TYPE_LONG) | OBSERVED(TL_TYPE_INT) |
                                   OBSERVED(TL_TYPE_SHORT) | OBSERVED_WIDE | OBSERVED_DECLARED;
    const type_observed texts = OBSERVED(TL_TYPE_STRING) | OBSERVED(TL_TYPE_NAIVE_DATE) |
                                OBSERVED(TL_TYPE_NAIVE_DATETIME) |
                                OBSERVED(TL_TYPE_UTC_DATETIME) | OBSERVED_DECLARED;

    for (uint32_t i = 0; i < table->n_columns; i++) {
        const struct catalog_column *column = &table->columns[i];
        if (column->key != 0 && (column->observed & ~integers) != 0 &&
            (column->observed & ~texts) != 0)
            return false;
    }
    return true;
}

static struct gather_order gather_order(const struct gather *gather,
                                        const struct catalog_table *table)
{
    enum tl_type first = table->columns[gather_key_column(table, 1)].type;
    return (struct gather_order){.gather = gather,
                                 .table = table,
                                 .sortable = gather_is_sortable(table),
                                 .prefix_decides = table->n_key == 1 && first == TL_TYPE_LONG};
}

static uint64_t gather_prefix(const struct tl_value *value)
{
    uint64_t prefix = 0;

    if (value->type == TL_TYPE_LONG || value->type == TL_TYPE_INT ||
        value->type == TL_TYPE_SHORT)
        return (uint64_t)value->as.integer ^ UINT64_C(1) << 63;
    if (value->type < TL_TYPE_DECIMAL || value->type == TL_TYPE_DOUBLE ||
        value->type == TL_TYPE_FLOAT)
        return 0;
    for (uint32_t i = 0; i < 8; i++)
        prefix = prefix << 8 | (i < value->size ? (unsigned char)value->as.text[i] : 0);
    return prefix;
}

static int gather_compare_values(const struct tl_value *left, const struct tl_value *right)
{
    uint32_t size = left->size < right->size ? left->size : right->size;
    int order;

    if (left->type == TL_TYPE_LONG && right->type == TL_TYPE_LONG)
        return (left->as.integer > right->as.integer) - (left->as.integer < right->as.integer);
    if (left->type < TL_TYPE_DECIMAL || right->type < TL_TYPE_DECIMAL ||
        left->type == TL_TYPE_DOUBLE || right->type == TL_TYPE_DOUBLE ||
        left->type == TL_TYPE_FLOAT || right->type == TL_TYPE_FLOAT)
        return 0; /* any order will do: this is about speed only */
    order = size ? memcmp(left->as.text, right->as.text, size) : 0;
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

/* Equal keys stay in the order of their arrival: the last one is to win. */
static int gather_compare(const void *left, const void *right, void *context)
{
    const struct gather_order *order = context;
    const struct gather_row *a = left, *b = right;
    int result = (a->prefix > b->prefix) - (a->prefix < b->prefix);
    uint32_t n_key = order->sortable && !order->prefix_decides ? order->table->n_key : 0;

    for (uint32_t n = 1; result == 0 && n <= n_key; n++) {
        uint32_t column = gather_key_column(order->table, n);
        result = gather_compare_values(gather_value(order->gather, &a->at, column),
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
    uint32_t column = gather_key_column(table, 1);
    struct gather_order order = gather_order(gather, table);

    if (gather_grow_parts(gather, err) != TL_OK ||
        gather_grow_rows(gather, gather->n_rows + block->n_rows, err) != TL_OK) {
        operation_free(operation);
        return err->status;
    }
    gather->parts[part] = (struct batch_part){.block = block, .source = source};
    gather->operations[part] = operation;
    gather->n_parts++;
    gather->bytes += block->bytes;
    for (uint32_t row = 0; row < block->n_rows; row++) {
        struct gather_row *key = &gather->keys[gather->n_rows++];
        key->at = (struct batch_row){.part = part, .row = row};
        if (gather->any_order)
            continue;
        key->prefix =
            order.sortable ? gather_prefix(gather_value(gather, &key->at, column)) : 0;
        if (gather->ascending && gather->n_rows > 1 && gather_compare(key - 1, key, &order) > 0)
            gather->ascending = false;
    }
    return TL_OK;
}

bool gather_is_ripe(const struct gather *gather)
{
    return gather->ascending || gather->bytes >= GATHER_MAX_BYTES;
}

enum tl_status gather_batch(struct gather *gather, const struct catalog_table *table,
                            struct batch *out, struct tl_error *err)
{
    struct gather_order order = gather_order(gather, table);

    if (gather_grow_rows(gather, gather->n_rows, err) != TL_OK)
        return err->status;
    if (!gather->ascending)
        qsort_r(gather->keys, gather->n_rows, sizeof(*gather->keys), gather_compare, &order);
    for (size_t i = 0; i < gather->n_rows; i++)
        gather->rows[i] = gather->keys[i].at;
    *out = (struct batch){.table = table,
                          .parts = gather->parts,
                          .n_parts = gather->n_parts,
                          .rows = gather->rows,
                          .n_rows = gather->n_rows};
    return TL_OK;
}
