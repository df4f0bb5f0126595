/* tl_feed: from the bytes of a stream's output to rows. */
#include "base/clock.h"
#include "sync/schema.h"
#include "sync/sync.h"

enum { PROGRESS_MS = 100 };

enum tl_status sync_open_feed(struct tl_sync *sync, struct tl_error *err)
{
    const struct stream_run *run = sync->stream;
    const struct tl_stream *stream = run->stream;

    if (sync->input.open)
        return TL_OK;
    if (sync_flush(sync, err) != TL_OK)
        return err->status;
    sync_bound_block(sync);
    return input_open(&sync->input, stream,
                      stream->format == TL_FORMAT_AUTO ? sync->format : stream->format,
                      run->key.hashed ? NULL : run->key.names, run->name, &sync->builder, err);
}

void tl_sync_format(struct tl_sync *sync, enum tl_format format)
{
    if (sync->input.open && !input_is_empty(&sync->input))
        return;
    sync->format = format;
    input_reset(&sync->input);
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
    return input_feed(&sync->input, bytes, size, err);
}

enum tl_status tl_feed(struct tl_sync *sync, const char *bytes, size_t size,
                       struct tl_error *err)
{
    if (sync->broken.status != TL_OK || sync_heed_stop(sync, err) != TL_OK ||
        sync_turn(sync, OPERATION_UPSERT, err) != TL_OK || sync_open_feed(sync, err) != TL_OK)
        return feed_break(sync, err);
    sync->report->bytes_read += size;
    if (size > 0 && feed_piece(sync, bytes, size, err) != TL_OK)
        return feed_break(sync, err);
    feed_progress(sync);
    return TL_OK;
}

enum tl_status tl_feed_page(struct tl_sync *sync, uint64_t *rows, struct tl_error *err)
{
    if (sync->broken.status != TL_OK || sync_open_feed(sync, err) != TL_OK)
        return feed_break(sync, err);
    if (input_finish_part(&sync->input, err) != TL_OK)
        return feed_break(sync, err);
    *rows = input_rows(&sync->input);
    return TL_OK;
}

enum tl_status sync_finish_feed(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;

    if (sync->input.open && tap_speaks(stream->format) && tap_finish(sync, err) != TL_OK)
        return err->status;
    if (sync->input.open && input_finish(&sync->input, err) != TL_OK)
        return err->status;
    if (stream->fail_when_empty && sync_fed_nothing(sync)) {
        (void)tl_fail(err, TL_DATA, "the output is empty");
        return tl_remedy(err, "If that can be, set `empty` to \"ok\"");
    }
    return TL_OK;
}

bool sync_fed_nothing(const struct tl_sync *sync)
{
    if (schema_is_pattern(sync->stream->stream))
        return sync->input.open && sync->report->rows_read == 0;
    return sync->input.open && input_is_empty(&sync->input);
}
