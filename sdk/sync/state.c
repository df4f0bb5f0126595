/* State in JSON. cJSON says what members there are; their values are taken from the text
 * itself, because cJSON holds numbers as doubles and a cursor must keep every digit. */
#include "sync/state.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "json/pointer.h"

static cJSON *state_parse(const char *json)
{
    const char *end = NULL;
    cJSON *object = cJSON_ParseWithOpts(json, &end, true);

    if (object != NULL && cJSON_IsObject(object))
        return object;
    cJSON_Delete(object);
    return NULL;
}

enum tl_status state_check(const char *json, struct tl_error *err)
{
    cJSON *object;

    if (strlen(json) > STATE_MAX_BYTES)
        return tl_fail(err, TL_CONFIGURATION, "the state has %zu bytes; at most %d are kept",
                       strlen(json), STATE_MAX_BYTES);
    object = state_parse(json);
    if (object == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION, "the state is not a JSON object");
        return tl_remedy(err, "A state looks like {\"stream\": {\"cursor\": \"...\"}}");
    }
    cJSON_Delete(object);
    return TL_OK;
}

/* The text of a member's value, a slice of json. */
static bool state_slice(const char *json, const char *name, const char **found, size_t *size)
{
    struct json_token token = {.text = (char *)(uintptr_t)name, .size = strlen(name)};
    struct json_pointer pointer = {.tokens = &token, .count = 1};

    json += strcspn(json, "{"); /* cJSON passes over blanks and a byte order mark */
    return json_pointer_find(&pointer, 0, json, strlen(json), found, size);
}

bool state_get(const char *json, const char *name, struct buf *out)
{
    const char *found;
    size_t size;
    cJSON *value;

    if (!state_slice(json, name, &found, &size) || *found == 'n')
        return false; /* null says nothing, here as in rows */
    if (*found != '"') {
        buf_append(out, found, size);
        return true;
    }
    value = cJSON_ParseWithLength(found, size);
    if (value != NULL)
        buf_append_string(out, value->valuestring);
    else
        out->failed = true;
    cJSON_Delete(value);
    return true;
}

char *state_set(const char *json, const char *name, const char *text, size_t size)
{
    struct buf out = BUF_INIT(2 * STATE_MAX_BYTES);
    cJSON *object = state_parse(json);
    const cJSON *member;

    if (object == NULL)
        return NULL;
    buf_append_char(&out, '{');
    cJSON_ArrayForEach(member, object)
    {
        const char *found;
        size_t found_size;
        if (strcmp(member->string, name) == 0 ||
            !state_slice(json, member->string, &found, &found_size))
            continue;
        text_append_json(&out, member->string, strlen(member->string));
        buf_append_char(&out, ':');
        buf_append(&out, found, found_size);
        buf_append_char(&out, ',');
    }
    text_append_json(&out, name, strlen(name));
    buf_append_char(&out, ':');
    text_append_json(&out, text, size);
    buf_append_char(&out, '}');
    cJSON_Delete(object);
    return buf_take(&out);
}

/* A copy of a member of an object that has been checked; it must be an object, too. */
static enum tl_status state_member(const char *whole, const char *name, char **out,
                                   struct tl_error *err)
{
    const char *found = "{}";
    size_t size = 2;

    (void)state_slice(whole, name, &found, &size);
    *out = text_copy(found, size);
    if (*out == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    if (state_check(*out, err) == TL_OK)
        return TL_OK;
    free(*out);
    *out = NULL;
    return tl_context(err, "\"%s\"", name);
}

enum tl_status state_of_stream(const char *whole, const char *stream, char **out,
                               struct tl_error *err)
{
    if (state_check(whole, err) != TL_OK)
        return err->status;
    return state_member(whole, stream, out, err);
}

enum tl_status state_visit(const char *whole, struct state_visitor *visitor,
                           struct tl_error *err)
{
    enum tl_status status = state_check(whole, err);
    cJSON *object = status == TL_OK ? state_parse(whole) : NULL;
    const cJSON *member;

    if (status == TL_OK && object == NULL)
        status = tl_fail(err, TL_MEMORY, "out of memory for the state");
    cJSON_ArrayForEach(member, object)
    {
        char *json = NULL;
        if (status == TL_OK)
            status = state_member(whole, member->string, &json, err);
        if (status == TL_OK)
            status = visitor->member(visitor, member->string, json, err);
        free(json);
    }
    cJSON_Delete(object);
    return status;
}
