/* The order of keys in which rows are written. It need not be the destination's own: it is
 * about speed, but equal keys must be seen to be equal. */
#ifndef SYNC_KEY_ORDER_H
#define SYNC_KEY_ORDER_H

#include "destinations/catalog.h"

struct key_order {
    const struct catalog_table *table;
    bool sortable;       /* all values of the key are of one kind */
    bool prefix_decides; /* one integer key: equal prefixes are equal keys */
};

struct key_order key_order_of(const struct catalog_table *table);

/* The column that is the key's nth part, from 1. */
uint32_t key_order_column(const struct catalog_table *table, uint32_t nth);

/* The first eight bytes of a key's first part, in an order that compares as a number. */
uint64_t key_order_prefix(const struct tl_value *value);

/* Less than, equal to or greater than zero. */
int key_order_compare(const struct tl_value *left, const struct tl_value *right);

#endif
