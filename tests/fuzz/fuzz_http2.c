/* What a gRPC connection does with the frames of HTTP/2 that a client sends behind the preface:
 * calls begin, are answered by threads, are reset, cut short. The bytes arrive in two pieces.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "frontends/fivetran/grpc/connection.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ANSWER_BYTES = 20000, ANSWERS = 50, LONGEST_INPUT = 64 * 1024 };

/* The request comes back. */
static void echo(struct grpc_service *service, struct grpc_call *call)
{
    const struct buf *request = grpc_call_request(call);
    struct buf frame = BUF_INIT(1 << 20);
    struct tl_error err = {0};

    (void)service;
    frame_begin(&frame);
    buf_append(&frame, buf_text(request), request->size);
    if (frame_end(&frame) && grpc_call_send(call, &frame, &err) == TL_OK)
        grpc_call_end(call, GRPC_OK, NULL);
    else
        grpc_call_end(call, GRPC_CANCELLED, "nobody listens \xff%");
    buf_free(&frame);
}

/* More than the queue takes, so that the thread waits until somebody reads or ends the call. */
static void flood(struct grpc_service *service, struct grpc_call *call)
{
    static const char zeros[ANSWER_BYTES];
    struct tl_error err = {0};

    (void)service;
    for (int i = 0; i < ANSWERS && err.status == TL_OK; i++) {
        struct buf frame = BUF_INIT(1 << 20);
        frame_begin(&frame);
        buf_append(&frame, zeros, sizeof(zeros));
        (void)!frame_end(&frame);
        (void)!grpc_call_send(call, &frame, &err);
    }
    grpc_call_end(call, err.status == TL_OK ? GRPC_OK : GRPC_CANCELLED, NULL);
}

static const struct grpc_method methods[] = {{"/s/Echo", echo}, {"/s/Flood", flood}, {0}};

/* One turn of the server, and a client that reads what has come. */
static bool turn(struct grpc_connection *connection, struct grpc_hub *hub, int client)
{
    char answer[8192];
    uint64_t woken;
    bool lives = grpc_connection_serve(connection, true, clock_now_ms());

    (void)!read(hub->wake_fd, &woken, sizeof(woken));
    atomic_store(&hub->awake, false);
    grpc_hub_reap(hub);
    while (read(client, answer, sizeof(answer)) > 0)
        ;
    return lives;
}

static bool feed(struct grpc_connection *connection, struct grpc_hub *hub, int client,
                 const void *bytes, size_t size)
{
    const char *at = bytes;
    bool lives = true;

    while (size > 0 && lives) {
        ssize_t written = write(client, at, size);
        lives = turn(connection, hub, client);
        at += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return lives;
}

static void converse(int server, int client, const uint8_t *data, size_t size)
{
    static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    struct grpc_service service = {.methods = methods};
    struct grpc_hub hub = {.service = &service,
                           .wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    struct grpc_connection *connection = NULL;
    struct tl_error err = {0};

    if (grpc_connection_new(server, &hub, &connection, &err) != TL_OK)
        abort();
    if (feed(connection, &hub, client, preface, sizeof(preface) - 1) &&
        feed(connection, &hub, client, data, size / 2) &&
        feed(connection, &hub, client, data + size / 2, size - size / 2)) {
        (void)shutdown(client, SHUT_WR);
        for (int i = 0; i < 4 && turn(connection, &hub, client); i++)
            ;
    }
    grpc_connection_free(connection);
    while (hub.n_running > 0) {
        struct pollfd wake = {.fd = hub.wake_fd, .events = POLLIN};
        (void)poll(&wake, 1, 100);
        grpc_hub_reap(&hub);
    }
    if (atomic_load(&hub.held) != 0)
        abort(); /* what calls hold is given back */
    (void)close(hub.wake_fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];

    if (size > LONGEST_INPUT ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0)
        return 0;
    converse(ends[0], ends[1], data, size); /* takes the first */
    (void)close(ends[1]);
    return 0;
}
