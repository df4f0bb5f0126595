/* A tap's states, exactly as it sent them: a Singer tap's last one, or of an Airbyte source the
 * last one of each stream. They become the stream's state when its rows are committed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/document.h"
#include "sync/state.h"
#include "sync/sync.h"
#include "sync/tap.h"
#include "towline/json.h"

/* Which stream a source's state is of; "" if it is of all. */
static char *state_of(const char *message, size_t size, const char *at)
{
    struct buf of = BUF_INIT(1 << 20);
    char pointer[96];
    char *name, *space;

    (void)snprintf(pointer, sizeof(pointer), "%s/stream/stream_descriptor/name", at);
    name = tap_member(message, size, pointer);
    (void)snprintf(pointer, sizeof(pointer), "%s/stream/stream_descriptor/namespace", at);
    space = tap_member(message, size, pointer);
    if (name != NULL)
        buf_printf(&of, "%s\n%s", name, space ? space : "");
    free(name);
    free(space);
    return of.failed || of.size > 0 ? buf_take(&of) : text_copy("", 0);
}

static void forget(struct tap *tap, size_t index)
{
    free(tap->states[index].of);
    free(tap->states[index].json);
    tap->states[index] = tap->states[--tap->n_states];
}

/* Takes both texts; a state of all streams replaces those of each. */
static enum tl_status put(struct tap *tap, char *of, char *json, struct tl_error *err)
{
    struct tap_state *states = NULL;

    for (size_t i = tap->n_states; of != NULL && i-- > 0;)
        if (*of == '\0' || *tap->states[i].of == '\0')
            forget(tap, i);
    for (size_t i = 0; of != NULL && i < tap->n_states; i++)
        if (strcmp(tap->states[i].of, of) == 0) {
            free(of);
            free(tap->states[i].json);
            tap->states[i].json = json;
            return TL_OK;
        }
    if (of != NULL && json != NULL)
        states = realloc(tap->states, (tap->n_states + 1) * sizeof(*states));
    if (states == NULL) {
        free(of);
        free(json);
        return tl_fail(err, TL_MEMORY, "out of memory for the tap's states");
    }
    tap->states = states;
    states[tap->n_states++] = (struct tap_state){.of = of, .json = json};
    return TL_OK;
}

void tap_state_reset(struct tap *tap)
{
    while (tap->n_states > 0)
        forget(tap, tap->n_states - 1);
    free(tap->states);
    cJSON_Delete(tap->tables);
    cJSON_Delete(tap->versions);
    cJSON_Delete(tap->started);
}

enum tl_status tap_note_table(struct tap *tap, const char *table, struct tl_error *err)
{
    const cJSON *item;
    cJSON *name;

    cJSON_ArrayForEach(item, tap->tables)
    {
        if (cJSON_IsString(item) && strcmp(item->valuestring, table) == 0)
            return TL_OK;
    }
    name = cJSON_CreateString(table);
    if (name == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the names of tables");
    cJSON_AddItemToArray(tap->tables, name);
    tap->changed = true;
    return TL_OK;
}

static enum tl_status load_states(struct tl_sync *sync, struct tl_error *err)
{
    struct tap *tap = &sync->tap;
    size_t size = strlen(sync->state);

    for (size_t i = 0;; i++) {
        char pointer[32];
        char *json;
        if (tap->format == TL_FORMAT_SINGER)
            (void)snprintf(pointer, sizeof(pointer), "/tap");
        else
            (void)snprintf(pointer, sizeof(pointer), "/tap/%zu", i);
        json = i == 0 || tap->format == TL_FORMAT_AIRBYTE
                   ? tap_member(sync->state, size, pointer)
                   : NULL;
        if (json == NULL)
            return TL_OK;
        tap->resumed = true;
        if (put(tap, state_of(json, strlen(json), ""), json, err) != TL_OK)
            return err->status;
    }
}

/* The state's member of that name; what else is empty, if it has none that is of its kind. */
static cJSON *load_member(const struct tl_sync *sync, const char *pointer, cJSON *empty)
{
    char *json = tap_member(sync->state, strlen(sync->state), pointer);
    cJSON *member = json != NULL ? cJSON_Parse(json) : NULL;

    free(json);
    if (member == NULL || empty == NULL || member->type != empty->type) {
        cJSON_Delete(member);
        return empty;
    }
    cJSON_Delete(empty);
    return member;
}

enum tl_status tap_load_state(struct tl_sync *sync, struct tl_error *err)
{
    struct tap *tap = &sync->tap;

    tap->tables = load_member(sync, "/tables", cJSON_CreateArray());
    tap->versions = load_member(sync, "/versions", cJSON_CreateObject());
    tap->started = cJSON_Duplicate(tap->versions, true);
    if (tap->tables == NULL || tap->versions == NULL || tap->started == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the names of tables");
    return load_states(sync, err);
}

/* Whether the text can be a part of our state. */
static enum tl_status check(const char *json, struct tl_error *err)
{
    struct buf state = BUF_INIT(STATE_MAX_BYTES);
    enum tl_status status;

    buf_printf(&state, "{\"tap\":%s}", json);
    status = buf_check(&state, "the tap's state", err);
    if (status == TL_OK && state_check(buf_text(&state), err) != TL_OK) {
        status = err->status = TL_DATA;
        (void)tl_context(err, "the tap's state");
    }
    buf_free(&state);
    return status;
}

/* A message without a state says nothing, but one that cannot be read might say something. */
static enum tl_status check_line(const char *line, size_t size, struct tl_error *err)
{
    cJSON *message = NULL;
    enum tl_status status = document_parse(line, size, &message, err);

    document_free(message);
    if (status != TL_CONFIGURATION)
        return status;
    err->status = TL_DATA;
    return tl_context(err, "a state that is not JSON");
}

enum tl_status tap_take_state(struct tl_sync *sync, const char *line, size_t size,
                              struct tl_error *err)
{
    struct tap *tap = &sync->tap;
    bool singer = tap->format == TL_FORMAT_SINGER;
    char *json = tap_member(line, size, singer ? "/value" : "/state");

    if (json == NULL)
        return check_line(line, size, err);
    text_compact_json(json);
    if (check(json, err) != TL_OK) {
        free(json);
        return err->status;
    }
    tap->changed = true;
    return put(tap, singer ? text_copy("", 0) : state_of(line, size, "/state"), json, err);
}

static void append_member(struct buf *out, const char *name, const cJSON *member)
{
    char *text = member->child != NULL ? cJSON_PrintUnformatted(member) : NULL;

    if (member->child == NULL)
        return;
    if (text == NULL)
        out->failed = true;
    else
        buf_printf(out, "%s\"%s\":%s", out->size > 1 ? "," : "", name, text);
    cJSON_free(text);
}

static void append_states(struct buf *out, const struct tap *tap)
{
    bool listed = tap->format == TL_FORMAT_AIRBYTE;

    if (tap->n_states == 0)
        return;
    buf_append_string(out, listed ? "\"tap\":[" : "\"tap\":");
    for (size_t i = 0; i < tap->n_states; i++)
        buf_printf(out, "%s%s", i > 0 ? "," : "", tap->states[i].json);
    buf_append_string(out, listed ? "]" : "");
}

enum tl_status tap_settle_state(struct tl_sync *sync, struct tl_error *err)
{
    struct tap *tap = &sync->tap;
    struct buf state = BUF_INIT(STATE_MAX_BYTES);
    char *text;

    if (!tap->changed)
        return TL_OK;
    buf_append_char(&state, '{');
    append_states(&state, tap);
    append_member(&state, "tables", tap->tables);
    append_member(&state, "versions", tap->versions);
    buf_append_char(&state, '}');
    if (buf_check(&state, "the tap's state", err) != TL_OK)
        return err->status;
    text = buf_take(&state);
    if (text == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    free(sync->state);
    sync->state = text;
    tap->changed = false;
    return TL_OK;
}

const char *tl_sync_handback(struct tl_sync *sync)
{
    enum tl_format format = sync->stream->stream->format;

    buf_reset(&sync->value);
    if (!tap_speaks(format))
        return sync->state;
    if (!state_get(sync->state, "tap", &sync->value))
        return format == TL_FORMAT_SINGER ? "{}" : "[]";
    return buf_text(&sync->value);
}
