/* One connection: a local socket and a channel, and the bytes between them in both directions.
 *
 * Each direction ends by itself: the end of the socket's bytes becomes the channel's end and
 * the other way round. What one side does not take stays where it came from, so at most one
 * piece a direction is kept here. A socket whose channel was lost is reset, so that nobody
 * takes what it got so far for all there is. */
#ifndef TUNNEL_CONNECTION_H
#define TUNNEL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/channel.h"
#include "tunnel/watch.h"

enum { CONNECTION_PIECE_BYTES = 128 * 1024 };

enum connection_state {
    CONNECTION_WAITING,    /* for a session that can open a channel */
    CONNECTION_OPENING,    /* the server is being asked for the channel */
    CONNECTION_CONNECTING, /* the socket: for channels that the server opened */
    CONNECTION_OPEN,
    CONNECTION_DONE /* to be freed */
};

/* Bytes that the other side did not take at once. */
struct piece {
    char *data;
    size_t start, size;
};

struct addrinfo;
struct inlet;
struct outlet;

struct connection {
    struct watch watch;
    struct connection *next; /* in the list of whoever has it */
    enum connection_state state;
    int fd;                         /* owned */
    struct ssh_channel *channel;    /* owned; NULL before the server consents */
    const struct inlet *inlet;      /* where it came in, or */
    const struct outlet *outlet;    /* where the channel did, */
    const struct addrinfo *address; /* and what of its target is being tried */
    int64_t since_ms;               /* in this state */
    struct piece down, up;          /* towards the socket, towards the channel */
    bool stirred;                   /* something happened to the socket since it was moved */
    bool readable, writable;        /* the socket, as far as is known */
    bool refused; /* an error was reported: the peer reset it, or is not there */
    bool gone;    /* the socket cannot be used any more */
    bool local_end, local_end_sent, remote_end;
    uint64_t received_bytes, sent_bytes; /* through the channel */
};

/* Takes the socket, and the channel unless that is NULL. NULL when memory ran out: nothing was
 * taken. */
struct connection *connection_new(int fd, struct ssh_channel *channel);

/* Has epoll tell the connection what happens to its socket; false with errno set if it cannot.
 */
bool connection_watch(struct connection *connection, int epoll_fd);

/* Moves what can be moved, without receiving from the network; `scratch` has room for
 * CONNECTION_PIECE_BYTES. It stays stirred if there was more than is good for one turn. An
 * error is the session's, not the connection's. */
TL_NODISCARD enum tl_status connection_move(struct connection *connection, char *scratch,
                                            struct tl_error *err);

/* Resets the socket and closes the channel, unless both have ended well. NULL is fine. */
void connection_free(struct connection *connection);

#endif
