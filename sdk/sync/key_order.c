/* Comparing keys. */
#include "sync/key_order.h"

#include <string.h>

uint32_t key_order_column(const struct catalog_table *table, uint32_t nth)
{
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].key == nth)
            return i;
    return 0;
}

/* Of a mixed column, 5 and "5" become the same key: sorted as they came, the last of them might
 * not win. */
static bool is_sortable(const struct catalog_table *table)
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

struct key_order key_order_of(const struct catalog_table *table)
{
    enum tl_type first = table->columns[key_order_column(table, 1)].type;
    return (struct key_order){.table = table,
                              .sortable = is_sortable(table),
                              .prefix_decides = table->n_key == 1 && first == TL_TYPE_LONG};
}

static bool is_integer(const struct tl_value *value)
{
    return value->type == TL_TYPE_LONG || value->type == TL_TYPE_INT ||
           value->type == TL_TYPE_SHORT;
}

uint64_t key_order_prefix(const struct tl_value *value)
{
    uint64_t prefix = 0;

    if (is_integer(value))
        return (uint64_t)value->as.integer ^ UINT64_C(1) << 63;
    if (!types_is_text(value->type))
        return 0;
    for (uint32_t i = 0; i < 8; i++)
        prefix = prefix << 8 | (i < value->size ? (unsigned char)value->as.text[i] : 0);
    return prefix;
}

int key_order_compare(const struct tl_value *left, const struct tl_value *right)
{
    uint32_t size = left->size < right->size ? left->size : right->size;
    int order;

    if (is_integer(left) && is_integer(right))
        return (left->as.integer > right->as.integer) - (left->as.integer < right->as.integer);
    if (!types_is_text(left->type) || !types_is_text(right->type))
        return 0;
    order = size ? memcmp(left->as.text, right->as.text, size) : 0;
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}
