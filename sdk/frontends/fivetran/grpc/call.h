/* One call: a request that has come whole, a thread that answers it, and between that thread
 * and the connection a queue of messages that is bounded in bytes. */
#ifndef GRPC_CALL_H
#define GRPC_CALL_H

#include <stdatomic.h>

#include "frontends/fivetran/grpc/frame.h"

struct grpc_call;

/* What a program offers. It embeds this first. */
struct grpc_service {
    const struct grpc_method *methods; /* ended by a NULL path */
};

struct grpc_method {
    const char *path; /* "/package.Service/Method" */
    /* Answers; runs on a thread of its own and ends with grpc_call_end. */
    void (*answer)(struct grpc_service *service, struct grpc_call *call);
};

/* For the method. */

/* The request's message; lives as long as the call. */
const struct buf *grpc_call_request(const struct grpc_call *call);

/* Readable once the call is to stop: the client has cancelled it or is gone, its deadline has
 * passed, or the server shuts down. */
int grpc_call_stop_fd(const struct grpc_call *call);

/* Queues a frame (frame_begin ... frame_end), whose memory it takes, leaving *frame empty.
 * Waits while the queue is full. TL_INTERRUPTED once nobody listens any more. */
TL_NODISCARD enum tl_status grpc_call_send(struct grpc_call *call, struct buf *frame,
                                           struct tl_error *err);

/* The last word; the message is copied and may be NULL. Where the server shuts down, it says so
 * instead of GRPC_CANCELLED. */
void grpc_call_end(struct grpc_call *call, enum grpc_code code, const char *message);

/* For the connection. */

enum grpc_stop { GRPC_STOP_GONE, GRPC_STOP_DEADLINE, GRPC_STOP_SHUTDOWN };

/* What calls share with their server. */
struct grpc_hub {
    struct grpc_service *service;
    int wake_fd;        /* written when a call has something for its connection */
    atomic_bool awake;  /* it was written and not yet heeded */
    unsigned n_running; /* threads; the server's own count */
    atomic_size_t held; /* bytes of requests that have come and are not yet answered */
    _Atomic(struct grpc_call *) finished; /* whose threads are at their end */
};

void grpc_hub_wake(struct grpc_hub *hub);

/* Waits for the threads that are at their end, and lets go of their calls. */
void grpc_hub_reap(struct grpc_hub *hub);

/* A call without a request yet; NULL when memory or descriptors ran out. */
struct grpc_call *grpc_call_new(struct grpc_hub *hub, const struct grpc_method *method,
                                enum frame_encoding encoding);

/* Takes a piece of the request's body. False: the call can only be refused, as *why says. */
bool grpc_call_append(struct grpc_call *call, const void *bytes, size_t size, const char **why);

/* The request is complete: starts the thread. False if it could not be, or too many run. */
bool grpc_call_start(struct grpc_call *call);

/* Asks the thread to stop. What it has queued is dropped unless the server shuts down. */
void grpc_call_stop(struct grpc_call *call, enum grpc_stop why);

enum grpc_progress {
    GRPC_PROGRESS_WAIT, /* nothing to send for now */
    GRPC_PROGRESS_DATA,
    GRPC_PROGRESS_END /* all has been sent, the status is known */
};
enum grpc_progress grpc_call_progress(struct grpc_call *call);

/* Takes at most max bytes off the queue. */
size_t grpc_call_read(struct grpc_call *call, void *out, size_t max);

/* After GRPC_PROGRESS_END; the message is lent. */
struct grpc_status grpc_call_status(const struct grpc_call *call);

/* The connection lets go: as a stop if the call still runs. NULL is fine. */
void grpc_call_release(struct grpc_call *call);

#endif
