/* One stream within a run: what both threads must know of it. A stream may fill several tables,
 * whose rows are committed together, with its state: each of these has a struct of its own,
 * with `root` set, of which only what concerns rows is used.
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

struct stream_report;
struct tl_schema;

struct stream_run {
    const struct tl_stream *stream;
    const struct tl_schema *schema; /* that the stream is of */
    struct stream_report *report;
    const char *name;      /* of the table, or "table@partition": in messages and run log */
    const char *partition; /* NULL: the connector has none */
    struct key key;
    char **own_key; /* its names where the output gave them; owned, NULL-terminated */
    int64_t run;    /* number in the run log */
    int64_t started_us;
    struct stream_run *root;    /* of a table: the stream that fills it; else NULL */
    size_t index;               /* of a table: in root->tables */
    struct stream_run **tables; /* of a stream that fills several: those that it has named */
    size_t n_tables;

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
    struct stream_run *met;   /* the tables of which operations have come, by next_met */
    struct stream_run *next_met;
    bool is_met;
};

/* The stream whose outcome it is: itself, unless it is one of a stream's tables. */
static inline struct stream_run *stream_root(struct stream_run *stream)
{
    return stream->root != NULL ? stream->root : stream;
}

/* stream.c: the declaration of the stream's column of that name; NULL if it has none. */
const struct tl_column *stream_column(const struct tl_stream *stream, const char *name,
                                      size_t size);

#endif
