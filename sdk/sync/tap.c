/* Output that is itself a tap's or a source's. Records go to the reader as they are; of the
 * other messages only those of the stream matter. */
#include "sync/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sync/state.h"
#include "sync/sync.h"
#include "towline/json.h"
#include "towline/log.h"

enum { TAP_CHECKPOINT_ROWS = 10000, TAP_NAMES_BYTES = 4096, TAP_LINE_BYTES = 64 << 20 };

bool tap_speaks(enum tl_format format)
{
    return format == TL_FORMAT_SINGER || format == TL_FORMAT_AIRBYTE;
}

const char *tap_rows(enum tl_format format)
{
    return format == TL_FORMAT_SINGER ? "/record" : "/record/data";
}

enum tl_status tap_init(struct tap *tap, const struct tl_stream *stream, struct tl_error *err)
{
    const char *name = stream->format == TL_FORMAT_SINGER ? "/stream" : "/record/stream";
    size_t max = stream->max_row_bytes ? stream->max_row_bytes : TAP_LINE_BYTES;

    *tap = (struct tap){.format = stream->format,
                        .line = BUF_INIT(max + 4096), /* a row and what stands around it */
                        .others = BUF_INIT(TAP_NAMES_BYTES)};
    if (!tap_speaks(stream->format))
        return TL_OK;
    if (json_pointer_parse("/type", &tap->type, err) != TL_OK)
        return err->status;
    return json_pointer_parse(name, &tap->stream, err);
}

void tap_reset(struct tap *tap)
{
    json_pointer_reset(&tap->type);
    json_pointer_reset(&tap->stream);
    buf_free(&tap->line);
    buf_free(&tap->others);
}

static const char *tap_stream_name(const struct tl_sync *sync)
{
    const struct tl_stream *stream = sync->stream->stream;
    return stream->tap_stream ? stream->tap_stream : stream->table;
}

/* What a message has at the pointer, as text; NULL if nothing, or memory ran out. */
static char *member(const char *line, size_t size, const char *pointer)
{
    struct tl_error unheard = {0};
    char *text = NULL;

    (void)!tl_json_find(line, size, pointer, &text, &unheard);
    return text;
}

/* Whether the JSON at found is a string of that text; letter case may be left out of account.
 */
static bool is_word(const char *found, size_t size, const char *word)
{
    return size == strlen(word) + 2 && *found == '"' &&
           strncasecmp(found + 1, word, size - 2) == 0;
}

/* Notes whose message it is. A name with an escape in it is taken the slow way. */
static bool is_ours(struct tl_sync *sync, const char *found, size_t size)
{
    struct tap *tap = &sync->tap;
    const char *wanted = tap_stream_name(sync);
    char *text = NULL;
    bool ours;

    if (memchr(found, '\\', size) != NULL)
        text = member(found, size, "");
    ours = text != NULL
               ? strcmp(text, wanted) == 0
               : size == strlen(wanted) + 2 && memcmp(found + 1, wanted, size - 2) == 0;
    free(text);
    tap->seen = tap->seen || ours;
    if (!ours && memmem(buf_text(&tap->others), tap->others.size, found, size) == NULL) {
        buf_append_string(&tap->others, tap->others.size > 0 ? ", " : "");
        buf_append(&tap->others, found, size);
    }
    return ours;
}

static bool is_of_stream(struct tl_sync *sync, const char *line, size_t size,
                         const char *pointer)
{
    char *name = member(line, size, pointer);
    bool ours = name != NULL && strcmp(name, tap_stream_name(sync)) == 0;

    sync->tap.seen = sync->tap.seen || ours;
    free(name);
    return ours;
}

/* The state to hand back next time, as JSON; taken. It is kept with the rows before it, or with
 * more. */
static enum tl_status keep_state(struct tl_sync *sync, char *json, bool listed,
                                 struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;
    uint64_t every = stream->checkpoint_rows ? stream->checkpoint_rows : TAP_CHECKPOINT_ROWS;
    struct buf state = BUF_INIT(STATE_MAX_BYTES);
    char *text;

    if (json == NULL)
        return TL_OK;
    text_compact_json(json);
    buf_printf(&state, listed ? "{\"tap\":[%s]}" : "{\"tap\":%s}", json);
    free(json);
    if (buf_check(&state, "the tap's state", err) != TL_OK)
        return err->status;
    text = buf_take(&state);
    if (text == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    if (state_check(text, err) != TL_OK) {
        free(text);
        return err->status;
    }
    free(sync->state);
    sync->state = text;
    if (sync->uncommitted_rows < every)
        return TL_OK;
    if (input_finish_part(&sync->input, err) != TL_OK)
        return err->status;
    return sync_checkpoint(sync, NULL, false, err);
}

static enum tl_status take_record(struct tl_sync *sync, const char *line, size_t size,
                                  struct tl_error *err)
{
    const char *name;
    size_t name_size;

    if (!json_pointer_find(&sync->tap.stream, 0, line, size, &name, &name_size) || *name != '"')
        return tl_fail(err, TL_DATA, "a record of no stream");
    if (!is_ours(sync, name, name_size))
        return TL_OK;
    if (input_feed(&sync->input, line, size, err) != TL_OK)
        return err->status;
    return input_feed(&sync->input, "\n", 1, err);
}

/* The names in the array key_properties; NULL-terminated, to be freed with each of them. */
static enum tl_status read_key(const char *line, size_t size, char ***out, struct tl_error *err)
{
    size_t count = 0;
    char **names = NULL;

    for (;;) {
        char **grown = realloc(names, (count + 1) * sizeof(*names));
        char pointer[64];
        if (grown == NULL) {
            for (size_t i = 0; i < count; i++)
                free(names[i]);
            free(names);
            return tl_fail(err, TL_MEMORY, "out of memory for the tap's key");
        }
        names = grown;
        (void)snprintf(pointer, sizeof(pointer), "/key_properties/%zu", count);
        names[count] = member(line, size, pointer);
        if (names[count] == NULL)
            break;
        count++;
    }
    *out = names;
    return TL_OK;
}

static enum tl_status take_schema(struct tl_sync *sync, const char *line, size_t size,
                                  struct tl_error *err)
{
    char **names = NULL;
    const char *name;
    size_t name_size;

    if (!json_pointer_find(&sync->tap.stream, 0, line, size, &name, &name_size) ||
        *name != '"' || !is_ours(sync, name, name_size) ||
        sync->stream->stream->primary_key != NULL)
        return TL_OK;
    if (read_key(line, size, &names, err) != TL_OK)
        return err->status;
    return sync_take_key(sync, names, err);
}

static enum tl_status take_singer(struct tl_sync *sync, const char *type, size_t type_size,
                                  const char *line, size_t size, struct tl_error *err)
{
    if (is_word(type, type_size, "RECORD"))
        return take_record(sync, line, size, err);
    if (is_word(type, type_size, "SCHEMA"))
        return take_schema(sync, line, size, err);
    if (is_word(type, type_size, "STATE"))
        return keep_state(sync, member(line, size, "/value"), false, err);
    if (is_word(type, type_size, "BATCH")) {
        (void)tl_fail(err, TL_DATA, "a BATCH message: its files are out of reach");
        return tl_remedy(err, "Leave batch_config out of the tap's settings");
    }
    return TL_OK; /* others are for targets that know them */
}

static enum tl_status take_airbyte_state(struct tl_sync *sync, const char *line, size_t size,
                                         struct tl_error *err)
{
    char *type = member(line, size, "/state/type");
    bool of_stream = type != NULL && strcmp(type, "STREAM") == 0;

    free(type);
    if (of_stream && !is_of_stream(sync, line, size, "/state/stream/stream_descriptor/name"))
        return TL_OK;
    return keep_state(sync, member(line, size, "/state"), true, err);
}

/* Errors and statuses that name another stream are not ours. */
static enum tl_status take_trace(struct tl_sync *sync, const char *line, size_t size,
                                 struct tl_error *err)
{
    char *stream = member(line, size, "/trace/error/stream_descriptor/name");
    char *message = member(line, size, "/trace/error/message");
    char *status = member(line, size, "/trace/stream_status/status");
    enum tl_status result = TL_OK;

    if (message != NULL && (stream == NULL || strcmp(stream, tap_stream_name(sync)) == 0))
        result = tl_fail(err, TL_COMMAND, "the source says: %s", message);
    if (status != NULL && strcmp(status, "INCOMPLETE") == 0 &&
        is_of_stream(sync, line, size, "/trace/stream_status/stream_descriptor/name"))
        sync->tap.incomplete = true;
    free(stream);
    free(message);
    free(status);
    return result;
}

static enum tl_status take_airbyte(struct tl_sync *sync, const char *type, size_t type_size,
                                   const char *line, size_t size, struct tl_error *err)
{
    char *message;

    if (is_word(type, type_size, "RECORD"))
        return take_record(sync, line, size, err);
    if (is_word(type, type_size, "STATE"))
        return take_airbyte_state(sync, line, size, err);
    if (is_word(type, type_size, "TRACE"))
        return take_trace(sync, line, size, err);
    if (!is_word(type, type_size, "LOG"))
        return TL_OK;
    message = member(line, size, "/log/message");
    tl_log(TL_LOG_DEBUG, "%s: %s", sync->stream->name, message ? message : "");
    free(message);
    return TL_OK;
}

/* One line, without its end. What an Airbyte source prints beside messages is a log, too. */
static enum tl_status take_line(struct tl_sync *sync, const char *line, size_t size,
                                struct tl_error *err)
{
    bool singer = sync->tap.format == TL_FORMAT_SINGER;
    const char *type;
    size_t type_size;
    char shown[80];

    sync->tap.n_lines++;
    while (size > 0 && strchr(" \t\r", line[size - 1]) != NULL)
        size--;
    if (size == 0)
        return TL_OK;
    if (*line == '{' && json_pointer_find(&sync->tap.type, 0, line, size, &type, &type_size))
        return (singer ? take_singer : take_airbyte)(sync, type, type_size, line, size, err);
    (void)text_safe(shown, sizeof(shown), line, size);
    if (singer) {
        (void)tl_fail(err, TL_DATA, "no Singer message: %s", shown);
        return tl_remedy(err, "Let the tap's log go to standard error");
    }
    tl_log(TL_LOG_DEBUG, "%s: %s", sync->stream->name, shown);
    return TL_OK;
}

static enum tl_status tell_line(const struct tl_sync *sync, enum tl_status status,
                                struct tl_error *err)
{
    if (status == TL_DATA)
        return tl_context(err, "line %" PRIu64, sync->tap.n_lines);
    return status;
}

enum tl_status tap_feed(struct tl_sync *sync, const char *bytes, size_t size,
                        struct tl_error *err)
{
    struct buf *held = &sync->tap.line;
    const char *end = bytes + size, *newline;
    enum tl_status status = TL_OK;

    while (status == TL_OK && (newline = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        if (held->size == 0) {
            status = take_line(sync, bytes, (size_t)(newline - bytes), err);
        } else {
            buf_append(held, bytes, (size_t)(newline - bytes));
            status = buf_check(held, "a message", err);
            if (status == TL_OK)
                status = take_line(sync, buf_text(held), held->size, err);
            buf_reset(held);
        }
        bytes = newline + 1;
    }
    if (status != TL_OK)
        return tell_line(sync, status, err);
    buf_append(held, bytes, (size_t)(end - bytes));
    return buf_check(held, "a message", err);
}

enum tl_status tap_finish(struct tl_sync *sync, struct tl_error *err)
{
    struct tap *tap = &sync->tap;
    const char *name = tap_stream_name(sync);
    enum tl_status status = take_line(sync, buf_text(&tap->line), tap->line.size, err);

    if (status != TL_OK)
        return tell_line(sync, status, err);
    if (tap->incomplete) {
        (void)tl_fail(err, TL_COMMAND, "the source gave up stream %s", name);
        return tl_remedy(err, "Its log (--log-level debug) may say why");
    }
    if (!tap->seen && tap->others.size > 0)
        tl_log(TL_LOG_WARNING, "%s: the output has no stream \"%s\", but %s",
               sync->stream->name, name, buf_text(&tap->others));
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
