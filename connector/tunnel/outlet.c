/* From a port of the server to a place on this side. */
#include "tunnel/outlet.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"
#include "ssh/link.h"
#include "ssh/listener.h"

enum tl_status outlet_open(struct ssh_session *session, const struct tunnel_route *route,
                           int64_t deadline_ms, struct outlet **out, uint16_t *bound_port,
                           struct tl_error *err)
{
    const struct ssh_patience patience = {.deadline_ms = deadline_ms, .stop_fd = -1};
    struct outlet *self = calloc(1, sizeof(*self));
    char safe[256];
    enum tl_status status;

    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a tunnel to %s", route->host);
    snprintf(self->target, sizeof(self->target), "%s port %u",
             text_safe(safe, sizeof(safe), route->host, strlen(route->host)), route->host_port);
    status = ssh_resolve(route->host, route->host_port, &patience, &self->addresses, err);
    if (status == TL_RESOLVE)
        (void)tl_remedy(err,
                        "Check the spelling of the tunnel's target, and that this machine's "
                        "name server knows it");
    if (status == TL_OK)
        status = ssh_listener_open(session, route->bind, route->port, deadline_ms,
                                   &self->listener, bound_port, err);
    if (status == TL_OK) {
        *out = self;
        self = NULL;
    }
    outlet_close(self);
    return status;
}

void outlet_close(struct outlet *self)
{
    if (self == NULL)
        return;
    ssh_listener_free(self->listener);
    if (self->addresses != NULL)
        freeaddrinfo(self->addresses);
    free(self);
}

/* A socket on its way to the first of the addresses that does not fail at once, or -1. */
static int start(const struct addrinfo **address)
{
    const int on = 1;

    for (; *address != NULL; *address = (*address)->ai_next) {
        int fd = socket((*address)->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
            continue; /* a machine without IPv6 has an IPv6 localhost all the same */
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        if (connect(fd, (*address)->ai_addr, (*address)->ai_addrlen) == 0 ||
            errno == EINPROGRESS)
            return fd;
        close(fd);
    }
    return -1;
}

static enum tl_status unreachable(const char *target, int error, struct tl_error *err)
{
    tl_fail(err, TL_CONNECT, "a connection came through the tunnel, but %s: %s", target,
            strerror(error));
    return tl_remedy(err, "Check that the program behind the tunnel runs and listens there");
}

bool outlet_accept(struct outlet *self, int epoll_fd, struct connection **out,
                   struct tl_error *failure)
{
    struct ssh_channel *channel = ssh_listener_accept(self->listener);
    const struct addrinfo *address = self->addresses;
    struct connection *connection;
    int fd;

    *out = NULL;
    if (channel == NULL)
        return false;
    fd = start(&address);
    connection = fd >= 0 ? connection_new(fd, channel) : NULL;
    if (connection == NULL) {
        (void)unreachable(self->target, errno, failure);
        ssh_channel_close(channel);
        if (fd >= 0)
            close(fd);
        return true;
    }
    connection->outlet = self;
    connection->address = address;
    if (connection_watch(connection, epoll_fd)) {
        *out = connection;
        return true;
    }
    (void)unreachable(self->target, errno, failure);
    connection_free(connection);
    return true;
}

/* Goes on with the target's next address: localhost is two of them. */
static bool try_next(struct connection *connection, int epoll_fd)
{
    const struct addrinfo *address = connection->address->ai_next;
    int fd = start(&address);

    if (fd < 0)
        return false;
    close(connection->fd);
    connection->fd = fd;
    connection->address = address;
    connection->readable = connection->writable = connection->refused = false;
    return connection_watch(connection, epoll_fd);
}

enum tl_status outlet_step(struct connection *connection, int epoll_fd, struct tl_error *err)
{
    int error = 0;
    socklen_t size = sizeof(error);

    if (!connection->writable && !connection->refused)
        return TL_OK;
    (void)getsockopt(connection->fd, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error == 0)
        connection->state = CONNECTION_OPEN;
    else if (!try_next(connection, epoll_fd))
        return unreachable(connection->outlet->target, error, err);
    return TL_OK;
}
