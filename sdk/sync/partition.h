/* One partition of a run: an instance of the connector, whose streams are synced one after the
 * other, all on one thread. A connector without partitions runs as a single one. */
#ifndef SYNC_PARTITION_H
#define SYNC_PARTITION_H

#include "sync/run.h"
#include "sync/stream_run.h"

struct partition {
    const struct run_options *options;
    struct run_observer *observer; /* NULL: nobody listens */
    const char *name;              /* NULL: the connector has no partitions */
    size_t index;
    size_t at_once;               /* how many of them run side by side */
    struct tl_instance *instance; /* NULL: it opens one of its own, and closes it */
    int64_t run;                  /* number in the run log */

    /* The streams, those of all partitions alike, each with its state to start from. A report
     * that has an error already is of a stream that cannot be synced. */
    struct stream_run *streams;
    struct stream_report *reports;
    const size_t *indexes; /* of them in the connector's schema */
    size_t n_streams;
};

/* Syncs them through the queue, which this thread alone fills. How each went is in its report,
 * except for failures of the writer: they are known when it has come so far. */
void partition_run(const struct partition *partition, struct queue *queue);

/* Whether the run was asked to stop, and the error that says so. */
bool partition_is_stopped(const struct run_options *options);
enum tl_status partition_stopped(const struct run_options *options, struct tl_error *err);

/* A connector that fails without filling the error must not pass for one that went well. */
enum tl_status partition_hear(const struct run_options *options, enum tl_status status,
                              struct tl_error *err);

/* Takes the writer's failure, if it has met one, into the report. */
void partition_take_failure(const struct stream_run *stream, struct stream_report *report);

#endif
