/* An object that may be a row, or only wrap rows in its array `data`. */
#include "json/wrapper.h"

#include <stdlib.h>
#include <string.h>

#include "json/copy.h"
#include "json/reader.h"

bool json_keys_init(struct json_keys *keys, const char *const *names)
{
    *keys = (struct json_keys){.names = names, .text = BUF_INIT(SIZE_MAX / 2)};
    while (names != NULL && names[keys->count] != NULL)
        keys->count++;
    keys->seen = calloc(keys->count + 1, sizeof(*keys->seen));
    return keys->seen != NULL;
}

void json_keys_reset(struct json_keys *keys)
{
    free(keys->seen);
    buf_free(&keys->text);
    *keys = (struct json_keys){0};
}

void json_keys_forget(struct json_keys *keys)
{
    memset(keys->seen, 0, (keys->count + 1) * sizeof(*keys->seen));
}

void json_keys_note(struct json_keys *keys, const char *name, size_t size)
{
    for (size_t i = 0; i < keys->count; i++)
        if (strlen(keys->names[i]) == size && memcmp(keys->names[i], name, size) == 0)
            keys->seen[i] = true;
}

bool json_keys_complete(const struct json_keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        if (!keys->seen[i])
            return false;
    return keys->count > 0;
}

/* Notes the name of a member; true if it is `data`. */
static bool note_name(struct json_keys *keys, const struct json_span *name)
{
    const char *text = name->text;
    size_t size = name->size;

    if (name->escaped) {
        char *out;
        buf_reset(&keys->text);
        out = buf_reserve(&keys->text, json_copy_room(name));
        if (out == NULL)
            return false;
        size = json_copy_string(name, out);
        text = out;
    }
    json_keys_note(keys, text, size);
    return size == 4 && memcmp(text, "data", 4) == 0;
}

/* Reads `"name":` and what stands between; the value is next. */
static bool read_name(struct json_lex *lex, struct json_keys *keys, bool *is_data)
{
    struct json_span name = {0};

    if (!json_lex_blanks(lex) || *lex->at != '"')
        return false;
    lex->at++;
    if (json_lex_string(lex, &name) != JSON_LEX_OK)
        return false;
    *is_data = note_name(keys, &name);
    if (keys->text.failed || !json_lex_blanks(lex) || *lex->at != ':')
        return false;
    lex->at++;
    return json_lex_blanks(lex);
}

enum tl_status json_is_wrapper(const char *json, size_t size, struct json_keys *keys,
                               bool *wraps, struct tl_error *err)
{
    struct json_lex lex = {.at = json + 1, .end = json + size, .replace = true};
    bool has_data = false, is_data;
    struct json_span value;

    json_keys_forget(keys);
    while (read_name(&lex, keys, &is_data)) {
        has_data |= is_data && *lex.at == '[';
        if (json_lex_value(&lex, JSON_DEPTH_LIMIT, &value) != JSON_LEX_OK ||
            !json_lex_blanks(&lex) || *lex.at != ',')
            break;
        lex.at++;
    }
    *wraps = has_data && !json_keys_complete(keys);
    return buf_check(&keys->text, "a name", err);
}
