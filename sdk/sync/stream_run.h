/* One stream within a run: what both threads must know of it.
 *
 * The source's thread owns everything before `failed`; the writer's thread everything after it.
 * The source reads the writer's part only after queue_drain. */
#ifndef SYNC_STREAM_RUN_H
#define SYNC_STREAM_RUN_H

#include <stdatomic.h>

#include "destinations/destination.h"
#include "sync/key.h"
#include "sync/partition_states.h"
#include "sync/queue.h"
#include "towline/stream.h"

struct stream_run {
    const struct tl_stream *stream;
    const char *name;      /* of the table, or "table@partition": in messages and run log */
    const char *partition; /* NULL: the connector has none */
    struct key key;
    char **own_key; /* its names where the output gave them; owned, NULL-terminated */
    int64_t run;    /* number in the run log */
    int64_t started_us;

    atomic_bool failed; /* the writer gave up on this stream; error says why */
    struct tl_error error;
    char *state;                     /* as of the last checkpoint; NULL: none yet */
    struct partition_states *states; /* of all partitions of the stream; NULL: it has none */
    struct tally pending;            /* since the last checkpoint */
    struct tally committed;
    uint64_t pending_schema_changes;
    uint64_t schema_changes;
    char **schema_notes;
    size_t n_schema_notes;
    size_t n_committed_notes;
    uint64_t checkpoints;
    struct progress progress; /* as of the last checkpoint: an attempt counts on from there */
};

#endif
