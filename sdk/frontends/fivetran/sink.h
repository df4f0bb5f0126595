/* The platform in a destination's place: rows become Records messages, schema changes and
 * checkpoints messages of their own, in that order on the wire in which they belong. */
#ifndef FIVETRAN_SINK_H
#define FIVETRAN_SINK_H

#include <pthread.h>

#include "frontends/fivetran/grpc/call.h"
#include "frontends/fivetran/record.h"

/* Under this a batch of rows is filled up, and above it a message never gets unless a single
 * row is larger: that one goes alone. */
enum { SINK_BATCH_BYTES = 128 * 1024, SINK_BATCH_ROWS = 100, SINK_MESSAGE_BYTES = 1000 * 1000 };

struct sink_state {
    char *stream;
    char *json;
};

struct sink {
    struct destination base;
    struct grpc_call *call;            /* NULL: only looks, for Schema */
    const struct selection *selection; /* lent */
    struct view view;
    const char **truncate; /* tables to be truncated before their next rows; lent names */
    size_t n_truncate;

    struct record_layout layout;
    struct buf frame; /* under construction */
    struct buf spare; /* a record that did not fit into it */
    size_t records_at;
    size_t batch_rows;

    pthread_mutex_t lock; /* guards what follows: checkpoints come from a clock, too */
    struct sink_state *states;
    size_t n_states;
    bool unsaved;        /* states the platform does not have yet */
    int64_t interval_ms; /* 0 or less: each commit sends one */
    int64_t saved_ms;    /* when the last checkpoint was sent, or the update began */
};

/* With call NULL it only looks at rows. `whole` is the state to begin with, {"stream": {...}}.
 */
TL_NODISCARD enum tl_status sink_init(struct sink *sink, struct grpc_call *call,
                                      const struct selection *selection, const char *whole,
                                      struct tl_error *err);
void sink_reset(struct sink *sink);

/* How often a clock is to call sink_checkpoint: once an interval. */
int sink_clock_ms(const struct sink *sink);

/* Sends the state as it is committed if there is something to save, or none was sent for ten
 * intervals. May be called from any thread. */
TL_NODISCARD enum tl_status sink_checkpoint(struct sink *sink, bool last, struct tl_error *err);

/* Sends a Warning or a Task: field is UPDATE_WARNING or UPDATE_TASK. From any thread. */
TL_NODISCARD enum tl_status sink_say(struct sink *sink, unsigned field, const char *text,
                                     struct tl_error *err);

#endif
