/* tl_json_find: single values out of a JSON text. */
#include "towline/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/decode.h"
#include "base/text.h"
#include "json/copy.h"
#include "json/lex.h"
#include "json/pointer.h"

/* The characters of the string, which begins with its quote; NULL in *out for one that C cannot
 * hold. */
static enum tl_status take_string(const char *text, size_t size, char **out,
                                  struct tl_error *err)
{
    struct json_lex lex = {.at = text + 1, .end = text + size, .replace = true};
    struct json_span span = {0};
    size_t length;

    if (json_lex_string(&lex, &span) != JSON_LEX_OK)
        return TL_OK;
    *out = malloc(json_copy_room(&span) + 1);
    if (*out == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a value of %zu bytes", span.size);
    length = json_copy_string(&span, *out);
    (*out)[length] = '\0';
    if (memchr(*out, '\0', length) != NULL) {
        free(*out);
        *out = NULL;
    }
    return TL_OK;
}

static enum tl_status take_value(const char *text, size_t size, char **out,
                                 struct tl_error *err)
{
    if (*text == '"')
        return take_string(text, size, out, err);
    if (size == 4 && memcmp(text, "null", 4) == 0)
        return TL_OK;
    *out = text_copy(text, size);
    return *out ? TL_OK
                : tl_fail(err, TL_MEMORY, "out of memory for a value of %zu bytes", size);
}

static enum tl_status find(const struct json_pointer *tokens, const char *json, size_t size,
                           char **out, struct tl_error *err)
{
    const char *found;
    size_t found_size;

    for (; size > 0 && json_is_blank(*json); json++)
        size--;
    if (!json_pointer_find(tokens, 0, json, size, &found, &found_size))
        return TL_OK;
    return take_value(found, found_size, out, err);
}

struct decoded {
    struct decode_sink sink;
    struct buf text;
};

static enum tl_status take_decoded(struct decode_sink *sink, const char *text, size_t size,
                                   uint64_t offset, struct tl_error *err)
{
    struct buf *all = &((struct decoded *)sink)->text;

    (void)offset;
    buf_append(all, text, size);
    return buf_check(all, "what UTF-16 becomes", err);
}

/* The same in a text that begins with a byte order mark. */
static enum tl_status find_decoded(const struct json_pointer *tokens, const char *json,
                                   size_t size, char **out, struct tl_error *err)
{
    struct decoded decoded = {{take_decoded}, BUF_INIT(2 * size)};
    struct decode decode = {0};
    enum tl_status status = decode_feed(&decode, &decoded.sink, json, size, err);

    if (status == TL_OK)
        status = decode_flush(&decode, &decoded.sink, err);
    if (status == TL_OK)
        status = find(tokens, buf_text(&decoded.text), decoded.text.size, out, err);
    decode_reset(&decode);
    buf_wipe(&decoded.text);
    return status;
}

enum tl_status tl_json_find(const char *json, size_t size, const char *pointer, char **out,
                            struct tl_error *err)
{
    bool marked = size > 1 && strchr("\xef\xfe\xff", *json) != NULL && *json != '\0';
    struct json_pointer tokens;
    enum tl_status status = json_pointer_parse(pointer, &tokens, err);

    *out = NULL;
    if (status != TL_OK)
        return status;
    status = (marked ? find_decoded : find)(&tokens, json, size, out, err);
    json_pointer_reset(&tokens);
    return status;
}
