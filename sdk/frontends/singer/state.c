/* Singer's state. Members are found by cJSON, but their text is taken from the file itself:
 * cJSON holds numbers as doubles. */
#include "frontends/singer/state.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/document.h"
#include "sync/state.h"
#include "towline/json.h"
#include "towline/log.h"

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static struct bookmark *find(const struct bookmarks *bookmarks, const char *stream)
{
    for (size_t i = 0; i < bookmarks->n_items; i++)
        if (strcmp(bookmarks->items[i].stream, stream) == 0)
            return &bookmarks->items[i];
    return NULL;
}

/* Takes json, on failure too. */
static enum tl_status put(struct bookmarks *bookmarks, const char *stream, char *json,
                          bool foreign, struct tl_error *err)
{
    struct bookmark *item = find(bookmarks, stream);
    struct bookmark *items = bookmarks->items;

    if (item == NULL && json != NULL) {
        items = realloc(items, (bookmarks->n_items + 1) * sizeof(*items));
        if (items != NULL) {
            bookmarks->items = items;
            item = &items[bookmarks->n_items];
            *item = (struct bookmark){.stream = text_copy(stream, strlen(stream))};
            bookmarks->n_items += item->stream != NULL;
        }
    }
    if (json == NULL || item == NULL || item->stream == NULL) {
        free(json);
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    }
    free(item->json);
    item->json = json;
    item->foreign = foreign;
    return TL_OK;
}

enum tl_status bookmarks_set(struct bookmarks *bookmarks, const char *stream, const char *json,
                             struct tl_error *err)
{
    return put(bookmarks, stream, text_copy(json, strlen(json)), false, err);
}

static enum tl_status fail_foreign(const char *stream, struct tl_error *err)
{
    (void)tl_fail(err, TL_CONFIGURATION,
                  "the bookmark of stream %s was not made by this tap, or by another version",
                  stream);
    return tl_remedy(err, "Leave its bookmark out to sync the stream from its start");
}

/* Whether it has only what this tap, or whoever runs it, puts there. */
static bool is_own_bookmark(const cJSON *bookmark)
{
    static const char *const names[] = {"replication_key",
                                        "replication_key_value",
                                        "state",
                                        "starting_replication_value",
                                        "replication_key_signpost",
                                        "progress_markers",
                                        NULL};
    const cJSON *member;

    cJSON_ArrayForEach(member, bookmark)
    {
        size_t i = 0;
        while (names[i] != NULL && strcmp(names[i], member->string) != 0)
            i++;
        if (names[i] == NULL)
            return false;
    }
    member = cJSON_GetObjectItemCaseSensitive(bookmark, "replication_key_value");
    return cJSON_IsObject(bookmark) && !cJSON_IsObject(member) && !cJSON_IsArray(member);
}

static void append_pointer(struct buf *out, const char *base, const char *stream,
                           const char *member)
{
    buf_printf(out, "%s/bookmarks/", base);
    for (; *stream != '\0'; stream++)
        if (strchr("~/*", *stream) != NULL)
            buf_append_string(out, *stream == '~' ? "~0" : *stream == '/' ? "~1" : "~2");
        else
            buf_append_char(out, *stream);
    buf_append_string(out, member);
}

/* What stands at the pointer, as text; NULL if nothing. */
struct bookmark_text {
    const char *json;
    size_t size;
    const char *base; /* pointer to the value, in a message or alone */
};

static enum tl_status take(const struct bookmark_text *text, const char *stream,
                           const char *member, char **out, struct tl_error *err)
{
    struct buf pointer = BUF_INIT(1 << 20);
    enum tl_status status;

    append_pointer(&pointer, text->base, stream, member);
    status = buf_check(&pointer, "the state", err);
    if (status == TL_OK)
        status = tl_json_find(text->json, text->size, buf_text(&pointer), out, err);
    buf_free(&pointer);
    return status;
}

/* The stream's state: whole if it is there, with the cursor that people may have changed. */
static enum tl_status read_own(struct bookmarks *out, const struct bookmark_text *text,
                               const cJSON *bookmark, struct tl_error *err)
{
    char *state = NULL, *value = NULL, *joined;
    enum tl_status status = take(text, bookmark->string, "/state", &state, err);

    if (status == TL_OK)
        status = take(text, bookmark->string, "/replication_key_value", &value, err);
    if (status == TL_OK && state == NULL) {
        state = text_copy("{}", 2);
        status = state ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the state");
    }
    if (status == TL_OK)
        text_compact_json(state);
    if (status == TL_OK && value != NULL) {
        joined = state_set(state, "cursor", value, strlen(value));
        free(state);
        state = joined;
    }
    free(value);
    if (status == TL_OK)
        return put(out, bookmark->string, state, false, err);
    free(state);
    return status;
}

/* Of a stream that there is not, or not yet again: kept as it is. */
static enum tl_status read_foreign(struct bookmarks *out, const struct bookmark_text *text,
                                   const cJSON *bookmark, struct tl_error *err)
{
    struct buf quoted = BUF_INIT(STATE_MAX_BYTES);
    char *json = NULL;

    if (cJSON_IsString(bookmark)) {
        append_string(&quoted, bookmark->valuestring);
        json = buf_take(&quoted);
    } else if (take(text, bookmark->string, "", &json, err) != TL_OK) {
        return err->status;
    } else if (json != NULL) {
        text_compact_json(json);
    }
    return put(out, bookmark->string, json, true, err);
}

static enum tl_status read_bookmark(struct bookmarks *out, const struct bookmark_text *text,
                                    const cJSON *bookmark, const struct declared *declared,
                                    struct tl_error *err)
{
    const struct tl_stream *known = declared_find(declared, bookmark->string);
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(bookmark, "replication_key");

    if (known == NULL)
        return read_foreign(out, text, bookmark, err);
    if (!is_own_bookmark(bookmark))
        return fail_foreign(bookmark->string, err);
    if (cJSON_IsString(key) &&
        (known->cursor == NULL || strcmp(key->valuestring, known->cursor) != 0)) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "the bookmark of stream %s is of the replication key %s, not %s",
                      bookmark->string, key->valuestring,
                      known->cursor ? known->cursor : "of a stream without one");
        return tl_remedy(err, "Leave its bookmark out to sync the stream from its start");
    }
    return read_own(out, text, bookmark, err);
}

/* A state of which no stream is ours belongs to somebody else. */
static enum tl_status check_any_own(const struct bookmarks *bookmarks, struct tl_error *err)
{
    for (size_t i = 0; i < bookmarks->n_items; i++) {
        if (!bookmarks->items[i].foreign)
            return TL_OK;
        tl_log(TL_LOG_WARNING, "the bookmark of stream %s is kept, but there is no such stream",
               bookmarks->items[i].stream);
    }
    if (bookmarks->n_items == 0)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION, "none of its bookmarks is of a stream of this tap");
    return tl_remedy(err, "Give the state of this tap, or none to sync from the start");
}

static enum tl_status check_members(const cJSON *value, struct tl_error *err)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, value)
    {
        char shown[80];
        if (strcmp(member->string, "bookmarks") == 0 ||
            strcmp(member->string, "currently_syncing") == 0)
            continue;
        (void)tl_fail(err, TL_CONFIGURATION,
                      "its member \"%s\" is none of this tap's, or of another version",
                      text_safe(shown, sizeof(shown), member->string, strlen(member->string)));
        return err->status;
    }
    return TL_OK;
}

static enum tl_status read_value(struct bookmarks *out, const struct bookmark_text *text,
                                 const cJSON *value, const struct declared *declared,
                                 struct tl_error *err)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(value, "bookmarks"), *bookmark;

    if (cJSON_IsNull(value))
        return TL_OK;
    if (!cJSON_IsObject(value) ||
        (list != NULL && !cJSON_IsObject(list) && !cJSON_IsNull(list)))
        return tl_fail(err, TL_CONFIGURATION, "it is no object with an object `bookmarks`");
    if (check_members(value, err) != TL_OK)
        return err->status;
    cJSON_ArrayForEach(bookmark, list)
    {
        if (cJSON_IsNull(bookmark) || (cJSON_IsObject(bookmark) && bookmark->child == NULL))
            continue;
        if (read_bookmark(out, text, bookmark, declared, err) != TL_OK)
            return err->status;
    }
    return check_any_own(out, err);
}

enum tl_status bookmarks_read(struct bookmarks *out, const char *json, size_t size,
                              const struct declared *declared, struct tl_error *err)
{
    struct bookmark_text text = {.json = json, .size = size, .base = ""};
    const cJSON *value, *inner;
    cJSON *document = NULL;
    enum tl_status status;

    *out = (struct bookmarks){0};
    if (strspn(json, " \t\r\n") == size)
        return TL_OK;
    status = document_parse(json, size, &document, err);
    value = document;
    inner = cJSON_GetObjectItemCaseSensitive(document, "value");
    if (cJSON_IsObject(inner)) { /* the whole message, as a target may have written it */
        value = inner;
        text.base = "/value";
    }
    if (status == TL_OK)
        status = read_value(out, &text, value, declared, err);
    document_free(document);
    if (status != TL_OK && err->remedy[0] == '\0')
        (void)tl_remedy(err, "Give the value of the last STATE message, or no state");
    return status == TL_OK ? TL_OK : tl_context(err, "the state");
}

void bookmarks_reset(struct bookmarks *bookmarks)
{
    for (size_t i = 0; i < bookmarks->n_items; i++) {
        free(bookmarks->items[i].stream);
        free(bookmarks->items[i].json);
    }
    free(bookmarks->items);
    *bookmarks = (struct bookmarks){0};
}

/* Whether readers of JSON, who may keep numbers as doubles, give back the same text if it is
 * written as a number. */
static bool is_plain_integer(const char *text, size_t size)
{
    const char *digits = text + (*text == '-');
    size_t n_digits = strspn(digits, "0123456789");

    return n_digits > 0 && n_digits <= 15 && digits + n_digits == text + size &&
           (*digits != '0' || size == 1);
}

static void append_bookmark(struct buf *out, const struct bookmark *item,
                            const struct tl_stream *stream)
{
    struct buf cursor = BUF_INIT(STATE_MAX_BYTES);
    bool has_cursor =
        stream != NULL && stream->cursor != NULL && state_get(item->json, "cursor", &cursor);
    cJSON *members = cJSON_Parse(item->json);

    buf_append_char(out, '{');
    if (has_cursor) {
        buf_append_string(out, "\"replication_key\":");
        append_string(out, stream->cursor);
        buf_append_string(out, ",\"replication_key_value\":");
        if (is_plain_integer(buf_text(&cursor), cursor.size))
            buf_append(out, buf_text(&cursor), cursor.size);
        else
            text_append_json(out, buf_text(&cursor), cursor.size);
    }
    if (cJSON_GetArraySize(members) > (has_cursor ? 1 : 0))
        buf_printf(out, "%s\"state\":%s", has_cursor ? "," : "", item->json);
    buf_append_char(out, '}');
    cJSON_Delete(members);
    buf_free(&cursor);
}

void bookmarks_append_state(struct buf *out, const struct bookmarks *bookmarks,
                            const struct declared *declared, const char *syncing)
{
    buf_append_string(out, "{\"type\":\"STATE\",\"value\":{\"bookmarks\":{");
    for (size_t i = 0; i < bookmarks->n_items; i++) {
        const struct bookmark *item = &bookmarks->items[i];
        if (i > 0)
            buf_append_char(out, ',');
        append_string(out, item->stream);
        buf_append_char(out, ':');
        if (item->foreign)
            buf_append_string(out, item->json);
        else
            append_bookmark(out, item, declared_find(declared, item->stream));
    }
    buf_append_string(out, "},\"currently_syncing\":");
    if (syncing != NULL)
        append_string(out, syncing);
    else
        buf_append_string(out, "null");
    buf_append_string(out, "}}\n");
}
