/* The operations of towline/sync.h: from calls to blocks in the queue. */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "sync/record.h"
#include "sync/schema.h"
#include "sync/state.h"
#include "sync/sync.h"
#include "sync/tables.h"
#include "towline/log.h"

/* A block of 256 KiB stays in the processor's cache between the two threads. */
enum {
    BLOCK_BYTES = 256 * 1024,
    BLOCK_ROWS = 4096,
    CHECKPOINT_ROWS = 10000,
    MAX_COLUMNS = 100000,
    WARNINGS_BYTES = 64 * 1024,
    LOOK_MS = 100
};

/* The error for which this attempt can only fail: rows were lost, or the writer gave up. */
static enum tl_status sync_writer_status(struct tl_sync *sync, struct tl_error *err)
{
    if (sync->broken.status != TL_OK) {
        *err = sync->broken;
        return err->status;
    }
    if (!atomic_load(&stream_root(sync->stream)->failed))
        return TL_OK;
    queue_drain(sync->queue); /* the error is complete after this */
    *err = stream_root(sync->stream)->error;
    return err->status;
}

static enum tl_status sync_check_stop(const struct tl_sync *sync, struct tl_error *err)
{
    struct pollfd stop = {.fd = sync->stop_fd, .events = POLLIN};

    if (sync->stop_fd < 0 || poll(&stop, 1, 0) <= 0)
        return TL_OK;
    return tl_fail(err, TL_INTERRUPTED, "stopped");
}

enum tl_status sync_heed_stop(struct tl_sync *sync, struct tl_error *err)
{
    int64_t now_ms;

    if (sync->stop_fd < 0 || (now_ms = clock_coarse_ms()) < sync->next_look_ms)
        return TL_OK;
    sync->next_look_ms = now_ms + LOOK_MS;
    if (sync_check_stop(sync, err) == TL_OK)
        return TL_OK;
    sync->broken = *err;
    return err->status;
}

/* How many rows are to come before the next checkpoint; 0: one is due. */
static uint64_t sync_rows_left(const struct tl_sync *sync)
{
    const struct tl_stream *stream = sync->stream->stream;
    uint64_t every = stream->checkpoint_rows ? stream->checkpoint_rows : CHECKPOINT_ROWS;

    if (!stream->ordered)
        return UINT64_MAX;
    return every > sync->uncommitted_rows ? every - sync->uncommitted_rows : 0;
}

void sync_bound_block(struct tl_sync *sync)
{
    uint64_t left = sync_rows_left(sync);
    sync->builder.limits.block_rows = left < BLOCK_ROWS ? (uint32_t)left : BLOCK_ROWS;
}

/* builder_sink.block: the block becomes an operation. */
static enum tl_status sync_take_block(struct builder_sink *sink, struct block *block,
                                      struct tl_error *err)
{
    struct tl_sync *sync = (struct tl_sync *)sink;
    struct operation *operation;

    if (sync_writer_status(sync, err) != TL_OK || sync_check_stop(sync, err) != TL_OK ||
        (operation = operation_new(sync->kind, sync->stream, err)) == NULL) {
        block_free(block);
        sync->broken = *err;
        return err->status;
    }
    operation->block = block;
    queue_push(sync->queue, operation);
    /* Rows that no output brought are committed when the connector says so. */
    if (!sync->input.open)
        return TL_OK;
    if (sync_rows_left(sync) == 0 && sync_checkpoint(sync, NULL, false, err) != TL_OK)
        return err->status;
    sync_bound_block(sync);
    return TL_OK;
}

enum tl_status sync_init(struct tl_sync *sync, const struct sync_options *options,
                         struct tl_error *err)
{
    static const struct builder_limits limits = {
        .max_columns = MAX_COLUMNS, .block_bytes = BLOCK_BYTES, .block_rows = BLOCK_ROWS};
    const struct tl_stream *stream = options->stream->stream;

    *sync = (struct tl_sync){
        .sink = {.row = sync_take_row,
                 .block = sync_take_block,
                 .verbatim = sync_wants_verbatim},
        .stream = options->stream,
        .queue = options->queue,
        .stop_fd = options->stop_fd,
        .kind = OPERATION_UPSERT,
        .cursor_index = COLUMNS_NONE,
        .last = {.index = COLUMNS_NONE, .text = BUF_INIT(STATE_MAX_BYTES)},
        .value = BUF_INIT(STATE_MAX_BYTES),
        .warnings = BUF_INIT(WARNINGS_BYTES),
        .scratch = BUF_INIT(SIZE_MAX / 2),
        .report = options->report,
        .observer = options->observer,
        .max_sample = options->max_sample,
        .enough_rows = options->enough_rows,
    };
    sync->rollback = operation_new(OPERATION_ROLLBACK, options->stream, err);
    cursor_init(&sync->cursor);
    builder_init(&sync->builder, &sync->sink, &limits);
    sync->state = text_copy(options->state, strlen(options->state));
    sync->declared = calloc(stream->n_columns + 1, sizeof(*sync->declared));
    if (sync->rollback == NULL || sync->state == NULL || sync->declared == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for stream %s", stream->table);
    for (size_t i = 0; i < stream->n_columns; i++)
        sync->declared[i] =
            (struct declared_column){.column = &stream->columns[i], .index = COLUMNS_NONE};
    if (options->stream->root == NULL && tap_init(sync, err) != TL_OK)
        return err->status;
    return key_attach(&sync->stream->key, &sync->builder, err);
}

static bool same_names(char *const *left, char *const *right)
{
    while (*left != NULL && *right != NULL && strcmp(*left, *right) == 0) {
        left++;
        right++;
    }
    return *left == NULL && *right == NULL;
}

/* The writer reads the key as well: it must have nothing to do meanwhile. */
enum tl_status sync_take_key(struct tl_sync *sync, char **names, struct tl_error *err)
{
    struct stream_run *stream = sync->stream;
    struct key_partition partition = {.value = stream->partition};
    bool same = stream->own_key != NULL && same_names(stream->own_key, names);

    if (same || sync->report->rows_read > 0) {
        key_names_free(names);
        return same ? TL_OK : tl_fail(err, TL_DATA, "another key than for the rows before");
    }
    queue_drain(sync->queue);
    partition.column = stream->key.parts[0].column;
    key_reset(&stream->key);
    key_names_free(stream->own_key);
    stream->own_key = names;
    if (key_init(&stream->key, (const char *const *)names,
                 stream->partition ? &partition : NULL, err) != TL_OK)
        return err->status;
    return key_attach(&stream->key, &sync->builder, err);
}

void sync_reset(struct tl_sync *sync)
{
    tables_close(sync);
    input_reset(&sync->input);
    tap_reset(&sync->tap);
    builder_reset(&sync->builder);
    cursor_reset(&sync->cursor);
    buf_free(&sync->value);
    buf_free(&sync->warnings);
    buf_free(&sync->last.text);
    buf_free(&sync->scratch);
    free(sync->state);
    free(sync->declared);
    operation_free(sync->rollback);
}

/* Hands the rows under construction to the queue. */
enum tl_status sync_flush(struct tl_sync *sync, struct tl_error *err)
{
    return builder_flush(&sync->builder, err);
}

enum tl_status sync_turn(struct tl_sync *sync, enum operation_kind kind, struct tl_error *err)
{
    if (sync->kind == kind)
        return TL_OK;
    if (sync_flush(sync, err) != TL_OK)
        return err->status;
    sync->kind = kind;
    return TL_OK;
}

static enum tl_status sync_row(struct tl_sync *sync, enum operation_kind kind,
                               const struct tl_field *row, size_t n_fields,
                               struct tl_error *err)
{
    if (sync_heed_stop(sync, err) != TL_OK || sync_turn(sync, kind, err) != TL_OK ||
        builder_begin(&sync->builder, err) != TL_OK)
        return err->status;
    for (size_t i = 0; i < n_fields; i++) {
        struct tl_value *cell =
            builder_cell(&sync->builder, row[i].name, strlen(row[i].name), err);
        if (cell == NULL || sync_keep_value(sync, &row[i].value, cell, err) != TL_OK)
            return err->status;
    }
    return builder_end(&sync->builder, err);
}

enum tl_status tl_upsert(struct tl_sync *sync, const struct tl_field *row, size_t n_fields,
                         struct tl_error *err)
{
    return sync_row(sync, OPERATION_UPSERT, row, n_fields, err);
}

static enum tl_status sync_needs_key(const struct tl_sync *sync, const char *verb,
                                     struct tl_error *err)
{
    if (!sync->stream->key.hashed)
        return TL_OK;
    return tl_fail(err, TL_USAGE, "stream %s has no primary key, so it cannot %s rows",
                   sync->stream->stream->table, verb);
}

enum tl_status tl_update(struct tl_sync *sync, const struct tl_field *row, size_t n_fields,
                         struct tl_error *err)
{
    if (sync_needs_key(sync, "update", err) != TL_OK)
        return err->status;
    return sync_row(sync, OPERATION_UPDATE, row, n_fields, err);
}

enum tl_status tl_delete(struct tl_sync *sync, const struct tl_field *key, size_t n_fields,
                         struct tl_error *err)
{
    if (sync_needs_key(sync, "delete", err) != TL_OK)
        return err->status;
    return sync_row(sync, OPERATION_DELETE, key, n_fields, err);
}

static enum tl_status sync_push(struct tl_sync *sync, enum operation_kind kind,
                                struct tl_error *err)
{
    struct operation *operation;

    if (sync_flush(sync, err) != TL_OK || sync_writer_status(sync, err) != TL_OK)
        return err->status;
    operation = operation_new(kind, sync->stream, err);
    if (operation == NULL)
        return err->status;
    queue_push(sync->queue, operation);
    return TL_OK;
}

enum tl_status sync_sweep_begin(struct tl_sync *sync, struct tl_error *err)
{
    return sync_push(sync, OPERATION_SWEEP_BEGIN, err);
}

enum tl_status sync_sweep(struct tl_sync *sync, struct tl_error *err)
{
    return sync_push(sync, OPERATION_SWEEP, err);
}

enum tl_status tl_truncate(struct tl_sync *sync, struct tl_error *err)
{
    sync->report->truncates++;
    return sync_push(sync, OPERATION_TRUNCATE, err);
}

/* Whether the state has a higher cursor: of a sync that stepped back and did not come as far
 * again, say because it is interrupted. */
static bool sync_is_behind(const struct tl_sync *sync)
{
    const struct tl_value *highest = &sync->cursor.value;
    struct buf text = BUF_INIT(STATE_MAX_BYTES);
    bool behind = false;
    int order;

    if (state_get(sync->state, "cursor", &text)) {
        struct tl_value saved = cursor_value(buf_text(&text), text.size, highest);
        behind = cursor_compare(highest, &saved, &order) && order < 0;
    }
    buf_free(&text);
    return behind;
}

/* The state that the cursor makes, or the one there was. */
static char *sync_cursor_state(struct tl_sync *sync)
{
    char *state;

    if (sync->cursor.value.type == TL_TYPE_NULL || sync_is_behind(sync))
        return text_copy(sync->state, strlen(sync->state));
    buf_reset(&sync->value);
    cursor_print(&sync->cursor.value, &sync->value);
    state = state_set(sync->state, "cursor", buf_text(&sync->value), sync->value.size);
    return state;
}

/* A copy for the run log; NULL if there are none, or no memory to remember them. */
static char *sync_warnings(const struct tl_sync *sync)
{
    return sync->warnings.size > 0 ? text_copy(buf_text(&sync->warnings), sync->warnings.size)
                                   : NULL;
}

enum tl_status sync_checkpoint(struct tl_sync *sync, const char *state, bool last,
                               struct tl_error *err)
{
    struct operation *operation;

    if (sync_flush(sync, err) != TL_OK || tables_flush(sync, err) != TL_OK ||
        sync_writer_status(sync, err) != TL_OK)
        return err->status;
    operation = operation_new(OPERATION_CHECKPOINT, sync->stream, err);
    if (operation == NULL)
        return err->status;
    if (tables_progress(sync, &operation->tables, err) != TL_OK) {
        operation_free(operation);
        return err->status;
    }
    operation->state = state ? text_copy(state, strlen(state)) : sync_cursor_state(sync);
    if (operation->state == NULL) {
        operation_free(operation);
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    }
    operation->progress = report_progress(sync->report);
    operation->warnings = sync_warnings(sync);
    operation->last = last;
    /* what a sweep has seen is remembered for one stream at a time */
    operation->yields = last || sync->stream->stream->deletes == TL_DELETES_IGNORE;
    queue_push(sync->queue, operation);
    sync->uncommitted_rows = 0;
    return TL_OK;
}

enum tl_status tl_checkpoint(struct tl_sync *sync, const char *state, struct tl_error *err)
{
    char *copy;

    if (state_check(state, err) != TL_OK || sync_heed_stop(sync, err) != TL_OK ||
        sync_checkpoint(sync, state, false, err) != TL_OK)
        return err->status;
    copy = text_copy(state, strlen(state));
    if (copy == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    free(sync->state);
    sync->state = copy;
    return TL_OK;
}

/* Whether the table is to hold the output alone. Of several, only who names them knows. */
static bool sync_sweeps(const struct tl_sync *sync)
{
    const struct tl_stream *stream = sync->stream->stream;
    return stream->deletes != TL_DELETES_IGNORE && !schema_is_pattern(stream);
}

enum tl_status sync_begin(struct tl_sync *sync, struct tl_error *err)
{
    /* What an earlier attempt has committed need not come again: it must not count as gone. */
    if (!sync_sweeps(sync) || sync->stream->checkpoints > 0)
        return TL_OK;
    return sync_sweep_begin(sync, err);
}

/* A name that is not right would have everything read again each time, and nobody told. */
static void sync_miss_cursor(struct tl_sync *sync)
{
    const struct tl_stream *stream = sync->stream->stream;

    if (stream->cursor != NULL && sync->builder.rows > 0 &&
        sync->cursor.value.type == TL_TYPE_NULL)
        tl_warn(sync,
                "no row has a value in the cursor's column \"%s\", so the next sync starts "
                "where this one did",
                stream->cursor);
}

enum tl_status sync_finish(struct tl_sync *sync, struct tl_error *err)
{
    if (sync_finish_feed(sync, err) != TL_OK)
        return err->status;
    sync_miss_cursor(sync);
    /* Nothing printed deletes nothing: it is more often a fault than an emptied source. */
    if (sync_sweeps(sync) && !sync_fed_nothing(sync) && sync_sweep(sync, err) != TL_OK)
        return err->status;
    if (sync_checkpoint(sync, NULL, true, err) != TL_OK)
        return err->status;
    return TL_OK;
}

enum tl_status sync_finish_early(struct tl_sync *sync, struct tl_error *err)
{
    sync->broken = (struct tl_error){0};
    *err = (struct tl_error){0};
    return sync_checkpoint(sync, NULL, true, err);
}

void sync_abandon(struct tl_sync *sync, bool last, const struct tl_error *err)
{
    struct operation *operation = sync->rollback;
    char reason[ERROR_TEXT_SIZE];

    sync->rollback = NULL;
    if (operation != NULL) {
        operation->last = last;
        operation->yields = true;
        (void)error_text(err, reason);
        operation->state = text_copy(reason, strlen(reason));
        operation->progress = report_progress(sync->report);
        operation->warnings = sync_warnings(sync);
        queue_push(sync->queue, operation);
    }
    queue_drain(sync->queue);
}

void tl_warn(struct tl_sync *sync, const char *format, ...)
{
    char text[4096];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    tl_log(TL_LOG_WARNING, "%s: %s", sync->stream->name, text);
    if (sync->warnings.size + strlen(text) + 1 < WARNINGS_BYTES)
        buf_printf(&sync->warnings, "%s%s", sync->warnings.size > 0 ? "\n" : "", text);
}

enum tl_status tl_task(struct tl_sync *sync, struct tl_error *err, const char *format, ...)
{
    char text[sizeof(err->message)];
    va_list arguments;

    (void)sync; /* the run says which stream it is */
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    return tl_fail(err, TL_TASK, "%s", text);
}

void tl_sync_from(struct tl_sync *sync, const char *where)
{
    (void)snprintf(sync->where, sizeof(sync->where), "%s", where);
}

const struct tl_stream *tl_sync_stream(const struct tl_sync *sync)
{
    return sync->stream->stream;
}

const char *tl_sync_state(const struct tl_sync *sync)
{
    return sync->state;
}

/* Where this sync starts: the saved cursor less the overlap, or cursor_start. */
static const char *sync_cursor_value(struct tl_sync *sync, bool saved)
{
    const struct tl_stream *stream = sync->stream->stream;
    struct tl_error err = {0};
    char *highest;

    if (!saved)
        return stream->cursor_start;
    if (stream->cursor_overlap == NULL)
        return buf_text(&sync->value);
    highest = buf_take(&sync->value);
    sync->value = BUF_INIT(STATE_MAX_BYTES);
    if (highest != NULL &&
        cursor_step_back(highest, stream->cursor_overlap, &sync->value, &err) != TL_OK) {
        tl_warn(sync, "%s; the sync starts from the highest value itself", err.message);
        buf_append_string(&sync->value, highest);
    }
    free(highest);
    return buf_text(&sync->value);
}

const char *tl_sync_state_value(struct tl_sync *sync, const char *name)
{
    bool found;

    buf_reset(&sync->value);
    found = state_get(sync->state, name, &sync->value);
    if (strcmp(name, "cursor") == 0)
        return sync_cursor_value(sync, found);
    return found ? buf_text(&sync->value) : NULL;
}

bool tl_sync_ready(struct tl_sync *sync)
{
    return queue_ready(sync->queue);
}

int tl_sync_ready_fd(struct tl_sync *sync)
{
    return queue_ready_fd(sync->queue);
}

int tl_sync_stop_fd(const struct tl_sync *sync)
{
    return sync->stop_fd;
}
