/* The items of `for_each`: of each row of a list the values that requests name as
 * {{item.NAME}}. */
#ifndef SOURCES_HTTP_ITEMS_H
#define SOURCES_HTTP_ITEMS_H

#include "base/buf.h"
#include "sources/http_settings.h"

enum { HTTP_ITEM_NAMES = 8, HTTP_ITEM_NAME_BYTES = 128, HTTP_ITEMS_BYTES = 64 << 20 };

struct http_items {
    char names[HTTP_ITEM_NAMES]
              [HTTP_ITEM_NAME_BYTES]; /* each once; a '.' leads into an object */
    size_t n_names;
    struct buf values; /* of each item, in the order of names; each ends with a NUL */
    uint64_t count;
    const char *at; /* the item that requests are for; NULL: none */
    const char *next;
};

/* Looks for the names in the texts of a request. TL_CONFIGURATION for more than that many. */
TL_NODISCARD enum tl_status http_items_init(struct http_items *items,
                                            const struct http_settings *settings,
                                            struct tl_error *err);
void http_items_reset(struct http_items *items);

/* TL_CONFIGURATION if a request with for_each names no item, or one without does. */
TL_NODISCARD enum tl_status http_items_check(const struct http_settings *settings,
                                             struct tl_error *err);

/* Adds the rows of a page of the list; *n_rows of them. TL_DATA for one that lacks a value. */
TL_NODISCARD enum tl_status http_items_add(struct http_items *items, const char *rows,
                                           const char *json, size_t size, uint64_t *n_rows,
                                           struct tl_error *err);

/* Goes on to the next item, at first the first; false past the end. */
bool http_items_next(struct http_items *items);

/* The item's value for {{item.NAME}}, by its NAME; NULL if there is none. */
const char *http_items_value(const struct http_items *items, const char *name);

#endif
