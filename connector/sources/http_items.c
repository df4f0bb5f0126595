/* The items of `for_each`. */
#include "sources/http_items.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "placeholder.h"
#include "towline/json.h"

static const char *const item_names[] = {"item.", NULL};
static const size_t prefix_size = 5; /* "item." */

/* Looks into each text of a request for the names of placeholders. */
struct name_finder {
    struct placeholder_visitor base;
    struct http_items *items;
};

struct text_finder {
    struct http_text_visitor base;
    struct name_finder names;
};

static size_t name_index(const struct http_items *items, const char *name)
{
    size_t index = 0;

    while (index < items->n_names && strcmp(items->names[index], name) != 0)
        index++;
    return index;
}

static enum tl_status take_name(struct placeholder_visitor *visitor, const char *name,
                                struct tl_error *err)
{
    struct http_items *items = ((struct name_finder *)visitor)->items;

    if (strncmp(name, "item.", prefix_size) != 0)
        return TL_OK;
    name += prefix_size;
    if (name_index(items, name) < items->n_names)
        return TL_OK;
    if (items->n_names == HTTP_ITEM_NAMES)
        return tl_fail(err, TL_CONFIGURATION, "http: more than %d values of an item",
                       HTTP_ITEM_NAMES);
    memcpy(items->names[items->n_names++], name, strlen(name) + 1);
    return TL_OK;
}

static enum tl_status look_into(struct http_text_visitor *visitor, const char *text,
                                struct tl_error *err)
{
    return placeholder_visit(text, &((struct text_finder *)visitor)->names.base, err);
}

enum tl_status http_items_init(struct http_items *items, const struct http_settings *settings,
                               struct tl_error *err)
{
    struct text_finder finder = {
        .base = {look_into},
        .names = {.base = {.extra = item_names, .found = take_name}, .items = items},
    };

    *items = (struct http_items){.values = BUF_INIT(HTTP_ITEMS_BYTES)};
    return http_settings_visit(settings, &finder.base, err);
}

void http_items_reset(struct http_items *items)
{
    buf_free(&items->values);
}

/* Of a list or of a request, whichever it is. */
static enum tl_status check_one(const struct http_settings *settings, struct tl_error *err)
{
    bool wanted = settings->each != NULL, named;
    struct http_items items;
    enum tl_status status = http_items_init(&items, settings, err);

    named = items.n_names > 0;
    http_items_reset(&items);
    if (status != TL_OK || named == wanted)
        return status;
    if (wanted)
        (void)tl_fail(err, TL_CONFIGURATION, "http: for_each without {{item.NAME}}");
    else
        (void)tl_fail(err, TL_CONFIGURATION, "http: {{item.NAME}} %s",
                      settings->is_list ? "in for_each itself" : "without for_each");
    return tl_remedy(err, "Ask for a list in for_each, and put values of its rows into `url` "
                          "and the like");
}

enum tl_status http_items_check(const struct http_settings *settings, struct tl_error *err)
{
    if (settings->each != NULL && check_one(settings->each, err) != TL_OK)
        return tl_context(err, "for_each");
    return check_one(settings, err);
}

/* "owner.id" as the JSON Pointer "/owner/id". */
static void pointer_of(const char *name, char out[HTTP_ITEM_NAME_BYTES + 1])
{
    *out++ = '/';
    for (; *name != '\0'; name++)
        *out++ = (char)(*name == '.' ? '/' : *name);
    *out = '\0';
}

struct item_taker {
    struct tl_json_visitor base;
    struct http_items *items;
    uint64_t count;
};

/* In a path these two would lead elsewhere, however they are encoded. */
static bool is_dots(const char *value)
{
    return strcmp(value, ".") == 0 || strcmp(value, "..") == 0;
}

static enum tl_status take_value(struct http_items *items, const char *name, const char *value,
                                 struct tl_error *err)
{
    if (value == NULL || *value == '\0' || is_dots(value)) {
        (void)tl_fail(err, TL_DATA, "for_each: item %" PRIu64 " has no \"%s\" to ask for",
                      items->count, name);
        return tl_remedy(err, "Name a value that every row of the list has, or let its `rows` "
                              "point to other rows");
    }
    buf_append(&items->values, value, strlen(value) + 1);
    if (!items->values.failed)
        return TL_OK;
    return tl_fail(err, TL_DATA, "for_each: the values of its items have more than %d bytes",
                   HTTP_ITEMS_BYTES);
}

static enum tl_status take_item(struct tl_json_visitor *visitor, const char *json, size_t size,
                                struct tl_error *err)
{
    struct item_taker *self = (struct item_taker *)visitor;
    struct http_items *items = self->items;
    char pointer[HTTP_ITEM_NAME_BYTES + 1], *value;

    self->count++;
    items->count++;
    for (size_t i = 0; i < items->n_names; i++) {
        pointer_of(items->names[i], pointer);
        if (tl_json_find(json, size, pointer, &value, err) != TL_OK)
            return err->status;
        if (take_value(items, items->names[i], value, err) != TL_OK) {
            free(value);
            return err->status;
        }
        free(value);
    }
    return TL_OK;
}

enum tl_status http_items_add(struct http_items *items, const char *rows, const char *json,
                              size_t size, uint64_t *n_rows, struct tl_error *err)
{
    struct item_taker taker = {.base = {take_item}, .items = items};
    enum tl_status status = tl_json_rows(json, size, rows, &taker.base, err);

    *n_rows = taker.count;
    return status;
}

bool http_items_next(struct http_items *items)
{
    const char *end = buf_text(&items->values) + items->values.size;

    items->at = items->next != NULL ? items->next : buf_text(&items->values);
    if (items->at == end)
        return false;
    items->next = items->at;
    for (size_t i = 0; i < items->n_names; i++)
        items->next += strlen(items->next) + 1;
    return true;
}

const char *http_items_value(const struct http_items *items, const char *name)
{
    size_t index = name_index(items, name);
    const char *value = items->at;

    if (value == NULL || index == items->n_names)
        return NULL;
    while (index-- > 0)
        value += strlen(value) + 1;
    return value;
}
