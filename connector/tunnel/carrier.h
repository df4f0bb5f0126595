/* A session that carries connections for a forwarder. */
#ifndef TUNNEL_CARRIER_H
#define TUNNEL_CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/forward.h"
#include "ssh/session.h"
#include "tunnel/connection.h"
#include "tunnel/inlet.h"
#include "tunnel/outlet.h"
#include "tunnel/watch.h"

struct carrier {
    struct watch watch;
    struct carrier *next;
    struct ssh_session *session;
    bool lent; /* by the forwarder's owner; else owned */
    int epoll_fd;
    bool waits_to_send; /* as told to epoll */
    bool ready;         /* the session has something to receive, or room to send */

    struct outlet *outlets;         /* owned */
    struct connection *connections; /* that are open, or connecting */
    size_t n_connections;
    struct connection *opening; /* the one that the server is being asked for, or NULL */
    struct ssh_forward *forward;
    int64_t deadline_ms; /* of asking */
    int64_t pulse_ms;    /* when to look for signs of life */
    int64_t idle_since_ms;
};

/* What a round leaves to its forwarder. */
struct carrier_round {
    char *scratch; /* of CONNECTION_PIECE_BYTES */
    bool busy;     /* another round has something to do at once */
    uint64_t opened, refused, received_bytes, sent_bytes; /* to be added to */
    struct tl_error refusal;        /* why the last one was refused, if one was */
    struct connection *turned_away; /* to be reset in the next round, when it is known why */
};

/* Notes why the connection, which is taken, cannot be led through. */
void carrier_round_refuse(struct carrier_round *round, struct connection *connection,
                          const struct tl_error *why);

/* Takes the session unless it is lent; NULL when memory or epoll ran out. */
struct carrier *carrier_new(struct ssh_session *session, bool lent, int epoll_fd);

/* Whether the server can be asked for a channel now. */
bool carrier_is_free(const struct carrier *carrier);

/* How long the server has been asked about this target, or -1 if it is not. */
int64_t carrier_asking_ms(const struct carrier *carrier, const struct inlet *inlet);

/* Takes the connection and asks the server for its channel, until deadline_ms. On an error the
 * connection stays the caller's. */
TL_NODISCARD enum tl_status carrier_take(struct carrier *carrier, struct connection *connection,
                                         int64_t deadline_ms, struct tl_error *err);

/* Receives, sends, moves what there is. An error is the session's end. */
TL_NODISCARD enum tl_status carrier_step(struct carrier *carrier, struct carrier_round *round,
                                         struct tl_error *err);

/* When to step though nothing has come. */
int64_t carrier_wake_ms(const struct carrier *carrier);

/* Whether it has carried nothing for so long. */
bool carrier_is_idle(const struct carrier *carrier, int64_t idle_ms);

/* Gives back the connection whose channel was being asked for, or NULL. */
struct connection *carrier_give_back(struct carrier *carrier);

/* Resets its connections; closes the session unless it was lent. NULL is fine. */
void carrier_free(struct carrier *carrier);

#endif
