/* Output that is itself a tap's or a source's: its lines, and what each is for. */
#include "sync/tap.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sync/schema.h"
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

/* Where a record says these. */
struct places {
    const char *stream, *space, *deleted;
};

static const struct places singer_places = {"/stream", "/namespace", "/record/_sdc_deleted_at"};
static const struct places airbyte_places = {"/record/stream", "/record/namespace",
                                             "/record/data/_ab_cdc_deleted_at"};

enum tl_status tap_init(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;
    const struct places *at =
        stream->format == TL_FORMAT_SINGER ? &singer_places : &airbyte_places;
    size_t max = stream->max_row_bytes ? stream->max_row_bytes : TAP_LINE_BYTES;
    struct tap *tap = &sync->tap;

    *tap = (struct tap){.format = stream->format,
                        .all = schema_is_pattern(stream),
                        .line = BUF_INIT(max + 4096), /* a row and what stands around it */
                        .others = BUF_INIT(TAP_NAMES_BYTES)};
    if (!tap_speaks(stream->format))
        return TL_OK;
    if (json_pointer_parse("/type", &tap->type, err) != TL_OK ||
        json_pointer_parse(at->stream, &tap->stream, err) != TL_OK ||
        json_pointer_parse(at->space, &tap->space, err) != TL_OK ||
        json_pointer_parse(at->deleted, &tap->deleted, err) != TL_OK ||
        json_pointer_parse("/version", &tap->version, err) != TL_OK)
        return err->status;
    return tap_load_state(sync, err);
}

void tap_reset(struct tap *tap)
{
    json_pointer_reset(&tap->type);
    json_pointer_reset(&tap->stream);
    json_pointer_reset(&tap->space);
    json_pointer_reset(&tap->deleted);
    json_pointer_reset(&tap->version);
    tap_streams_reset(tap);
    tap_state_reset(tap);
    buf_free(&tap->line);
    buf_free(&tap->others);
}

char *tap_member(const char *line, size_t size, const char *pointer)
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

/* Enough rows have come since the last commit: with those up to this state there is another. */
static enum tl_status commit_often(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;
    uint64_t every = stream->checkpoint_rows ? stream->checkpoint_rows : TAP_CHECKPOINT_ROWS;

    if (sync->uncommitted_rows < every)
        return TL_OK;
    if (tap_settle_state(sync, err) != TL_OK)
        return err->status;
    return sync_checkpoint(sync, NULL, false, err);
}

static enum tl_status take_state(struct tl_sync *sync, const char *line, size_t size,
                                 struct tl_error *err)
{
    if (tap_take_state(sync, line, size, err) != TL_OK)
        return err->status;
    return commit_often(sync, err);
}

/* The stream that the message names at the pointer with "name" and "namespace" below it. */
static enum tl_status find_described(struct tl_sync *sync, const char *line, size_t size,
                                     const char *pointer, struct tap_stream **out,
                                     struct tl_error *err)
{
    char at[96];
    char *name, *space;
    enum tl_status status = TL_OK;

    (void)snprintf(at, sizeof(at), "%s/name", pointer);
    name = tap_member(line, size, at);
    (void)snprintf(at, sizeof(at), "%s/namespace", pointer);
    space = tap_member(line, size, at);
    *out = NULL;
    if (name != NULL)
        status = tap_stream_find(sync, name, space ? space : "", out, err);
    free(name);
    free(space);
    return status;
}

static enum tl_status take_singer(struct tl_sync *sync, const char *type, size_t type_size,
                                  const char *line, size_t size, struct tl_error *err)
{
    if (is_word(type, type_size, "RECORD"))
        return tap_take_record(sync, line, size, err);
    if (is_word(type, type_size, "SCHEMA"))
        return tap_take_schema(sync, line, size, err);
    if (is_word(type, type_size, "STATE"))
        return take_state(sync, line, size, err);
    if (is_word(type, type_size, "ACTIVATE_VERSION"))
        return tap_take_activation(sync, line, size, err);
    if (is_word(type, type_size, "BATCH")) {
        (void)tl_fail(err, TL_DATA, "a BATCH message: its files are out of reach");
        return tl_remedy(err, "Leave batch_config out of the tap's settings");
    }
    return TL_OK; /* others are for targets that know them */
}

static enum tl_status take_airbyte_state(struct tl_sync *sync, const char *line, size_t size,
                                         struct tl_error *err)
{
    char *type = tap_member(line, size, "/state/type");
    bool of_stream = type != NULL && strcmp(type, "STREAM") == 0;
    struct tap_stream *stream = NULL;

    free(type);
    if (of_stream && (find_described(sync, line, size, "/state/stream/stream_descriptor",
                                     &stream, err) != TL_OK ||
                      stream == NULL))
        return err->status;
    return take_state(sync, line, size, err);
}

/* What a source says of how a stream goes. */
static enum tl_status take_status(struct tl_sync *sync, const char *status, const char *line,
                                  size_t size, struct tl_error *err)
{
    struct tap_stream *stream = NULL;

    if (find_described(sync, line, size, "/trace/stream_status/stream_descriptor", &stream,
                       err) != TL_OK ||
        stream == NULL)
        return err->status;
    if (strcmp(status, "INCOMPLETE") == 0)
        sync->tap.incomplete = stream;
    stream->complete = stream->complete || strcmp(status, "COMPLETE") == 0;
    return TL_OK;
}

/* Errors that name a stream which is not wanted are not ours. */
static enum tl_status take_trace(struct tl_sync *sync, const char *line, size_t size,
                                 struct tl_error *err)
{
    char *named = tap_member(line, size, "/trace/error/stream_descriptor/name");
    char *message = tap_member(line, size, "/trace/error/message");
    char *status = tap_member(line, size, "/trace/stream_status/status");
    struct tap_stream *stream = NULL;
    enum tl_status result = TL_OK;

    if (message != NULL && named != NULL)
        result =
            find_described(sync, line, size, "/trace/error/stream_descriptor", &stream, err);
    if (result == TL_OK && message != NULL && (named == NULL || stream != NULL))
        result = tl_fail(err, TL_COMMAND, "the source says: %s", message);
    if (result == TL_OK && status != NULL)
        result = take_status(sync, status, line, size, err);
    free(named);
    free(message);
    free(status);
    return result;
}

static enum tl_status take_airbyte(struct tl_sync *sync, const char *type, size_t type_size,
                                   const char *line, size_t size, struct tl_error *err)
{
    char *message;

    if (is_word(type, type_size, "RECORD"))
        return tap_take_record(sync, line, size, err);
    if (is_word(type, type_size, "STATE"))
        return take_airbyte_state(sync, line, size, err);
    if (is_word(type, type_size, "TRACE"))
        return take_trace(sync, line, size, err);
    if (is_word(type, type_size, "CATALOG"))
        return tap_take_catalog(sync, line, size, err);
    if (!is_word(type, type_size, "LOG"))
        return TL_OK;
    message = tap_member(line, size, "/log/message");
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
        return tl_context(err, "line %" PRIu64 " of the output, at byte %" PRIu64,
                          sync->tap.n_lines, sync->tap.offset);
    return status;
}

enum tl_status tap_feed(struct tl_sync *sync, const char *bytes, size_t size,
                        struct tl_error *err)
{
    struct buf *held = &sync->tap.line;
    const char *end = bytes + size, *newline;
    enum tl_status status = TL_OK;

    while (status == TL_OK && (newline = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL) {
        size_t length = (size_t)(newline - bytes);
        if (held->size == 0) {
            status = take_line(sync, bytes, length, err);
        } else {
            buf_append(held, bytes, length);
            length = held->size;
            status = buf_check(held, "a message", err);
            if (status == TL_OK)
                status = take_line(sync, buf_text(held), held->size, err);
            buf_reset(held);
        }
        if (status == TL_OK)
            sync->tap.offset += length + 1;
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
    const struct tl_stream *stream = sync->stream->stream;
    enum tl_status status = take_line(sync, buf_text(&tap->line), tap->line.size, err);

    if (status != TL_OK)
        return tell_line(sync, status, err);
    if (tap->incomplete != NULL) {
        (void)tl_fail(err, TL_COMMAND, "the source gave up stream %s", tap->incomplete->name);
        return tl_remedy(err, "Its log (--log-level debug) may say why");
    }
    if (!tap->seen && tap->others.size > 0)
        tl_log(TL_LOG_WARNING, "%s: the output has no stream \"%s\", but %s",
               sync->stream->name, stream->tap_stream ? stream->tap_stream : stream->table,
               buf_text(&tap->others));
    if (tap_finish_streams(sync, err) != TL_OK)
        return err->status;
    return tap_settle_state(sync, err);
}
