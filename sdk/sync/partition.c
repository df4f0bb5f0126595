/* One partition of a run: attempts at its streams, one after the other. */
#include "sync/partition.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "sync/sync.h"
#include "sync/tables.h"
#include "towline/log.h"

enum { SAMPLE_ROWS = 5 };

enum { BACKOFF_FIRST_MS = 500, BACKOFF_LAST_MS = 30000 };

bool partition_is_stopped(const struct run_options *options)
{
    struct pollfd stop = {.fd = options->stop_fd, .events = POLLIN};
    return options->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

/* What the stop means is for the front end to say: a signal has its own exit code. */
enum tl_status partition_stopped(const struct run_options *options, struct tl_error *err)
{
    enum tl_status status = options->stopped ? options->stopped() : TL_INTERRUPTED;
    return tl_fail(err, status, "stopped by request; what was not committed is rolled back");
}

enum tl_status partition_hear(const struct run_options *options, enum tl_status status,
                              struct tl_error *err)
{
    if (status != TL_OK && err->status == TL_OK)
        (void)tl_fail(err, status, "%s failed without saying why", options->connector->name);
    err->status = status;
    return status;
}

/* An attempt that committed something, as those of an ordered stream may, earns all the others
 * once more. */
static bool may_try_again(const struct partition *partition, const struct stream_report *report,
                          enum tl_status status)
{
    return tl_status_is_transient(status) &&
           (int64_t)report->failures <= partition->options->retry_attempts;
}

/* One attempt at one stream. */
static enum tl_status attempt(const struct partition *partition, struct tl_instance *instance,
                              struct queue *queue, size_t index, struct tl_error *err)
{
    const struct run_options *run = partition->options;
    struct stream_report *report = &partition->reports[index];
    struct sync_options options = {
        .stream = &partition->streams[index],
        .queue = queue,
        .stop_fd = run->stop_fd,
        .state = partition->streams[index].state,
        .report = report,
        .observer = partition->observer,
        .max_sample = run->mode == DESTINATION_DRY_RUN ? SAMPLE_ROWS : 0,
        .enough_rows = run->enough_rows,
    };
    uint64_t committed_rows = partition->streams[index].progress.rows_read;
    struct tl_sync sync;
    enum tl_status status = sync_init(&sync, &options, err);

    if (status == TL_OK)
        status = sync_begin(&sync, err);
    if (status == TL_OK)
        status = partition_hear(
            run, run->connector->update(instance, partition->indexes[index], &sync, err), err);
    if (status == TL_OK)
        status = sync_finish(&sync, err);
    if (sync.enough)
        status = sync_finish_early(&sync, err);
    if (status == TL_DATA && sync.where[0] != '\0')
        status = tl_context(err, "%s", sync.where);
    if (status != TL_OK && partition_is_stopped(run))
        status = partition_stopped(run, err);
    if (status != TL_OK) {
        queue_drain(queue); /* now it is known what was committed */
        report->failures = partition->streams[index].progress.rows_read > committed_rows
                               ? 1
                               : report->failures + 1;
        sync_abandon(&sync, !may_try_again(partition, report, status), err);
    }
    sync_reset(&sync);
    return status;
}

/* Waits before the next attempt; false if asked to stop meanwhile. */
static bool back_off(const struct run_options *options, const struct stream_report *report,
                     const struct tl_error *err)
{
    int wait_ms = (int)backoff_ms(BACKOFF_FIRST_MS, BACKOFF_LAST_MS, report->failures);
    struct pollfd stop = {.fd = options->stop_fd, .events = POLLIN};
    int64_t until_ms;
    int ready;

    tl_log(TL_LOG_WARNING, "%s: %s; retry %d of %d in %.1f s", report->name, err->message,
           (int)report->failures, (int)options->retry_attempts, wait_ms / 1000.0);
    until_ms = clock_now_ms() + wait_ms;
    do
        ready = poll(&stop, 1, clock_remaining_ms(until_ms));
    while (ready < 0 && errno == EINTR);
    return ready == 0;
}

/* All attempts at one stream. */
static enum tl_status sync_stream(const struct partition *partition,
                                  struct tl_instance *instance, struct queue *queue,
                                  size_t index, struct tl_error *err)
{
    struct stream_run *stream = &partition->streams[index];
    struct stream_report *report = &partition->reports[index];
    enum tl_status status;

    stream->run = partition->run;
    stream->started_us = clock_utc_us();
    for (;;) {
        report->attempts++;
        report_count_back(report, &stream->progress);
        tables_count_back(stream);
        *err = (struct tl_error){0};
        status = attempt(partition, instance, queue, index, err);
        if (status == TL_OK || !may_try_again(partition, report, status))
            return status;
        if (!back_off(partition->options, report, err))
            return partition_stopped(partition->options, err);
    }
}

void partition_take_failure(const struct stream_run *stream, struct stream_report *report)
{
    if (report->error.status != TL_OK || !atomic_load(&stream->failed))
        return;
    report->error = stream->error;
    (void)tl_context(&report->error, "stream %s", report->name);
}

/* Who listens is told how it ended: the writer, whose failure may be the stream's, is waited
 * for. */
static void tell_end(const struct partition *partition, struct queue *queue, size_t index)
{
    struct run_observer *observer = partition->observer;

    if (observer == NULL || observer->ended == NULL)
        return;
    queue_drain(queue);
    partition_take_failure(&partition->streams[index], &partition->reports[index]);
    observer->ended(observer, &partition->reports[index]);
}

static enum tl_status run_stream(const struct partition *partition,
                                 struct tl_instance *instance, struct queue *queue,
                                 size_t index, struct tl_error *err)
{
    struct stream_report *report = &partition->reports[index];
    struct run_observer *observer = partition->observer;
    int64_t started_ms = clock_now_ms();

    tl_log(TL_LOG_INFO, "%s: started", report->name);
    if (observer != NULL && observer->started != NULL)
        observer->started(observer, report->table);
    err->status = sync_stream(partition, instance, queue, index, err);
    report->duration_ms = clock_now_ms() - started_ms;
    return err->status;
}

/* A stream that cannot even begin has failed all the same, and the run log says so. */
static void refuse_stream(const struct partition *partition, struct queue *queue, size_t index,
                          const struct tl_error *why)
{
    struct stream_run *stream = &partition->streams[index];
    struct tl_error ignored = {0};
    struct operation *operation = operation_new(OPERATION_ROLLBACK, stream, &ignored);

    stream->run = partition->run;
    stream->started_us = clock_utc_us();
    if (operation == NULL)
        return; /* only its line in the run log is missing */
    operation->last = true;
    operation->yields = true;
    operation->state = strdup(why->message);
    queue_push(queue, operation);
}

/* Of several places, one that cannot be reached is not tried again for each stream. */
static bool is_unreachable(const struct partition *partition, const struct tl_error *err)
{
    return partition->name != NULL && err->status == TL_CONNECT;
}

/* `refused`: why none of them can be synced; TL_OK at first, unless there is no instance. */
static void run_streams(const struct partition *partition, struct tl_instance *instance,
                        struct queue *queue, struct tl_error *refused)
{
    for (size_t i = 0; i < partition->n_streams; i++) {
        struct stream_report *report = &partition->reports[i];
        struct tl_error err = refused->status != TL_OK ? *refused : report->error;
        if (partition_is_stopped(partition->options)) {
            (void)partition_stopped(partition->options, &report->error);
            continue;
        }
        if (err.status != TL_OK)
            refuse_stream(partition, queue, i, &err);
        else if (run_stream(partition, instance, queue, i, &err) != TL_OK &&
                 is_unreachable(partition, &err))
            *refused = err;
        report->error = err;
        report->finished = true;
        if (err.status != TL_OK)
            (void)tl_context(&report->error, "stream %s", report->name);
        tell_end(partition, queue, i);
    }
}

void partition_run(const struct partition *partition, struct queue *queue)
{
    const struct run_options *options = partition->options;
    const struct tl_open open = {.config = options->config,
                                 .stop_fd = options->stop_fd,
                                 .partition_index = partition->index,
                                 .partition = partition->name,
                                 .at_once = partition->at_once};
    struct tl_instance *instance = partition->instance;
    struct tl_error refused = {0};

    if (instance == NULL)
        (void)partition_hear(options, options->connector->open(&open, &instance, &refused),
                             &refused);
    run_streams(partition, instance, queue, &refused);
    if (partition->instance == NULL && options->connector->close != NULL)
        options->connector->close(instance);
}
