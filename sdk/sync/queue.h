/* The queues of operations between the sources' threads, which fill them, and the writer's. */
#ifndef SYNC_QUEUE_H
#define SYNC_QUEUE_H

#include <stdbool.h>

#include "rows/block.h"

enum operation_kind {
    OPERATION_UPSERT,
    OPERATION_UPDATE,
    OPERATION_DELETE,
    OPERATION_TRUNCATE,
    OPERATION_SWEEP_BEGIN,
    OPERATION_SWEEP,
    OPERATION_CHECKPOINT,
    OPERATION_ROLLBACK
};

struct stream_run;

/* What the source's thread has counted of a stream, as of an operation. */
struct progress {
    uint64_t rows_read;
    uint64_t bytes_read;
    uint64_t upserts, updates, deletes, truncates;
};

struct operation {
    struct operation *next;
    enum operation_kind kind;
    struct stream_run *stream;
    struct block *block;      /* UPSERT, UPDATE, DELETE; owned */
    char *state;              /* CHECKPOINT: the stream's state, owned; NULL: unchanged */
    struct progress progress; /* CHECKPOINT, ROLLBACK */
    struct progress *tables;  /* CHECKPOINT: of each of the stream's tables, owned, or NULL */
    char *warnings;           /* CHECKPOINT, ROLLBACK: a line each, owned; NULL: none */
    bool last;                /* CHECKPOINT: the stream is done; ROLLBACK: it is given up */
    bool yields; /* nothing is half-done after it: another queue may have its turn */
};

struct operation *operation_new(enum operation_kind kind, struct stream_run *stream,
                                struct tl_error *err);
void operation_free(struct operation *operation);

/* How much a queue, or all of them, may hold: above soft_bytes it is not ready, above
 * hard_bytes its filler has to wait. */
struct queue_limit {
    size_t soft_bytes;
    size_t hard_bytes;
};

/* The queues of a run: one for each thread that fills, all emptied by one. */
struct queues;
struct queue;

TL_NODISCARD enum tl_status queues_new(struct queue_limit each, struct queue_limit all,
                                       struct queues **out, struct tl_error *err);

/* Frees the queues, too, and what they still hold. NULL is fine. */
void queues_free(struct queues *queues);

/* The next operation, waiting for one; NULL once the queues are closed and empty. Once begun
 * with a queue, stays with it until an operation that yields. Then the turn goes to a queue
 * that holds all up to such an operation, so that no slow source is waited for; when there is
 * none and room runs out, to the fullest; and a queue that is alone always has it. */
struct operation *queues_pop(struct queues *queues);

/* Says that the popped operation has been carried out (and may be freed). */
void queues_finish(struct queues *queues);

/* The queue popped from last may lose its turn: what it had begun is undone. */
void queues_yield(struct queues *queues);

/* No more will be pushed. */
void queues_close(struct queues *queues);

/* Adds a queue for one thread to fill; lent until queues_free. All are added before the first
 * is filled. */
TL_NODISCARD enum tl_status queue_new(struct queues *queues, struct queue **out,
                                      struct tl_error *err);

/* Takes the operation; waits while the queue, or all of them together, hold too much. The limit
 * of all does not hold back the queue whose turn it is. */
void queue_push(struct queue *queue, struct operation *operation);

/* Waits until everything pushed has been carried out; the queue then has its turn soon. */
void queue_drain(struct queue *queue);

/* No more will be pushed into this one. */
void queue_close(struct queue *queue);

bool queue_ready(struct queue *queue);

/* Readable exactly while queue_ready. */
int queue_ready_fd(const struct queue *queue);

#endif
