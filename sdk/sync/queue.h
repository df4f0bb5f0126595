/* The queue of operations between the source's thread, which fills it, and the writer's. */
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

/* What the source's thread has counted, as of an operation. */
struct progress {
    uint64_t rows_read; /* by the stream */
    uint64_t bytes_read;
    uint64_t upserts, updates, deletes, truncates; /* by the run */
};

struct operation {
    struct operation *next;
    enum operation_kind kind;
    struct stream_run *stream;
    struct block *block;      /* UPSERT, UPDATE, DELETE; owned */
    char *state;              /* CHECKPOINT: the stream's state, owned; NULL: unchanged */
    struct progress progress; /* CHECKPOINT, ROLLBACK */
    bool last;                /* CHECKPOINT: the stream is done; ROLLBACK: it is given up */
};

struct operation *operation_new(enum operation_kind kind, struct stream_run *stream,
                                struct tl_error *err);
void operation_free(struct operation *operation);

struct queue;

/* A queue that counts as full above soft_bytes and makes its filler wait above hard_bytes. */
TL_NODISCARD enum tl_status queue_new(size_t soft_bytes, size_t hard_bytes, struct queue **out,
                                      struct tl_error *err);
void queue_free(struct queue *queue);

/* Takes the operation; waits while the queue holds more than hard_bytes. */
void queue_push(struct queue *queue, struct operation *operation);

/* The next operation, waiting for one; NULL once the queue is closed and empty. */
struct operation *queue_pop(struct queue *queue);

/* Says that a popped operation has been carried out (and may be freed). */
void queue_finish(struct queue *queue);

/* Waits until everything pushed has been carried out. */
void queue_drain(struct queue *queue);

/* No more will be pushed. */
void queue_close(struct queue *queue);

bool queue_ready(struct queue *queue);

/* Readable exactly while queue_ready. */
int queue_ready_fd(const struct queue *queue);

#endif
