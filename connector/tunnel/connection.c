/* Moves bytes between a socket and a channel. */
#include "tunnel/connection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "ssh/reactor.h"

/* One packet is the most that a channel takes at once; several make a turn. */
enum { UP_BYTES = 32 * 1024, UP_PIECES_A_TURN = 16 };

static void connection_ready(struct watch *watch, uint32_t events)
{
    struct connection *self = (struct connection *)watch;

    self->stirred = true;
    /* events come once for each change: what was seen stays true until a call says otherwise,
     * and it is for recv and send to find out what is wrong */
    self->readable = self->readable || (events & ~(uint32_t)EPOLLOUT) != 0;
    self->writable = self->writable || (events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0;
    self->refused = self->refused || (events & EPOLLERR) != 0;
}

struct connection *connection_new(int fd, struct ssh_channel *channel)
{
    struct connection *self = calloc(1, sizeof(*self));

    if (self != NULL)
        *self = (struct connection){
            .watch = {connection_ready},
            .fd = fd,
            .channel = channel,
            .since_ms = clock_now_ms(),
            .state = channel == NULL ? CONNECTION_WAITING : CONNECTION_CONNECTING,
        };
    return self;
}

bool connection_watch(struct connection *self, int epoll_fd)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = self};

    return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, self->fd, &event) == 0;
}

static bool keep(struct piece *piece, const char *data, size_t size)
{
    piece->data = malloc(size);
    if (piece->data == NULL)
        return false;
    memcpy(piece->data, data, size);
    piece->start = 0;
    piece->size = size;
    return true;
}

static void took(struct piece *piece, size_t size)
{
    piece->start += size;
    piece->size -= size;
    if (piece->size > 0)
        return;
    free(piece->data);
    *piece = (struct piece){0};
}

static void drop_socket(struct connection *self, bool reset)
{
    const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    if (self->fd < 0)
        return;
    if (reset)
        (void)setsockopt(self->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    close(self->fd); /* which also takes it out of the epoll set */
    self->fd = -1;
}

/* Both sides are over, well or not. */
static void finish(struct connection *self, bool reset)
{
    drop_socket(self, reset);
    ssh_channel_close(self->channel);
    self->channel = NULL;
    self->state = CONNECTION_DONE;
}

void connection_free(struct connection *self)
{
    if (self == NULL)
        return;
    finish(self, true);
    free(self->down.data);
    free(self->up.data);
    free(self);
}

/* Gives the socket what it takes; false if it will have no more at all. */
static bool give_socket(struct connection *self, const char *data, size_t size, size_t *taken)
{
    ssize_t sent;

    do {
        sent = send(self->fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (sent < 0 && errno == EINTR);
    *taken = sent > 0 ? (size_t)sent : 0;
    if (*taken < size)
        self->writable = false;
    return sent >= 0 || errno == EAGAIN;
}

/* From the channel to the socket. What the socket does not take is left in the channel's
 * window, so that the far side stops sending. */
static enum tl_status move_down(struct connection *self, char *scratch, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    size_t got, taken;

    while (self->writable && !self->remote_end) {
        if (self->down.size > 0) {
            self->gone =
                !give_socket(self, self->down.data + self->down.start, self->down.size, &taken);
            took(&self->down, taken);
            if (self->down.size > 0)
                break;
        }
        status = ssh_channel_read(self->channel, SSH_STDOUT, scratch, CONNECTION_PIECE_BYTES,
                                  &got, err);
        if (status != TL_OK)
            break;
        if (got == 0) {
            self->remote_end = ssh_channel_at_end(self->channel);
            if (self->remote_end)
                (void)shutdown(self->fd, SHUT_WR);
            break;
        }
        self->received_bytes += got;
        if (!give_socket(self, scratch, got, &taken) ||
            (taken < got && !keep(&self->down, scratch + taken, got - taken))) {
            self->gone = true;
            break;
        }
    }
    return status;
}

static enum tl_status give_channel(struct connection *self, const char *data, size_t size,
                                   size_t *taken, struct tl_error *err)
{
    enum tl_status status = ssh_channel_write(self->channel, data, size, taken, err);

    if (status == TL_OK)
        self->sent_bytes += *taken;
    return status;
}

/* What the socket has sent, or has left to say: false if there is nothing new. */
static bool take_socket(struct connection *self, char *scratch, size_t *got)
{
    ssize_t received;

    do {
        received = recv(self->fd, scratch, UP_BYTES, MSG_DONTWAIT);
    } while (received < 0 && errno == EINTR);
    *got = received > 0 ? (size_t)received : 0;
    if (received > 0)
        return true;
    if (received == 0)
        self->local_end = true;
    else if (errno == EAGAIN)
        self->readable = false;
    else
        self->gone = true;
    return false;
}

/* From the socket to the channel. */
static enum tl_status move_up(struct connection *self, char *scratch, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    size_t got, taken;

    for (int turn = 0; status == TL_OK && !self->gone; turn++) {
        if (self->up.size > 0) {
            status =
                give_channel(self, self->up.data + self->up.start, self->up.size, &taken, err);
            took(&self->up, taken);
            if (taken == 0)
                break;
            if (self->up.size > 0)
                continue; /* it takes a packet at a time: nobody would wake us for the rest */
        }
        if (!self->readable || self->local_end)
            break;
        if (turn >= UP_PIECES_A_TURN) {
            self->stirred = true;
            break;
        }
        if (!take_socket(self, scratch, &got))
            break;
        status = give_channel(self, scratch, got, &taken, err);
        if (status == TL_OK && taken < got && !keep(&self->up, scratch + taken, got - taken))
            self->gone = true; /* a byte is missing */
    }
    if (status == TL_OK && self->local_end && !self->gone && self->up.size == 0 &&
        !self->local_end_sent)
        status = ssh_channel_send_eof(self->channel, &self->local_end_sent, err);
    return status;
}

enum tl_status connection_move(struct connection *self, char *scratch, struct tl_error *err)
{
    enum tl_status status = move_down(self, scratch, err);

    self->stirred = false;
    if (status == TL_OK && !self->gone)
        status = move_up(self, scratch, err);
    if (status != TL_OK)
        return status;
    if (self->gone)
        finish(self, true);
    else if (self->remote_end && self->local_end_sent)
        finish(self, false);
    else if (self->remote_end && ssh_channel_is_closed(self->channel))
        finish(self, false);
    return TL_OK;
}
