/* Airbyte's states. Members are found by cJSON, but their text is taken from the file itself:
 * cJSON holds numbers as doubles. */
#include "frontends/airbyte/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/document.h"
#include "sync/state.h"
#include "towline/json.h"
#include "towline/log.h"

enum { STATE_VERSION = 1 };

static enum tl_status fail_foreign(const char *stream, struct tl_error *err)
{
    (void)tl_fail(err, TL_CONFIGURATION,
                  "the state of stream %s was not made by this source, or by another version",
                  stream);
    return tl_remedy(err, "Clear the connection's state to sync the stream from its start");
}

static uint64_t number_in(const cJSON *object, const char *name)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsNumber(number) && number->valuedouble > 0 && number->valuedouble < 1e18
               ? (uint64_t)number->valuedouble
               : 0;
}

static struct airbyte_state *add(struct airbyte_states *states, const char *stream)
{
    struct airbyte_state *grown =
        realloc(states->states, (states->n_states + 1) * sizeof(*grown));

    if (grown == NULL)
        return NULL;
    states->states = grown;
    grown += states->n_states;
    *grown = (struct airbyte_state){.stream = text_copy(stream, strlen(stream))};
    if (grown->stream == NULL)
        return NULL;
    states->n_states++;
    return grown;
}

/* A whole text of which a part is read by cJSON: `path` leads from one to the other. */
struct slice {
    const char *json;
    size_t size;
    char path[96];
};

/* One {"stream_descriptor": ..., "stream_state": ...}. */
static enum tl_status read_stream(struct airbyte_states *out, const cJSON *item,
                                  const struct slice *slice, struct tl_error *err)
{
    const cJSON *descriptor = cJSON_GetObjectItemCaseSensitive(item, "stream_descriptor");
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(descriptor, "name");
    const cJSON *blob = cJSON_GetObjectItemCaseSensitive(item, "stream_state");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(blob, "towline");
    char path[160];
    struct airbyte_state *state;

    if (!cJSON_IsString(name))
        return tl_fail(err, TL_CONFIGURATION, "%s names no stream", slice->path);
    if (blob == NULL || cJSON_IsNull(blob) || (cJSON_IsObject(blob) && blob->child == NULL))
        return TL_OK;
    if (number_in(own, "version") != STATE_VERSION ||
        !cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(blob, "state")))
        return fail_foreign(name->valuestring, err);
    state = add(out, name->valuestring);
    if (state == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    state->n_rows = number_in(own, "rows");
    state->n_bytes = number_in(own, "bytes");
    (void)snprintf(path, sizeof(path), "%s/stream_state/state", slice->path);
    if (tl_json_find(slice->json, slice->size, path, &state->json, err) != TL_OK)
        return err->status;
    if (state->json == NULL)
        return fail_foreign(name->valuestring, err);
    text_compact_json(state->json);
    return TL_OK;
}

static enum tl_status read_global(struct airbyte_states *out, const cJSON *global,
                                  struct slice *slice, struct tl_error *err)
{
    const cJSON *streams = cJSON_GetObjectItemCaseSensitive(global, "stream_states"), *item;
    size_t length = strlen(slice->path), index = 0;

    cJSON_ArrayForEach(item, streams)
    {
        (void)snprintf(slice->path + length, sizeof(slice->path) - length, "/stream_states/%zu",
                       index++);
        if (read_stream(out, item, slice, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

/* A state message, with its envelope or without; slice->path leads to it. */
static enum tl_status read_message(struct airbyte_states *out, const cJSON *message,
                                   struct slice *slice, struct tl_error *err)
{
    const cJSON *inner = cJSON_GetObjectItemCaseSensitive(message, "state");
    const cJSON *part;
    size_t length;

    if (cJSON_IsObject(inner)) {
        message = inner;
        (void)strcat(slice->path, "/state");
    }
    length = strlen(slice->path);
    part = cJSON_GetObjectItemCaseSensitive(message, "stream");
    if (cJSON_IsObject(part)) {
        (void)snprintf(slice->path + length, sizeof(slice->path) - length, "/stream");
        return read_stream(out, part, slice, err);
    }
    part = cJSON_GetObjectItemCaseSensitive(message, "global");
    if (cJSON_IsObject(part)) {
        (void)snprintf(slice->path + length, sizeof(slice->path) - length, "/global");
        return read_global(out, part, slice, err);
    }
    part = cJSON_GetObjectItemCaseSensitive(message, "data");
    if (cJSON_IsObject(part) && part->child == NULL)
        return TL_OK; /* the old way to say that there is none */
    return tl_fail(err, TL_CONFIGURATION, "%s is a state of neither type STREAM nor GLOBAL",
                   *slice->path != '\0' ? slice->path : "it");
}

static enum tl_status read_messages(struct airbyte_states *out, const cJSON *document,
                                    const char *json, size_t size, struct tl_error *err)
{
    struct slice whole = {.json = json, .size = size};
    const cJSON *message;
    size_t index = 0;

    if (cJSON_IsNull(document) || (cJSON_IsObject(document) && document->child == NULL))
        return TL_OK;
    if (cJSON_IsObject(document))
        return read_message(out, document, &whole, err);
    if (!cJSON_IsArray(document))
        return tl_fail(err, TL_CONFIGURATION, "it is %s, not an array of states",
                       document_kind(document));
    cJSON_ArrayForEach(message, document)
    {
        struct slice slice = {.json = json, .size = size};
        (void)snprintf(slice.path, sizeof(slice.path), "/%zu", index++);
        if (read_message(out, message, &slice, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

enum tl_status airbyte_states_read(struct airbyte_states *out, const char *json, size_t size,
                                   struct tl_error *err)
{
    cJSON *document = NULL;
    enum tl_status status;

    *out = (struct airbyte_states){0};
    if (strspn(json, " \t\r\n") == size)
        return TL_OK;
    status = document_parse(json, size, &document, err);
    if (status == TL_OK)
        status = read_messages(out, document, json, size, err);
    document_free(document);
    if (status != TL_OK && err->remedy[0] == '\0')
        (void)tl_remedy(err, "Give the states that an earlier read sent, or clear them");
    return status == TL_OK ? TL_OK : tl_context(err, "the state");
}

void airbyte_states_reset(struct airbyte_states *states)
{
    for (size_t i = 0; i < states->n_states; i++) {
        free(states->states[i].stream);
        free(states->states[i].json);
    }
    free(states->states);
    *states = (struct airbyte_states){0};
}

const struct airbyte_state *airbyte_states_find(const struct airbyte_states *states,
                                                const char *stream)
{
    const struct airbyte_state *found = NULL;

    for (size_t i = 0; i < states->n_states; i++) /* the last of several counts */
        if (strcmp(states->states[i].stream, stream) == 0)
            found = &states->states[i];
    return found;
}

void airbyte_append_state(struct buf *out, const char *stream, const char *state, uint64_t rows,
                          const struct run_record *run)
{
    char saved[CLOCK_UTC_SIZE];

    buf_append_string(out, "{\"type\":\"STATE\",\"state\":{\"type\":\"STREAM\",\"stream\":"
                           "{\"stream_descriptor\":{\"name\":");
    text_append_json(out, stream, strlen(stream));
    buf_printf(out,
               "},\"stream_state\":{\"state\":%s,\"towline\":{\"version\":%d,"
               "\"saved\":\"%s\"",
               state, STATE_VERSION, clock_format_utc(clock_utc_us(), saved));
    if (run != NULL)
        buf_printf(out, ",\"rows\":%" PRIu64 ",\"bytes\":%" PRIu64, run->rows_read,
                   run->bytes_read);
    buf_printf(out, "}}},\"sourceStats\":{\"recordCount\":%" PRIu64 ".0}}}\n", rows);
}
