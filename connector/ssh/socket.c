/* A link over TCP. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ssh/link.h"

/* A peer that acknowledges nothing for this long is gone; so is an idle one that leaves this
 * many probes unanswered. */
enum { DEAD_PEER_MS = 60000, PROBE_AFTER_S = 30, PROBE_EVERY_S = 10, PROBES = 3 };

static void set_option(int fd, int level, int name, int value)
{
    (void)setsockopt(fd, level, name, &value, sizeof(value)); /* all are for comfort only */
}

struct socket_link {
    struct ssh_link link;
    bool drained;  /* the last read left nothing: to ask again at once would be in vain */
    bool answered; /* something was sent since acknowledgements were last made quick */
};

/* The kernel delays acknowledgements again after each send; without this, the server's next
 * small message waits 40 ms for one. */
static ssize_t nothing_now(struct socket_link *socket)
{
    socket->drained = false;
    if (socket->answered)
        set_option(socket->link.fd, IPPROTO_TCP, TCP_QUICKACK, 1);
    socket->answered = false;
    return -EAGAIN;
}

static ssize_t socket_receive(struct ssh_link *self, void *data, size_t size)
{
    struct socket_link *socket = (struct socket_link *)self;
    ssize_t received;

    if (socket->drained)
        return nothing_now(socket);
    received = recv(self->fd, data, size, MSG_DONTWAIT);
    socket->drained = received > 0 && (size_t)received < size;
    if (received >= 0)
        return received;
    return errno == EAGAIN || errno == EINTR ? nothing_now(socket) : -errno;
}

static ssize_t socket_send(struct ssh_link *self, const void *data, size_t size)
{
    ssize_t sent = send(self->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

    ((struct socket_link *)self)->answered = true;
    if (sent < 0)
        return errno == EINTR ? -EAGAIN : -errno;
    return sent;
}

static bool socket_is_ready(struct ssh_link *self)
{
    (void)self;
    return false; /* polling tells */
}

static uint32_t socket_round_trip_us(struct ssh_link *self)
{
    struct tcp_info info;
    socklen_t size = sizeof(info);
    return getsockopt(self->fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 ? info.tcpi_rtt : 0;
}

static void socket_close(struct ssh_link *self)
{
    if (self == NULL)
        return;
    close(self->fd);
    free(self);
}

static struct ssh_link *socket_link(int fd)
{
    struct socket_link *socket = calloc(1, sizeof(*socket));

    if (socket == NULL)
        return NULL;
    *socket = (struct socket_link){.link = {.receive = socket_receive,
                                            .send = socket_send,
                                            .ready = socket_is_ready,
                                            .round_trip_us = socket_round_trip_us,
                                            .close = socket_close,
                                            .fd = fd},
                                   .answered = true};
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EVERY_S);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, DEAD_PEER_MS);
    return &socket->link;
}

/* The connected socket, or -1 with errno set; ECANCELED when it was stopped. */
static int connect_one(const struct addrinfo *address, const struct ssh_patience *patience)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error = 0;
    socklen_t size = sizeof(error);
    enum tl_status waited = TL_OK;

    if (fd < 0)
        return -1;
    if (connect(fd, address->ai_addr, address->ai_addrlen) != 0) {
        error = errno;
        if (error == EINPROGRESS) {
            waited = ssh_patience_wait(patience, fd, POLLOUT);
            error = ETIMEDOUT;
        }
        if (waited == TL_INTERRUPTED)
            error = ECANCELED;
        else if (error == ETIMEDOUT && waited == TL_OK)
            (void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error == 0)
        return fd;
    close(fd);
    errno = error;
    return -1;
}

static void describe(const struct addrinfo *address, char where[SSH_ADDRESS_SIZE])
{
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof(host), port,
                    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(host, sizeof(host), "?");
    snprintf(where, SSH_ADDRESS_SIZE, "%.60s port %.8s", host, port);
}

static int count(const struct addrinfo *addresses)
{
    int n = 0;
    for (; addresses != NULL; addresses = addresses->ai_next)
        n++;
    return n;
}

static enum tl_status connect_failed(const char *host, uint16_t port, int tried, int error,
                                     struct tl_error *err)
{
    if (error == ECANCELED)
        return tl_fail(err, TL_INTERRUPTED, "stopped while connecting to %s port %u", host,
                       port);
    tl_fail(err, TL_CONNECT, "cannot connect to %s port %u: %s%s", host, port,
            error == ETIMEDOUT ? "no answer in time" : strerror(error),
            tried > 1 ? " (the last of several addresses)" : "");
    if (error == ECONNREFUSED)
        return tl_remedy(err,
                         "Check that an SSH server runs there, that ssh_port is right, and "
                         "that no firewall or security group turns this machine away");
    return tl_remedy(err,
                     "Check the address, the network, and that firewalls or security groups "
                     "let this machine reach port %u",
                     port);
}

enum tl_status ssh_socket_open(const struct addrinfo *addresses, const char *host,
                               uint16_t port, const struct ssh_patience *patience,
                               struct ssh_link **out, char where[SSH_ADDRESS_SIZE],
                               struct tl_error *err)
{
    int fd = -1, error = EADDRNOTAVAIL, tried = 0;

    for (const struct addrinfo *address = addresses; address != NULL && fd < 0;
         address = address->ai_next) {
        /* a silent address gets its share of the time and no more, for the next ones' sake */
        struct ssh_patience share = *patience;
        int64_t now_ms = clock_now_ms();
        share.deadline_ms = now_ms + (patience->deadline_ms - now_ms) / count(address);

        fd = connect_one(address, &share);
        error = errno;
        tried++;
        describe(address, where);
        if (fd < 0 && error == ECANCELED)
            break;
    }
    if (fd < 0)
        return connect_failed(host, port, tried, error, err);
    *out = socket_link(fd);
    if (*out == NULL) {
        close(fd);
        return tl_fail(err, TL_MEMORY, "connecting to %s: out of memory", host);
    }
    return TL_OK;
}
