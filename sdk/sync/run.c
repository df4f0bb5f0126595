/* A run: connector, destination and writer brought together, stream by stream. */
#include "sync/run.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sync/notes.h"
#include "sync/queue.h"
#include "sync/schema.h"
#include "sync/state.h"
#include "sync/sync.h"
#include "sync/writer.h"
#include "towline/log.h"

/* The source stops being read at the soft limit; the hard one is for sources that do not ask.
 */
enum { QUEUE_SOFT_BYTES = 2 << 20, QUEUE_HARD_BYTES = 6 << 20, SAMPLE_ROWS = 5 };

/* Waits between attempts double from the first to the last, and half of each is chance. */
enum { BACKOFF_FIRST_MS = 500, BACKOFF_LAST_MS = 30000 };

struct run {
    const struct run_options *options;
    struct run_report *report;
    struct tl_instance *instance;
    struct tl_schema schema;
    struct destination *destination;
    struct destination_contents contents;
    struct queue *queue;
    struct writer *writer;
    struct stream_run *streams; /* one per selected stream */
    size_t *indexes;            /* of them in the schema */
    size_t n_streams;
};

static bool run_is_stopped(const struct run *run)
{
    struct pollfd stop = {.fd = run->options->stop_fd, .events = POLLIN};
    return run->options->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

/* What the stop means is for the front end to say: a signal has its own exit code. */
static enum tl_status run_stopped(const struct run *run, struct tl_error *err)
{
    enum tl_status status = run->options->stopped ? run->options->stopped() : TL_INTERRUPTED;
    return tl_fail(err, status, "stopped by request; what was not committed is rolled back");
}

/* A connector that fails without filling the error must not pass for one that went well. */
static enum tl_status run_hear(const struct run *run, enum tl_status status,
                               struct tl_error *err)
{
    if (status != TL_OK && err->status == TL_OK)
        (void)tl_fail(err, status, "%s failed without saying why",
                      run->options->connector->name);
    err->status = status;
    return status;
}

static enum tl_status run_open_connector(struct run *run, struct tl_error *err)
{
    const struct run_options *options = run->options;
    struct tl_open open = {.config = options->config, .stop_fd = options->stop_fd};

    if (run_hear(run, options->connector->open(&open, &run->instance, err), err) != TL_OK ||
        run_hear(run, options->connector->schema(run->instance, &run->schema, err), err) !=
            TL_OK ||
        schema_check_selection(&run->schema, options->tables, err) != TL_OK)
        return err->status;
    if (run->schema.n_streams == 0) {
        (void)tl_fail(err, TL_CONFIGURATION, "the configuration has no streams");
        return tl_remedy(err, "Add `streams`, or `table` and `command` for a single one");
    }
    return TL_OK;
}

static enum tl_status run_open_destination(struct run *run, struct tl_error *err)
{
    const struct run_options *options = run->options;
    struct writer_options writer = {.contents = &run->contents,
                                    .keep_record = options->mode == DESTINATION_WRITE};

    run->destination = options->opened;
    if ((run->destination == NULL &&
         options->destination->open(options->url, options->mode, &run->destination, err) !=
             TL_OK) ||
        run->destination->ops->load(run->destination, &run->contents, err) != TL_OK ||
        queue_new(QUEUE_SOFT_BYTES, QUEUE_HARD_BYTES, &run->queue, err) != TL_OK)
        return err->status;
    writer.destination = run->destination;
    writer.queue = run->queue;
    return writer_new(&writer, &run->writer, err);
}

static enum tl_status run_select(struct run *run, struct tl_error *err)
{
    struct run_report *report = run->report;

    run->streams = calloc(run->schema.n_streams, sizeof(*run->streams));
    run->indexes = calloc(run->schema.n_streams, sizeof(*run->indexes));
    report->streams = calloc(run->schema.n_streams, sizeof(*report->streams));
    if (run->streams == NULL || run->indexes == NULL || report->streams == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %zu streams", run->schema.n_streams);
    for (size_t i = 0; i < run->schema.n_streams; i++) {
        const struct tl_stream *stream = &run->schema.streams[i];
        if (!schema_is_selected(stream, run->options->tables))
            continue;
        run->indexes[run->n_streams] = i;
        run->streams[run->n_streams].stream = stream;
        run->n_streams++;
        report->streams[report->n_streams].table =
            text_copy(stream->table, strlen(stream->table));
        if (report->streams[report->n_streams].table == NULL)
            return tl_fail(err, TL_MEMORY, "out of memory for stream %s", stream->table);
        report->n_streams++;
        if (key_init(&run->streams[run->n_streams - 1].key, stream->primary_key, err) != TL_OK)
            return tl_context(err, "stream %s", stream->table);
    }
    return TL_OK;
}

/* The state that a stream starts from: the one given, none, or the saved one. */
static enum tl_status run_initial_state(const struct run *run, const char *stream, char **out,
                                        struct tl_error *err)
{
    const struct destination_contents *contents = &run->contents;
    const char *saved = "{}";

    if (run->options->state != NULL)
        return state_of_stream(run->options->state, stream, out, err);
    for (size_t i = 0; i < contents->n_states && !run->options->full_refresh; i++)
        if (strcmp(contents->states[i].stream, stream) == 0)
            saved = contents->states[i].json;
    if (state_check(saved, err) != TL_OK) {
        (void)tl_context(err, "the saved state of stream %s", stream);
        return tl_remedy(err, "Mend it with `state set`, or clear it with `state reset`");
    }
    *out = text_copy(saved, strlen(saved));
    return *out ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the state");
}

static bool run_may_try_again(const struct run *run, const struct stream_report *report,
                              enum tl_status status)
{
    return tl_status_is_transient(status) &&
           (int64_t)report->attempts <= run->options->retry_attempts;
}

/* One attempt at one stream. */
static enum tl_status run_attempt(struct run *run, size_t index, struct tl_error *err)
{
    struct stream_run *stream = &run->streams[index];
    struct stream_report *report = &run->report->streams[index];
    struct sync_options options = {
        .stream = stream,
        .queue = run->queue,
        .stop_fd = run->options->stop_fd,
        .state = stream->state,
        .report = report,
        .totals = run->report,
        .observer = run->options->observer,
        .max_sample = run->options->mode == DESTINATION_DRY_RUN ? SAMPLE_ROWS : 0,
        .enough_rows = run->options->enough_rows,
    };
    struct tl_sync sync;
    enum tl_status status = sync_init(&sync, &options, err);

    if (status == TL_OK)
        status = sync_begin(&sync, err);
    if (status == TL_OK)
        status = run_hear(
            run,
            run->options->connector->update(run->instance, run->indexes[index], &sync, err),
            err);
    if (status == TL_OK)
        status = sync_finish(&sync, err);
    if (sync.enough)
        status = sync_finish_early(&sync, err);
    if (status == TL_DATA && sync.where[0] != '\0')
        status = tl_context(err, "%s", sync.where);
    if (status != TL_OK && run_is_stopped(run))
        status = run_stopped(run, err);
    if (status != TL_OK) {
        sync_abandon(&sync, !run_may_try_again(run, report, status), err->message);
    }
    sync_reset(&sync);
    return status;
}

/* A failed attempt counts for nothing but what it has committed. */
static void run_count_back(struct run *run, size_t index)
{
    const struct progress *progress = &run->streams[index].progress;

    run->report->streams[index].rows_read = progress->rows_read;
    run->report->streams[index].bytes_read = progress->bytes_read;
    run->report->upserts = progress->upserts;
    run->report->updates = progress->updates;
    run->report->deletes = progress->deletes;
    run->report->truncates = progress->truncates;
}

/* Waits before the next attempt; false if asked to stop meanwhile. */
static bool run_back_off(const struct run *run, const struct stream_report *report,
                         const struct tl_error *err)
{
    int64_t limit = BACKOFF_FIRST_MS;
    struct pollfd stop = {.fd = run->options->stop_fd, .events = POLLIN};
    int64_t until_ms;
    int wait_ms, ready;

    for (uint64_t i = 1; i < report->attempts && limit < BACKOFF_LAST_MS; i++)
        limit *= 2;
    limit = limit < BACKOFF_LAST_MS ? limit : BACKOFF_LAST_MS;
    wait_ms = (int)(limit / 2 + random() % (limit / 2 + 1));
    tl_log(TL_LOG_WARNING, "%s: %s; retry %d of %d in %.1f s", report->table, err->message,
           (int)report->attempts, (int)run->options->retry_attempts, wait_ms / 1000.0);
    until_ms = clock_now_ms() + wait_ms;
    do
        ready = poll(&stop, 1, clock_remaining_ms(until_ms));
    while (ready < 0 && errno == EINTR);
    return ready == 0;
}

/* All attempts at one stream. */
static enum tl_status run_stream(struct run *run, size_t index, struct tl_error *err)
{
    struct stream_run *stream = &run->streams[index];
    struct stream_report *report = &run->report->streams[index];
    enum tl_status status;

    stream->run = run->contents.next_run;
    stream->started_us = clock_utc_us();
    stream->progress = (struct progress){.upserts = run->report->upserts,
                                         .updates = run->report->updates,
                                         .deletes = run->report->deletes,
                                         .truncates = run->report->truncates};
    if (run_initial_state(run, stream->stream->table, &stream->state, err) != TL_OK)
        return err->status;
    for (;;) {
        report->attempts++;
        run_count_back(run, index);
        *err = (struct tl_error){0};
        status = run_attempt(run, index, err);
        if (status == TL_OK || !run_may_try_again(run, report, status))
            return status;
        if (!run_back_off(run, report, err))
            return run_stopped(run, err);
    }
}

/* The writer may give up on a stream after its update went well: when the last of it is
 * committed. */
static void run_record_late_failures(struct run *run)
{
    queue_drain(run->queue);
    for (size_t i = 0; i < run->n_streams; i++) {
        struct stream_run *stream = &run->streams[i];
        struct stream_report *report = &run->report->streams[i];
        struct operation *operation;
        struct tl_error err = {0};

        if (report->error.status != TL_OK || !atomic_load(&stream->failed))
            continue;
        report->error = stream->error;
        (void)tl_context(&report->error, "stream %s", report->table);
        operation = operation_new(OPERATION_ROLLBACK, stream, &err);
        if (operation == NULL)
            continue; /* only its line in the run log is missing */
        operation->last = true;
        operation->progress.rows_read = report->rows_read;
        operation->progress.bytes_read = report->bytes_read;
        queue_push(run->queue, operation);
    }
}

/* Takes the writer's part into the report; everything has been carried out. */
static void run_settle(struct run *run, size_t index)
{
    struct stream_run *stream = &run->streams[index];
    struct stream_report *report = &run->report->streams[index];

    report->tally = stream->committed;
    report->schema_changes = stream->schema_changes;
    notes_cut(stream, stream->n_committed_notes);
    report->schema_notes = stream->schema_notes;
    report->n_schema_notes = stream->n_schema_notes;
    report->state = stream->state;
    stream->schema_notes = NULL;
    stream->n_schema_notes = 0;
    stream->state = NULL;
    run->report->schema_changes += stream->schema_changes;
    run->report->checkpoints += stream->checkpoints;
}

/* Waits for the writer, whose failure may be the stream's. */
static void run_tell_end(struct run *run, const struct stream_report *report)
{
    struct run_observer *observer = run->options->observer;

    if (observer == NULL || observer->ended == NULL)
        return;
    run_record_late_failures(run);
    observer->ended(observer, report);
}

static void run_streams(struct run *run)
{
    for (size_t i = 0; i < run->n_streams; i++) {
        struct stream_report *report = &run->report->streams[i];
        int64_t started_ms = clock_now_ms();
        if (run_is_stopped(run)) {
            (void)run_stopped(run, &report->error);
            continue;
        }
        tl_log(TL_LOG_INFO, "%s: started", report->table);
        if (run->options->observer != NULL && run->options->observer->started != NULL)
            run->options->observer->started(run->options->observer, report->table);
        report->error.status = run_stream(run, i, &report->error);
        report->finished = true;
        report->duration_ms = clock_now_ms() - started_ms;
        if (report->error.status != TL_OK)
            (void)tl_context(&report->error, "stream %s", report->table);
        run_tell_end(run, report);
    }
    run_record_late_failures(run);
}

/* The run's outcome out of its streams'. */
static enum tl_status run_outcome(struct run *run, struct tl_error *err)
{
    const struct stream_report *first = NULL;
    struct buf names = BUF_INIT(512);
    size_t failed = 0;

    for (size_t i = 0; i < run->n_streams; i++) {
        const struct stream_report *report = &run->report->streams[i];
        if (report->error.status == TL_OK)
            continue;
        first = first ? first : report;
        buf_printf(&names, "%s%s", failed++ ? ", " : "", report->table);
    }
    if (run_is_stopped(run) && failed > 0)
        (void)run_stopped(run, err);
    else if (failed == 0)
        err->status = TL_OK;
    else if (failed == run->n_streams)
        *err = first->error;
    else
        (void)tl_fail(err, TL_PARTIAL, "%zu of %zu streams failed: %s; the first says: %s",
                      failed, run->n_streams, buf_text(&names), first->error.message);
    buf_free(&names);
    return err->status;
}

static void run_close(struct run *run)
{
    writer_free(run->writer);
    if (run->options->connector->close != NULL)
        run->options->connector->close(run->instance);
    for (size_t i = 0; i < run->n_streams; i++) {
        key_reset(&run->streams[i].key);
        notes_cut(&run->streams[i], 0);
        free(run->streams[i].schema_notes);
        free(run->streams[i].state);
    }
    if (run->destination != NULL && run->options->opened == NULL)
        run->destination->ops->close(run->destination);
    destination_contents_reset(&run->contents);
    queue_free(run->queue);
    schema_reset(&run->schema);
    free(run->streams);
    free(run->indexes);
}

enum tl_status run_sync(const struct run_options *options, struct run_report *report,
                        struct tl_error *err)
{
    struct run run = {.options = options, .report = report};
    int64_t started_ms = clock_now_ms();
    enum tl_status status;

    srandom((unsigned)clock_utc_us());
    status = run_open_connector(&run, err);
    if (status == TL_OK)
        status = run_select(&run, err);
    if (status == TL_OK)
        status = run_open_destination(&run, err);
    if (status == TL_OK) {
        run_streams(&run);
        writer_free(run.writer);
        run.writer = NULL;
        for (size_t i = 0; i < run.n_streams; i++)
            run_settle(&run, i);
        status = run_outcome(&run, err);
        report->catalog = run.contents.catalog;
        run.contents.catalog = (struct catalog){0};
    }
    run_close(&run);
    report->duration_ms = clock_now_ms() - started_ms;
    return status;
}
