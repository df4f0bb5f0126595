/* tl_feed: from the bytes of a stream's output to rows. */
#include "base/clock.h"
#include "sync/sync.h"

enum {
    FEED_ROW_BYTES = 64 * 1024 * 1024,
    FEED_DEPTH = 1000,
    FEED_NAME_BYTES = 1024,
    FEED_CHECKPOINT_ROWS = 10000,
    FEED_PIECE = 64 * 1024, /* so that an ordered stream's checkpoints come in time */
    PROGRESS_MS = 100
};

static enum tl_status feed_open(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;
    enum json_invalid_utf8 invalid_utf8 =
        stream->replace_invalid_utf8 ? JSON_UTF8_REPLACE : JSON_UTF8_FAIL;
    uint32_t max_depth = stream->max_depth ? stream->max_depth : FEED_DEPTH;
    struct json_reader_options options = {
        .format =
            tap_speaks(stream->format) ? JSON_FORMAT_NDJSON : (enum json_format)stream->format,
        .invalid_utf8 = invalid_utf8,
        .rows = tap_speaks(stream->format) ? tap_rows(stream->format) : stream->rows,
        .key_columns = sync->stream->key.hashed ? NULL : sync->stream->key.names,
        .max_row_bytes = stream->max_row_bytes ? stream->max_row_bytes : FEED_ROW_BYTES,
        .max_depth = max_depth,
    };
    struct json_row_limits limits = {
        .max_depth = max_depth,
        .max_name_bytes = stream->max_name_bytes ? stream->max_name_bytes : FEED_NAME_BYTES,
        .invalid_utf8 = invalid_utf8,
        .stream = sync->stream->name};

    json_rows_init(&sync->rows, &sync->builder, &limits);
    return json_reader_new(&options, &sync->rows.sink, &sync->reader, err);
}

static void feed_progress(struct tl_sync *sync)
{
    int64_t now = clock_now_ms();

    if (sync->observer == NULL || sync->observer->progress == NULL ||
        now < sync->next_progress_ms)
        return;
    sync->next_progress_ms = now + PROGRESS_MS;
    sync->observer->progress(sync->observer, sync->report);
}

static enum tl_status feed_checkpoint(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;
    uint64_t every = stream->checkpoint_rows ? stream->checkpoint_rows : FEED_CHECKPOINT_ROWS;

    if (!stream->ordered || sync->uncommitted_rows < every)
        return TL_OK;
    return sync_checkpoint(sync, NULL, false, err);
}

/* An output with a gap is none: whatever is fed after a failure is refused. */
static enum tl_status feed_break(struct tl_sync *sync, struct tl_error *err)
{
    if (sync->broken.status == TL_OK)
        sync->broken = *err;
    *err = sync->broken;
    return err->status;
}

static enum tl_status feed_piece(struct tl_sync *sync, const char *bytes, size_t size,
                                 struct tl_error *err)
{
    if (tap_speaks(sync->tap.format))
        return tap_feed(sync, bytes, size, err);
    return json_reader_feed(sync->reader, bytes, size, err);
}

enum tl_status tl_feed(struct tl_sync *sync, const char *bytes, size_t size,
                       struct tl_error *err)
{
    if (sync->broken.status != TL_OK || sync_turn(sync, OPERATION_UPSERT, err) != TL_OK ||
        (sync->reader == NULL && feed_open(sync, err) != TL_OK))
        return feed_break(sync, err);
    while (size > 0) {
        size_t piece = size < FEED_PIECE ? size : FEED_PIECE;
        sync->report->bytes_read += piece;
        if (feed_piece(sync, bytes, piece, err) != TL_OK)
            return feed_break(sync, err);
        bytes += piece;
        size -= piece;
        if (feed_checkpoint(sync, err) != TL_OK)
            return feed_break(sync, err);
    }
    feed_progress(sync);
    return TL_OK;
}

enum tl_status tl_feed_page(struct tl_sync *sync, uint64_t *rows, struct tl_error *err)
{
    if (sync->broken.status != TL_OK || (sync->reader == NULL && feed_open(sync, err) != TL_OK))
        return feed_break(sync, err);
    if (json_reader_finish_part(sync->reader, err) != TL_OK)
        return feed_break(sync, err);
    *rows = json_reader_rows(sync->reader);
    return TL_OK;
}

enum tl_status sync_finish_feed(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;

    if (sync->reader != NULL && tap_speaks(stream->format) && tap_finish(sync, err) != TL_OK)
        return err->status;
    if (sync->reader != NULL && json_reader_finish(sync->reader, err) != TL_OK)
        return err->status;
    if (stream->fail_when_empty && sync_fed_nothing(sync)) {
        (void)tl_fail(err, TL_DATA, "the output is empty");
        return tl_remedy(err, "If that can be, set `empty` to \"ok\"");
    }
    return TL_OK;
}

bool sync_fed_nothing(const struct tl_sync *sync)
{
    return sync->reader != NULL && json_reader_documents(sync->reader) == 0;
}
