/* One call: its request, its thread, and the bounded queue of messages to its connection. */
#include "frontends/fivetran/grpc/call.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* The queue takes a message while it holds less than this: at most one message more. */
enum { QUEUE_BYTES = 256 * 1024, REQUEST_MAX_BYTES = FRAME_MAX_BYTES + 4096 };

/* Of all connections together. A platform makes a handful of calls with small requests. */
enum { MAX_CALLS = 100, MAX_HELD_BYTES = 2 * FRAME_MAX_BYTES };

struct grpc_frame {
    struct grpc_frame *next;
    char *data;
    size_t size;
};

struct grpc_call {
    atomic_uint references; /* the connection's, and the thread's */
    struct grpc_hub *hub;
    const struct grpc_method *method;
    enum frame_encoding encoding;
    struct buf body;    /* as it comes in; until the thread starts */
    size_t held;        /* its bytes, as the hub counts them */
    struct buf message; /* the request; the thread's */
    int stop_fd;
    pthread_t thread;
    struct grpc_call *next_finished;

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t room;
    struct grpc_frame *first, *last;
    size_t sent; /* of first */
    size_t queued_bytes;
    bool stopped;
    enum grpc_stop why;
    bool ended;
    enum grpc_code code;
    char *text; /* of the status; NULL: none */
};

void grpc_hub_wake(struct grpc_hub *hub)
{
    const uint64_t one = 1;

    if (!atomic_exchange(&hub->awake, true))
        (void)!write(hub->wake_fd, &one, sizeof(one));
}

struct grpc_call *grpc_call_new(struct grpc_hub *hub, const struct grpc_method *method,
                                enum frame_encoding encoding)
{
    struct grpc_call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return NULL;
    call->hub = hub;
    call->method = method;
    call->encoding = encoding;
    call->body = BUF_INIT(REQUEST_MAX_BYTES);
    call->message = BUF_INIT(FRAME_MAX_BYTES);
    atomic_init(&call->references, 1);
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->room, NULL);
    call->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (call->stop_fd >= 0)
        return call;
    grpc_call_release(call);
    return NULL;
}

/* Under the lock, or when nobody else has the call. */
static void drop_frames(struct grpc_call *call)
{
    while (call->first != NULL) {
        struct grpc_frame *next = call->first->next;
        free(call->first->data);
        free(call->first);
        call->first = next;
    }
    call->last = NULL;
    call->sent = call->queued_bytes = 0;
}

static void drop_reference(struct grpc_call *call)
{
    if (atomic_fetch_sub(&call->references, 1) > 1)
        return;
    drop_frames(call);
    atomic_fetch_sub(&call->hub->held, call->held);
    buf_wipe(&call->body); /* configurations hold secrets */
    buf_wipe(&call->message);
    if (call->stop_fd >= 0)
        (void)close(call->stop_fd);
    pthread_cond_destroy(&call->room);
    pthread_mutex_destroy(&call->lock);
    free(call->text);
    free(call);
}

void grpc_call_release(struct grpc_call *call)
{
    if (call == NULL)
        return;
    grpc_call_stop(call, GRPC_STOP_GONE);
    drop_reference(call);
}

bool grpc_call_append(struct grpc_call *call, const void *bytes, size_t size, const char **why)
{
    buf_append(&call->body, bytes, size);
    call->held += size;
    *why = "the message is larger than 128 MiB";
    if (atomic_fetch_add(&call->hub->held, size) + size > MAX_HELD_BYTES) {
        *why = "the requests under way are too large together";
        return false;
    }
    return !call->body.failed && !frame_is_oversized(&call->body);
}

/* The last thing a thread does: hands itself over to be waited for. */
static void finish(struct grpc_call *call)
{
    struct grpc_hub *hub = call->hub;
    struct grpc_call *first = atomic_load(&hub->finished);

    do
        call->next_finished = first;
    while (!atomic_compare_exchange_weak(&hub->finished, &first, call));
    grpc_hub_wake(hub);
}

static void *thread_main(void *argument)
{
    struct grpc_call *call = argument;
    struct grpc_status status = frame_unpack(&call->body, call->encoding, &call->message);

    buf_wipe(&call->body);
    if (status.code != GRPC_OK)
        grpc_call_end(call, status.code, status.message);
    else
        call->method->answer(call->hub->service, call);
    finish(call);
    return NULL;
}

bool grpc_call_start(struct grpc_call *call)
{
    if (call->hub->n_running >= MAX_CALLS)
        return false;
    atomic_fetch_add(&call->references, 1);
    if (pthread_create(&call->thread, NULL, thread_main, call) == 0) {
        call->hub->n_running++;
        return true;
    }
    atomic_fetch_sub(&call->references, 1);
    return false;
}

void grpc_hub_reap(struct grpc_hub *hub)
{
    struct grpc_call *call = atomic_exchange(&hub->finished, NULL);

    while (call != NULL) {
        struct grpc_call *next = call->next_finished;
        (void)pthread_join(call->thread, NULL);
        drop_reference(call);
        hub->n_running--;
        call = next;
    }
}

void grpc_call_stop(struct grpc_call *call, enum grpc_stop why)
{
    const uint64_t one = 1;

    pthread_mutex_lock(&call->lock);
    if (!call->stopped || why == GRPC_STOP_GONE) {
        call->stopped = true;
        call->why = why;
    }
    if (call->why != GRPC_STOP_SHUTDOWN)
        drop_frames(call);
    pthread_cond_broadcast(&call->room);
    pthread_mutex_unlock(&call->lock);
    (void)!write(call->stop_fd, &one, sizeof(one));
}

const struct buf *grpc_call_request(const struct grpc_call *call)
{
    return &call->message;
}

int grpc_call_stop_fd(const struct grpc_call *call)
{
    return call->stop_fd;
}

/* Under the lock. Nobody will read what is queued. */
static bool is_deserted(const struct grpc_call *call)
{
    return call->stopped && call->why != GRPC_STOP_SHUTDOWN;
}

/* Under the lock. */
static bool enqueue(struct grpc_call *call, struct buf *frame)
{
    struct grpc_frame *last = malloc(sizeof(*last));

    if (last == NULL)
        return false;
    *last = (struct grpc_frame){.size = frame->size, .data = frame->data};
    *frame = BUF_INIT(frame->max_size);
    call->queued_bytes += last->size;
    if (call->last != NULL)
        call->last->next = last;
    else
        call->first = last;
    call->last = last;
    return true;
}

enum tl_status grpc_call_send(struct grpc_call *call, struct buf *frame, struct tl_error *err)
{
    bool deserted, queued = false;

    pthread_mutex_lock(&call->lock);
    while (call->queued_bytes >= QUEUE_BYTES && !is_deserted(call))
        pthread_cond_wait(&call->room, &call->lock);
    deserted = is_deserted(call);
    if (!deserted)
        queued = enqueue(call, frame);
    pthread_mutex_unlock(&call->lock);
    buf_free(frame);
    if (deserted)
        return tl_fail(err, TL_INTERRUPTED, "the platform has ended the call");
    if (!queued)
        return tl_fail(err, TL_MEMORY, "out of memory for a message");
    grpc_hub_wake(call->hub);
    return TL_OK;
}

void grpc_call_end(struct grpc_call *call, enum grpc_code code, const char *message)
{
    pthread_mutex_lock(&call->lock);
    if (!call->ended) {
        bool shut_down = call->stopped && call->why == GRPC_STOP_SHUTDOWN;
        if (code == GRPC_CANCELLED && shut_down) {
            code = GRPC_UNAVAILABLE;
            message = "the connector was told to stop; sync again from the last checkpoint";
        }
        call->ended = true;
        call->code = code;
        call->text = message ? strdup(message) : NULL;
    }
    pthread_mutex_unlock(&call->lock);
    grpc_hub_wake(call->hub);
}

enum grpc_progress grpc_call_progress(struct grpc_call *call)
{
    enum grpc_progress progress = GRPC_PROGRESS_WAIT;

    pthread_mutex_lock(&call->lock);
    if (call->first != NULL)
        progress = GRPC_PROGRESS_DATA;
    else if (call->ended)
        progress = GRPC_PROGRESS_END;
    pthread_mutex_unlock(&call->lock);
    return progress;
}

/* Under the lock: the first frame is through. */
static void drop_first(struct grpc_call *call)
{
    struct grpc_frame *done = call->first;

    call->queued_bytes -= done->size;
    call->first = done->next;
    if (call->first == NULL)
        call->last = NULL;
    call->sent = 0;
    free(done->data);
    free(done);
    if (call->queued_bytes < QUEUE_BYTES)
        pthread_cond_signal(&call->room);
}

size_t grpc_call_read(struct grpc_call *call, void *out, size_t max)
{
    size_t size = 0;

    pthread_mutex_lock(&call->lock);
    while (call->first != NULL && size < max) {
        size_t left = call->first->size - call->sent;
        size_t piece = left < max - size ? left : max - size;
        memcpy((char *)out + size, call->first->data + call->sent, piece);
        size += piece;
        call->sent += piece;
        if (piece == left)
            drop_first(call);
    }
    pthread_mutex_unlock(&call->lock);
    return size;
}

struct grpc_status grpc_call_status(const struct grpc_call *call)
{
    return (struct grpc_status){.code = call->code, .message = call->text};
}
