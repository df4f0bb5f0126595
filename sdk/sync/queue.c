/* The queue of operations between two threads. */
#include "sync/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct operation *first;
    struct operation **last;
    size_t bytes;
    size_t soft_bytes;
    size_t hard_bytes;
    size_t unfinished; /* pushed and not yet carried out */
    bool closed;
    bool ready;
    int ready_fd; /* an eventfd: 1 while ready */
};

struct operation *operation_new(enum operation_kind kind, struct stream_run *stream,
                                struct tl_error *err)
{
    struct operation *operation = calloc(1, sizeof(*operation));

    if (operation == NULL) {
        (void)tl_fail(err, TL_MEMORY, "out of memory for an operation");
        return NULL;
    }
    operation->kind = kind;
    operation->stream = stream;
    return operation;
}

void operation_free(struct operation *operation)
{
    if (operation == NULL)
        return;
    block_free(operation->block);
    free(operation->state);
    free(operation);
}

enum tl_status queue_new(size_t soft_bytes, size_t hard_bytes, struct queue **out,
                         struct tl_error *err)
{
    struct queue *queue = calloc(1, sizeof(*queue));

    if (queue == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the queue of operations");
    queue->ready_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
    if (queue->ready_fd < 0) {
        free(queue);
        return tl_fail(err, TL_INTERNAL, "cannot make an eventfd: %s", strerror(errno));
    }
    pthread_mutex_init(&queue->lock, NULL);
    pthread_cond_init(&queue->changed, NULL);
    queue->last = &queue->first;
    queue->soft_bytes = soft_bytes;
    queue->hard_bytes = hard_bytes;
    queue->ready = true;
    *out = queue;
    return TL_OK;
}

void queue_free(struct queue *queue)
{
    struct operation *operation;

    if (queue == NULL)
        return;
    while ((operation = queue->first) != NULL) {
        queue->first = operation->next;
        operation_free(operation);
    }
    close(queue->ready_fd);
    pthread_cond_destroy(&queue->changed);
    pthread_mutex_destroy(&queue->lock);
    free(queue);
}

/* Under the lock: keeps the descriptor in step with the fill. */
static void queue_update_ready(struct queue *queue)
{
    bool ready = queue->bytes <= queue->soft_bytes;
    eventfd_t value;

    if (ready == queue->ready)
        return;
    queue->ready = ready;
    if (ready)
        eventfd_write(queue->ready_fd, 1);
    else
        eventfd_read(queue->ready_fd, &value);
}

void queue_push(struct queue *queue, struct operation *operation)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->bytes > queue->hard_bytes)
        pthread_cond_wait(&queue->changed, &queue->lock);
    operation->next = NULL;
    *queue->last = operation;
    queue->last = &operation->next;
    queue->unfinished++;
    queue->bytes += operation->block ? operation->block->bytes : 0;
    queue_update_ready(queue);
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

struct operation *queue_pop(struct queue *queue)
{
    struct operation *operation;

    pthread_mutex_lock(&queue->lock);
    while (queue->first == NULL && !queue->closed)
        pthread_cond_wait(&queue->changed, &queue->lock);
    operation = queue->first;
    if (operation != NULL) {
        queue->first = operation->next;
        if (queue->first == NULL)
            queue->last = &queue->first;
        queue->bytes -= operation->block ? operation->block->bytes : 0;
        queue_update_ready(queue);
        pthread_cond_broadcast(&queue->changed);
    }
    pthread_mutex_unlock(&queue->lock);
    return operation;
}

void queue_finish(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->unfinished--;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

void queue_drain(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    while (queue->unfinished > 0)
        pthread_cond_wait(&queue->changed, &queue->lock);
    pthread_mutex_unlock(&queue->lock);
}

void queue_close(struct queue *queue)
{
    pthread_mutex_lock(&queue->lock);
    queue->closed = true;
    pthread_cond_broadcast(&queue->changed);
    pthread_mutex_unlock(&queue->lock);
}

bool queue_ready(struct queue *queue)
{
    bool ready;
    pthread_mutex_lock(&queue->lock);
    ready = queue->ready;
    pthread_mutex_unlock(&queue->lock);
    return ready;
}

int queue_ready_fd(const struct queue *queue)
{
    return queue->ready_fd;
}
