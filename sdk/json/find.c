/* tl_json_find: single values out of a JSON text. */
#include "towline/json.h"

#include <stdlib.h>
#include <string.h>

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

enum tl_status tl_json_find(const char *json, size_t size, const char *pointer, char **out,
                            struct tl_error *err)
{
    struct json_pointer tokens;
    const char *found;
    size_t found_size;
    enum tl_status status = json_pointer_parse(pointer, &tokens, err);

    *out = NULL;
    if (status != TL_OK)
        return status;
    for (; size > 0 && json_is_blank(*json); json++)
        size--;
    if (json_pointer_find(&tokens, 0, json, size, &found, &found_size))
        status = take_value(found, found_size, out, err);
    json_pointer_reset(&tokens);
    return status;
}
