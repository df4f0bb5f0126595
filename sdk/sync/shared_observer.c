/* An observer for a run of several threads. */
#include "sync/shared_observer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { PROGRESS_MS = 100 };

struct stream_counts {
    uint64_t rows, bytes;

    bool started; /* in the first partition: the stream, in any of them */
};

static struct stream_counts *counts_of(const struct shared_observer *shared,
                                       const struct stream_report *stream)
{
    return &shared->seen[stream - shared->report->streams];
}

/* Those of the stream in the first partition, whose streams come first. */
static struct stream_counts *whole_of(const struct shared_observer *shared, const char *table)
{
    size_t i = 0;

    while (strcmp(shared->report->streams[i].table, table) != 0)
        i++;
    return &shared->seen[i];
}

static void progress(struct run_observer *observer, const struct stream_report *sofar)
{
    struct shared_observer *shared = (struct shared_observer *)observer;
    struct stream_counts *seen = counts_of(shared, sofar);
    int64_t now_ms = clock_now_ms();

    pthread_mutex_lock(&shared->lock);
    shared->sum.rows_read += sofar->rows_read - seen->rows;
    shared->sum.bytes_read += sofar->bytes_read - seen->bytes;
    seen->rows = sofar->rows_read;
    seen->bytes = sofar->bytes_read;
    if (now_ms >= shared->next_ms) {
        shared->next_ms = now_ms + PROGRESS_MS;
        shared->inner->progress(shared->inner, &shared->sum);
    }
    pthread_mutex_unlock(&shared->lock);
}

static void started(struct run_observer *observer, const char *table)
{
    struct shared_observer *shared = (struct shared_observer *)observer;
    struct stream_counts *whole = whole_of(shared, table);

    pthread_mutex_lock(&shared->lock);
    if (!whole->started)
        shared->inner->started(shared->inner, table);
    whole->started = true;
    pthread_mutex_unlock(&shared->lock);
}

static void ended(struct run_observer *observer, const struct stream_report *stream)
{
    struct shared_observer *shared = (struct shared_observer *)observer;

    pthread_mutex_lock(&shared->lock);
    shared->inner->ended(shared->inner, stream);
    pthread_mutex_unlock(&shared->lock);
}

enum tl_status shared_observer_init(struct shared_observer *shared, struct run_observer *inner,
                                    const struct run_report *report, struct tl_error *err)
{
    *shared = (struct shared_observer){
        .base = {.progress = inner->progress != NULL ? progress : NULL,
                 .started = inner->started != NULL ? started : NULL,
                 .ended = inner->ended != NULL ? ended : NULL},
        .inner = inner,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .report = report,
        .seen = calloc(report->n_streams + 1, sizeof(*shared->seen)),
    };
    (void)snprintf(shared->name, sizeof(shared->name), "%zu %ss", report->n_partitions,
                   report->partition);
    shared->sum.name = shared->name;
    return shared->seen ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the progress");
}

void shared_observer_reset(struct shared_observer *shared)
{
    free(shared->seen);
    shared->seen = NULL;
}
