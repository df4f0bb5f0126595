/* A gRPC server: one thread for all sockets, one for each call that runs. */
#include "frontends/fivetran/grpc/server.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "frontends/fivetran/grpc/connection.h"
#include "towline/log.h"

enum { MAX_CONNECTIONS = 64, N_LISTENERS = 2, N_FIXED = 2 + N_LISTENERS };

/* After stopped calls were asked to end: so long for their last words. */
enum { FAREWELL_MS = 5000 };

/* After descriptors ran out: so long until one may be had. */
enum { ACCEPT_AGAIN_MS = 1000 };

struct grpc_server {
    struct grpc_server_options options;
    struct grpc_hub hub;
    int listeners[N_LISTENERS]; /* -1: none */
    struct grpc_connection *connections[MAX_CONNECTIONS];
    size_t n_connections;
    int64_t accept_ms;     /* before this no connection can be accepted */
    int64_t stop_calls_ms; /* while draining: when calls are stopped */
    int64_t give_up_ms;
    bool draining;
    bool stopped_calls;
};

/* Binds the wildcard address of one family; -1, with errno, if that cannot be. */
static int listen_on(int family, uint16_t port)
{
    const struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    const struct sockaddr_in any4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    const struct sockaddr *address =
        family == AF_INET6 ? (const struct sockaddr *)&any6 : (const struct sockaddr *)&any4;
    socklen_t size = family == AF_INET6 ? sizeof(any6) : sizeof(any4);
    int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (family == AF_INET6)
        (void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
    if (bind(fd, address, size) == 0 && listen(fd, SOMAXCONN) == 0)
        return fd;
    one = errno;
    (void)close(fd);
    errno = one;
    return -1;
}

static uint16_t port_of(int fd)
{
    struct sockaddr_in address = {0};
    socklen_t size = sizeof(address);

    (void)getsockname(fd, (struct sockaddr *)&address, &size);
    return ntohs(address.sin_port);
}

static enum tl_status open_listeners(struct grpc_server *server, uint16_t *port,
                                     struct tl_error *err)
{
    server->listeners[0] = listen_on(AF_INET, server->options.port);
    if (server->listeners[0] >= 0) {
        *port = port_of(server->listeners[0]);
        server->listeners[1] = listen_on(AF_INET6, *port);
        if (server->listeners[1] >= 0 || errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)
            return TL_OK; /* a machine without IPv6 */
    }
    (void)tl_fail(err, TL_USAGE, "cannot listen on port %u: %s", server->options.port,
                  strerror(errno));
    return tl_remedy(err, "Give another one with --port");
}

enum tl_status grpc_server_open(const struct grpc_server_options *options,
                                struct grpc_server **out, uint16_t *port, struct tl_error *err)
{
    struct grpc_server *server = calloc(1, sizeof(*server));
    enum tl_status status;

    if (server == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the server");
    server->options = *options;
    server->listeners[0] = server->listeners[1] = -1;
    server->hub.service = options->service;
    server->hub.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->hub.wake_fd < 0)
        status = tl_fail(err, TL_INTERNAL, "cannot make an eventfd: %s", strerror(errno));
    else
        status = open_listeners(server, port, err);
    if (status == TL_OK)
        *out = server;
    else
        grpc_server_close(server);
    return status;
}

static void close_listeners(struct grpc_server *server)
{
    for (int i = 0; i < N_LISTENERS; i++) {
        if (server->listeners[i] >= 0)
            (void)close(server->listeners[i]);
        server->listeners[i] = -1;
    }
}

void grpc_server_close(struct grpc_server *server)
{
    if (server == NULL)
        return;
    close_listeners(server);
    while (server->n_connections > 0)
        grpc_connection_free(server->connections[--server->n_connections]);
    if (server->hub.n_running > 0)
        return; /* a call that would not stop still uses what it shares with the server */
    if (server->hub.wake_fd >= 0)
        (void)close(server->hub.wake_fd);
    free(server);
}

/* Small frames go out at once; a peer that vanished is noticed within about a minute. */
static void tune(int fd)
{
    const struct {
        int level, name, value;
    } settings[] = {
        {IPPROTO_TCP, TCP_NODELAY, 1},   {SOL_SOCKET, SO_KEEPALIVE, 1},
        {IPPROTO_TCP, TCP_KEEPIDLE, 30}, {IPPROTO_TCP, TCP_KEEPINTVL, 10},
        {IPPROTO_TCP, TCP_KEEPCNT, 3},
    };
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        (void)setsockopt(fd, settings[i].level, settings[i].name, &settings[i].value,
                         sizeof(settings[i].value));
}

/* The one that has been idle since longest ago, as far as its place tells, gives way; its
 * client connects again when it has something to ask. False if there is none. */
static bool end_idle(struct grpc_server *server)
{
    size_t i = 0;

    while (i < server->n_connections && !grpc_connection_is_idle(server->connections[i]))
        i++;
    if (i == server->n_connections)
        return false;
    grpc_connection_free(server->connections[i]);
    server->n_connections--;
    memmove(&server->connections[i], &server->connections[i + 1],
            (server->n_connections - i) * sizeof(server->connections[0]));
    return true;
}

/* Calls need descriptors, too: connections leave them most of what the process may have. */
static size_t max_connections(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 4 >= MAX_CONNECTIONS)
        return MAX_CONNECTIONS;
    return limit.rlim_cur / 4;
}

static void add_connection(struct grpc_server *server, int fd)
{
    struct tl_error err = {0};

    if (server->n_connections >= max_connections() && !end_idle(server)) {
        tl_log(TL_LOG_WARNING, "more than %zu connections: one was turned away",
               max_connections());
        (void)close(fd);
        return;
    }
    tune(fd);
    if (grpc_connection_new(fd, &server->hub, &server->connections[server->n_connections],
                            &err) == TL_OK)
        server->n_connections++;
    else
        tl_log(TL_LOG_ERROR, "%s", err.message);
}

static void accept_connection(struct grpc_server *server, int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd >= 0)
        add_connection(server, fd);
    else if ((errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) &&
             !end_idle(server))
        server->accept_ms = clock_now_ms() + ACCEPT_AGAIN_MS;
}

/* Serves each connection; those at their end go. */
static void serve_connections(struct grpc_server *server, const struct pollfd *fds)
{
    int64_t now_ms = clock_now_ms();
    size_t kept = 0;

    for (size_t i = 0; i < server->n_connections; i++) {
        struct grpc_connection *connection = server->connections[i];
        if (grpc_connection_serve(connection, (fds[i].revents & ~POLLOUT) != 0, now_ms))
            server->connections[kept++] = connection;
        else
            grpc_connection_free(connection);
    }
    server->n_connections = kept;
}

static void drain(struct grpc_server *server)
{
    server->draining = true;
    server->stop_calls_ms = server->give_up_ms = CLOCK_NEVER;
    if (server->options.drain_ms >= 0) {
        server->stop_calls_ms = clock_now_ms() + server->options.drain_ms;
        server->give_up_ms = server->stop_calls_ms + FAREWELL_MS;
    }
    close_listeners(server);
    tl_log(TL_LOG_INFO, "told to stop: %u call%s may still end", server->hub.n_running,
           server->hub.n_running == 1 ? "" : "s");
    for (size_t i = 0; i < server->n_connections; i++)
        grpc_connection_drain(server->connections[i]);
    grpc_hub_wake(&server->hub); /* so that they are served and say goodbye */
}

static void stop_calls(struct grpc_server *server)
{
    if (!server->draining || server->stopped_calls || clock_now_ms() < server->stop_calls_ms)
        return;
    server->stopped_calls = server->hub.n_running > 0;
    for (size_t i = 0; i < server->n_connections; i++)
        grpc_connection_stop(server->connections[i]);
}

static int poll_timeout(const struct grpc_server *server)
{
    int64_t first = server->accept_ms > clock_now_ms() ? server->accept_ms : CLOCK_NEVER;

    for (size_t i = 0; i < server->n_connections; i++)
        first = clock_earlier(first, grpc_connection_deadline_ms(server->connections[i]));
    if (server->draining)
        first = clock_earlier(first, server->stopped_calls ? server->give_up_ms
                                                           : server->stop_calls_ms);
    return clock_remaining_ms(first);
}

static void heed_wake(struct grpc_server *server)
{
    uint64_t count;

    (void)!read(server->hub.wake_fd, &count, sizeof(count));
    atomic_store(&server->hub.awake, false);
}

/* One turn: waits, then does what there is to do. */
static enum tl_status turn(struct grpc_server *server, struct tl_error *err)
{
    struct pollfd fds[N_FIXED + MAX_CONNECTIONS] = {
        {.fd = server->hub.wake_fd, .events = POLLIN},
        {.fd = server->draining ? -1 : server->options.stop_fd, .events = POLLIN},
        {.fd = -1},
        {.fd = -1},
    };

    for (int i = 0; i < N_LISTENERS && clock_now_ms() >= server->accept_ms; i++)
        fds[2 + i] = (struct pollfd){.fd = server->listeners[i], .events = POLLIN};
    for (size_t i = 0; i < server->n_connections; i++)
        fds[N_FIXED + i] =
            (struct pollfd){.fd = grpc_connection_fd(server->connections[i]),
                            .events = grpc_connection_events(server->connections[i])};
    if (poll(fds, N_FIXED + server->n_connections, poll_timeout(server)) < 0 && errno != EINTR)
        return tl_fail(err, TL_INTERNAL, "poll: %s", strerror(errno));
    if (fds[0].revents != 0)
        heed_wake(server);
    grpc_hub_reap(&server->hub);
    serve_connections(server, fds + N_FIXED);
    for (int i = 0; i < N_LISTENERS; i++)
        if (fds[2 + i].revents != 0)
            accept_connection(server, server->listeners[i]);
    if (fds[1].revents != 0)
        drain(server);
    stop_calls(server);
    return TL_OK;
}

static bool is_done(const struct grpc_server *server)
{
    if (!server->draining)
        return false;
    return (server->n_connections == 0 && server->hub.n_running == 0) ||
           clock_now_ms() >= server->give_up_ms;
}

enum tl_status grpc_server_run(struct grpc_server *server, struct tl_error *err)
{
    while (!is_done(server))
        if (turn(server, err) != TL_OK)
            return err->status;
    if (server->stopped_calls)
        return tl_fail(err, TL_INTERRUPTED, "calls that were still running had to be stopped");
    return TL_OK;
}
