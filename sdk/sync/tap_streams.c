/* Which of a tap's streams go where, and their records. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sync/schema.h"
#include "sync/sync.h"
#include "sync/tables.h"
#include "sync/tap.h"
#include "towline/log.h"

static void stream_free(struct tap_stream *stream)
{
    free(stream->name);
    free(stream->space);
    free(stream->schema);
    free(stream);
}

void tap_streams_reset(struct tap *tap)
{
    for (size_t i = 0; i < tap->n_streams; i++)
        stream_free(tap->streams[i]);
    free(tap->streams);
    cJSON_Delete(tap->catalog);
}

static bool is_called(const struct tap_stream *stream, const char *name, const char *space)
{
    return strcmp(stream->name, name) == 0 && strcmp(stream->space, space) == 0;
}

/* Notes whose message it is, where one of the tap's streams is wanted. */
static bool is_wanted(struct tl_sync *sync, const char *name)
{
    const struct tl_stream *stream = sync->stream->stream;
    const char *wanted = stream->tap_stream ? stream->tap_stream : stream->table;
    struct tap *tap = &sync->tap;
    struct buf shown = BUF_INIT(4096);

    if (tap->all || strcmp(name, wanted) == 0) {
        tap->seen = true;
        return true;
    }
    text_append_json(&shown, name, strlen(name));
    if (memmem(buf_text(&tap->others), tap->others.size, buf_text(&shown), shown.size) == NULL)
        buf_printf(&tap->others, "%s%s", tap->others.size > 0 ? ", " : "", buf_text(&shown));
    buf_free(&shown);
    return false;
}

static bool follows_loads(const struct tl_sync *sync)
{
    return sync->tap.all && sync->stream->stream->deletes != TL_DELETES_IGNORE;
}

static enum tl_status begin_load(struct tap_stream *stream, struct tl_error *err)
{
    stream->loading = true;
    return sync_sweep_begin(stream->sync, err);
}

static enum tl_status end_load(struct tap_stream *stream, struct tl_error *err)
{
    stream->loading = false;
    stream->loaded = true;
    return sync_sweep(stream->sync, err);
}

static enum tl_status stream_new(struct tl_sync *sync, const char *name, const char *space,
                                 struct tap_stream **out, struct tl_error *err)
{
    struct tap *tap = &sync->tap;
    struct tap_stream **streams =
        realloc(tap->streams, (tap->n_streams + 1) * sizeof(struct tap_stream *));
    struct tap_stream *stream = calloc(1, sizeof(*stream));

    if (streams != NULL)
        tap->streams = streams;
    if (stream != NULL) {
        stream->name = text_copy(name, strlen(name));
        stream->space = text_copy(space, strlen(space));
        stream->sync = sync;
    }
    if (streams == NULL || stream == NULL || stream->name == NULL || stream->space == NULL) {
        if (stream != NULL)
            stream_free(stream);
        return tl_fail(err, TL_MEMORY, "out of memory for the tap's streams");
    }
    tap->last = tap->n_streams;
    streams[tap->n_streams++] = stream;
    *out = stream;
    if (tap->all && (tables_open(sync, name, &stream->sync, err) != TL_OK ||
                     tap_note_table(tap, stream->sync->stream->stream->table, err) != TL_OK))
        return err->status;
    if (tap_apply_catalog(sync, stream, err) != TL_OK)
        return err->status;
    return stream->whole && follows_loads(sync) ? begin_load(stream, err) : TL_OK;
}

enum tl_status tap_stream_find(struct tl_sync *sync, const char *name, const char *space,
                               struct tap_stream **out, struct tl_error *err)
{
    struct tap *tap = &sync->tap;

    *out = NULL;
    for (size_t i = 0; i < tap->n_streams; i++)
        if (is_called(tap->streams[i], name, space)) {
            tap->last = i;
            *out = tap->streams[i];
            return TL_OK;
        }
    if (!is_wanted(sync, name))
        return TL_OK;
    return stream_new(sync, name, space, out, err);
}

/* Whether the JSON at found is the string; one with an escape in it is taken the slow way. */
static bool is_string(const char *found, size_t size, const char *text)
{
    return size == strlen(text) + 2 && *found == '"' && memcmp(found + 1, text, size - 2) == 0;
}

static enum tl_status find_slowly(struct tl_sync *sync, const char *name, size_t name_size,
                                  const char *space, size_t space_size, struct tap_stream **out,
                                  struct tl_error *err)
{
    char *called = tap_member(name, name_size, "");
    char *within = tap_member(space, space_size, "");
    enum tl_status status;

    *out = NULL;
    if (called == NULL)
        status = tl_fail(err, TL_DATA, "a record of a stream that has no name");
    else
        status = tap_stream_find(sync, called, within ? within : "", out, err);
    free(called);
    free(within);
    return status;
}

/* Whose record the line is: most often that of the record before. */
static enum tl_status find_owner(struct tl_sync *sync, const char *line, size_t size,
                                 struct tap_stream **out, struct tl_error *err)
{
    struct tap *tap = &sync->tap;
    const char *name, *space = "\"\"";
    size_t name_size, space_size = 2;

    if (!json_pointer_find(&tap->stream, 0, line, size, &name, &name_size) || *name != '"')
        return tl_fail(err, TL_DATA, "a record of no stream");
    if (tap->format == TL_FORMAT_AIRBYTE)
        (void)json_pointer_find(&tap->space, 0, line, size, &space, &space_size);
    if (tap->n_streams > 0) {
        struct tap_stream *last = tap->streams[tap->last];
        if (is_string(name, name_size, last->name) &&
            is_string(space, space_size, last->space)) {
            *out = last;
            return TL_OK;
        }
    }
    return find_slowly(sync, name, name_size, space, space_size, out, err);
}

/* Loads of whole tables. */

/* Of the version with which the rows of an earlier run came, this run may see only some. Of
 * which version they were is not known where a state came from elsewhere. */
static bool is_new_version(const struct tap *tap, const struct tap_stream *stream,
                           const char *version)
{
    const cJSON *before = cJSON_GetObjectItemCaseSensitive(tap->started, stream->name);

    return cJSON_IsString(before) ? strcmp(before->valuestring, version) != 0 : !tap->resumed;
}

static enum tl_status note_version(struct tap *tap, const struct tap_stream *stream,
                                   const char *version, struct tl_error *err)
{
    const cJSON *known = cJSON_GetObjectItemCaseSensitive(tap->versions, stream->name);

    if (cJSON_IsString(known) && strcmp(known->valuestring, version) == 0)
        return TL_OK;
    cJSON_DeleteItemFromObjectCaseSensitive(tap->versions, stream->name);
    if (cJSON_AddStringToObject(tap->versions, stream->name, version) == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the versions of tables");
    tap->changed = true;
    return TL_OK;
}

/* The version of a record that is about to come. */
static enum tl_status take_version(struct tl_sync *sync, struct tap_stream *stream,
                                   const char *line, size_t size, struct tl_error *err)
{
    struct tap *tap = &sync->tap;
    const char *found;
    size_t found_size;
    char version[32];

    if (!tap->all || tap->format != TL_FORMAT_SINGER)
        return TL_OK;
    if (!json_pointer_find(&tap->version, 0, line, size, &found, &found_size) ||
        found_size >= sizeof(version) || *found == 'n') {
        stream->plain = true;
        return TL_OK;
    }
    memcpy(version, found, found_size);
    version[found_size] = '\0';
    if (note_version(tap, stream, version, err) != TL_OK)
        return err->status;
    if (!follows_loads(sync) || stream->loading || stream->loaded ||
        !is_new_version(tap, stream, version))
        return TL_OK;
    return begin_load(stream, err);
}

enum tl_status tap_take_activation(struct tl_sync *sync, const char *line, size_t size,
                                   struct tl_error *err)
{
    char *name = tap_member(line, size, "/stream"),
         *version = tap_member(line, size, "/version");
    struct tap_stream *stream = NULL;
    enum tl_status status = TL_OK;

    if (sync->tap.all && name != NULL && version != NULL)
        status = tap_stream_find(sync, name, "", &stream, err);
    if (stream != NULL && status == TL_OK)
        status = note_version(&sync->tap, stream, version, err);
    if (stream != NULL && status == TL_OK && follows_loads(sync) && !stream->loaded &&
        is_new_version(&sync->tap, stream, version)) {
        if (!stream->loading && !stream->plain)
            status = begin_load(stream, err); /* without a row: there are none any more */
        if (status == TL_OK && stream->loading)
            status = end_load(stream, err);
    }
    free(name);
    free(version);
    return status;
}

/* Records. */

/* Whether the record says that its row is gone: as taps that read a database's log do. */
static bool is_deleted(const struct tl_sync *sync, const struct tap_stream *stream,
                       const char *line, size_t size)
{
    const struct json_pointer *pointer = &sync->tap.deleted;
    const struct json_token *name = &pointer->tokens[pointer->count - 1];
    const char *found;
    size_t found_size;

    return memmem(line, size, name->text, name->size) != NULL &&
           json_pointer_find(pointer, 0, line, size, &found, &found_size) && *found != 'n' &&
           !stream->sync->stream->key.hashed;
}

static enum tl_status feed(const struct tl_sync *sync, struct tap_stream *stream,
                           const char *line, size_t size, struct tl_error *err)
{
    struct tl_sync *rows = stream->sync;
    enum operation_kind kind =
        is_deleted(sync, stream, line, size) ? OPERATION_DELETE : OPERATION_UPSERT;

    if (sync_turn(rows, kind, err) != TL_OK || sync_open_feed(rows, err) != TL_OK ||
        (rows->root != NULL && tables_enter(rows, err) != TL_OK))
        return err->status;
    stream->complete = true; /* unless it is given up */
    input_seek(&rows->input, sync->tap.offset);
    if (input_feed(&rows->input, line, size, err) != TL_OK)
        return err->status;
    return input_finish_part(&rows->input, err);
}

enum tl_status tap_take_record(struct tl_sync *sync, const char *line, size_t size,
                               struct tl_error *err)
{
    struct tap_stream *stream;

    if (find_owner(sync, line, size, &stream, err) != TL_OK || stream == NULL)
        return err->status;
    if (take_version(sync, stream, line, size, err) == TL_OK &&
        feed(sync, stream, line, size, err) == TL_OK)
        return TL_OK;
    return sync->tap.all ? tl_context(err, "table %s", stream->sync->stream->name)
                         : err->status;
}

/* Of a source that cannot be read but in full, a complete output is a load. */
static bool is_whole(const struct tl_sync *sync, const struct tap_stream *stream)
{
    return stream->loading && stream->whole && stream->complete && follows_loads(sync);
}

enum tl_status tap_finish_streams(struct tl_sync *sync, struct tl_error *err)
{
    for (size_t i = 0; i < sync->tap.n_streams; i++) {
        struct tap_stream *stream = sync->tap.streams[i];
        if (is_whole(sync, stream) && end_load(stream, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}
