/* The queues of operations between threads: one lock, one budget, whose turn it is. */
#include "sync/queue.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct queue {
    struct queues *all;
    struct operation *first;
    struct operation **last;
    size_t bytes;
    size_t n_yields;   /* how many operations that yield it holds */
    size_t unfinished; /* pushed and not yet carried out */
    bool drained;      /* its filler waits for that */
    bool closed;
    bool ready;
    int ready_fd; /* an eventfd: 1 while ready */
};

struct queues {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_cond_t emptied;
    struct queue **list;
    size_t count;
    size_t next; /* where in the list to look first: turns go round */
    struct queue_limit each;
    struct queue_limit limit;
    size_t bytes;
    struct queue *current; /* whose turn it is */
    struct queue *popped;  /* whose operation is being carried out */
    bool closed;
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
    free(operation->tables);
    free(operation->warnings);
    free(operation);
}

static size_t operation_bytes(const struct operation *operation)
{
    return operation->block ? operation->block->bytes : 0;
}

enum tl_status queues_new(struct queue_limit each, struct queue_limit all, struct queues **out,
                          struct tl_error *err)
{
    struct queues *queues = calloc(1, sizeof(*queues));

    if (queues == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the queues of operations");
    pthread_mutex_init(&queues->lock, NULL);
    pthread_cond_init(&queues->filled, NULL);
    pthread_cond_init(&queues->emptied, NULL);
    queues->each = each;
    queues->limit = all;
    *out = queues;
    return TL_OK;
}

static void queue_free(struct queue *queue)
{
    struct operation *operation;

    while ((operation = queue->first) != NULL) {
        queue->first = operation->next;
        operation_free(operation);
    }
    close(queue->ready_fd);
    free(queue);
}

void queues_free(struct queues *queues)
{
    if (queues == NULL)
        return;
    for (size_t i = 0; i < queues->count; i++)
        queue_free(queues->list[i]);
    free(queues->list);
    pthread_cond_destroy(&queues->emptied);
    pthread_cond_destroy(&queues->filled);
    pthread_mutex_destroy(&queues->lock);
    free(queues);
}

/* The writer may be looking through the list already. */
static bool queues_add(struct queues *queues, struct queue *queue)
{
    struct queue **list;

    pthread_mutex_lock(&queues->lock);
    list = realloc(queues->list, (queues->count + 1) * sizeof(*list));
    if (list != NULL) {
        queues->list = list;
        list[queues->count++] = queue;
    }
    pthread_mutex_unlock(&queues->lock);
    return list != NULL;
}

enum tl_status queue_new(struct queues *queues, struct queue **out, struct tl_error *err)
{
    struct queue *queue = calloc(1, sizeof(*queue));
    int ready_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);

    if (queue != NULL && ready_fd >= 0) {
        *queue = (struct queue){
            .all = queues, .last = &queue->first, .ready = true, .ready_fd = ready_fd};
        if (queues_add(queues, queue)) {
            *out = queue;
            return TL_OK;
        }
    }
    free(queue);
    if (ready_fd < 0)
        return tl_fail(err, TL_INTERNAL, "cannot make an eventfd: %s", strerror(errno));
    close(ready_fd);
    return tl_fail(err, TL_MEMORY, "out of memory for a queue of operations");
}

/* Under the lock, as all that follow: keeps the descriptor in step with the fill. */
static void queue_update_ready(struct queue *queue)
{
    const struct queues *all = queue->all;
    bool ready = queue->bytes <= all->each.soft_bytes &&
                 (queue == all->current || all->bytes <= all->limit.soft_bytes);
    eventfd_t value;

    if (ready == queue->ready)
        return;
    queue->ready = ready;
    if (ready)
        eventfd_write(queue->ready_fd, 1);
    else
        eventfd_read(queue->ready_fd, &value);
}

/* The queue holds more or less than before, and so do all. */
static void queue_count(struct queue *queue, size_t more, size_t less)
{
    struct queues *all = queue->all;
    bool was_full = all->bytes > all->limit.soft_bytes;

    queue->bytes += more - less;
    all->bytes += more - less;
    queue_update_ready(queue);
    if (was_full == (all->bytes > all->limit.soft_bytes))
        return;
    for (size_t i = 0; i < all->count; i++)
        queue_update_ready(all->list[i]);
}

static bool queue_must_wait(const struct queue *queue)
{
    const struct queues *all = queue->all;

    return queue->bytes > all->each.hard_bytes ||
           (queue != all->current && all->bytes > all->limit.hard_bytes);
}

void queue_push(struct queue *queue, struct operation *operation)
{
    struct queues *all = queue->all;

    pthread_mutex_lock(&all->lock);
    while (queue_must_wait(queue))
        pthread_cond_wait(&all->emptied, &all->lock);
    operation->next = NULL;
    *queue->last = operation;
    queue->last = &operation->next;
    queue->unfinished++;
    queue->n_yields += operation->yields;
    queue_count(queue, operation_bytes(operation), 0);
    pthread_cond_signal(&all->filled);
    pthread_mutex_unlock(&all->lock);
}

static struct operation *queue_take(struct queue *queue)
{
    struct operation *operation = queue->first;

    queue->first = operation->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->n_yields -= operation->yields;
    queue_count(queue, 0, operation_bytes(operation));
    return operation;
}

static void queues_set_turn(struct queues *queues, struct queue *queue)
{
    struct queue *before = queues->current;

    queues->current = queue;
    if (before != NULL)
        queue_update_ready(before);
    if (queue != NULL)
        queue_update_ready(queue);
}

static struct queue *queues_choose(struct queues *queues)
{
    struct queue *fullest = NULL;
    size_t open = 0;

    for (size_t n = 0; n < queues->count; n++) {
        size_t i = (queues->next + n) % queues->count;
        struct queue *queue = queues->list[i];
        open += !queue->closed;
        if (queue->first == NULL)
            continue;
        if (queue->n_yields > 0 || queue->drained || queue->closed) {
            queues->next = i + 1;
            return queue;
        }
        if (fullest == NULL || queue->bytes > fullest->bytes)
            fullest = queue;
    }
    if (fullest == NULL || (fullest->ready && open > 1 && !queues->closed))
        return NULL;
    return fullest;
}

/* Whether there is something to be taken from the queue whose turn it is now. One that will not
 * be filled any more has had its turn. */
static bool queues_find_turn(struct queues *queues)
{
    const struct queue *current = queues->current;

    if (current != NULL && current->first == NULL && (current->closed || queues->closed))
        queues_set_turn(queues, NULL);
    if (queues->current == NULL)
        queues_set_turn(queues, queues_choose(queues));
    return queues->current != NULL && queues->current->first != NULL;
}

struct operation *queues_pop(struct queues *queues)
{
    struct operation *operation = NULL;

    pthread_mutex_lock(&queues->lock);
    while (!queues_find_turn(queues) && !queues->closed)
        pthread_cond_wait(&queues->filled, &queues->lock);
    if (queues->current != NULL) {
        operation = queue_take(queues->current);
        queues->popped = queues->current;
        if (operation->yields)
            queues_set_turn(queues, NULL);
        pthread_cond_broadcast(&queues->emptied);
    }
    pthread_mutex_unlock(&queues->lock);
    return operation;
}

void queues_finish(struct queues *queues)
{
    pthread_mutex_lock(&queues->lock);
    queues->popped->unfinished--;
    pthread_cond_broadcast(&queues->emptied);
    pthread_mutex_unlock(&queues->lock);
}

void queues_yield(struct queues *queues)
{
    pthread_mutex_lock(&queues->lock);
    queues_set_turn(queues, NULL);
    pthread_mutex_unlock(&queues->lock);
}

void queues_close(struct queues *queues)
{
    pthread_mutex_lock(&queues->lock);
    queues->closed = true;
    pthread_cond_signal(&queues->filled);
    pthread_mutex_unlock(&queues->lock);
}

void queue_drain(struct queue *queue)
{
    struct queues *all = queue->all;

    pthread_mutex_lock(&all->lock);
    queue->drained = true;
    pthread_cond_signal(&all->filled);
    while (queue->unfinished > 0)
        pthread_cond_wait(&all->emptied, &all->lock);
    queue->drained = false;
    pthread_mutex_unlock(&all->lock);
}

void queue_close(struct queue *queue)
{
    struct queues *all = queue->all;

    pthread_mutex_lock(&all->lock);
    queue->closed = true;
    pthread_cond_signal(&all->filled);
    pthread_mutex_unlock(&all->lock);
}

bool queue_ready(struct queue *queue)
{
    bool ready;
    pthread_mutex_lock(&queue->all->lock);
    ready = queue->ready;
    pthread_mutex_unlock(&queue->all->lock);
    return ready;
}

int queue_ready_fd(const struct queue *queue)
{
    return queue->ready_fd;
}
