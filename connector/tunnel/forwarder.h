/* A forwarder leads connections of programs on this machine through SSH sessions to places that
 * the servers can reach, any number at once, in the caller's thread.
 *
 * It belongs to the caller's loop: poll forwarder_fd for reading until forwarder_wake_ms, then
 * call forwarder_step, which never waits for anything. Or let forwarder_run do so.
 *
 * A connection that comes in waits in line until the server has opened its channel. If that
 * cannot be, the connection is reset and forwarder_refusal says why. Each connection keeps at
 * most its channel's window and two pieces in memory, whatever its ends do. */
#ifndef TUNNEL_FORWARDER_H
#define TUNNEL_FORWARDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/session.h"
#include "tunnel/route.h"

struct forwarder;

struct forwarder_options {
    int open_timeout_ms; /* how long a connection may wait for its channel */

    /* How to open further sessions where one is not enough: a server is asked for one channel
     * at a time, and one to a target that does not answer holds the others up. NULL: never. */
    const struct ssh_options *further;
    size_t max_sessions; /* in all */
};

/* 30 s, one session. */
void forwarder_options_init(struct forwarder_options *options);

struct forwarder_counts {
    size_t active;   /* connections that are open or waiting */
    size_t sessions; /* that carry them */
    uint64_t opened, refused, lost, received_bytes, sent_bytes;
};

/* *out is to be closed with forwarder_close. What options->further points to must outlive it.
 * TL_INTERNAL, TL_MEMORY. */
TL_NODISCARD enum tl_status forwarder_open(const struct forwarder_options *options,
                                           struct forwarder **out, struct tl_error *err);

/* Resets what is still open. The session lent to it can be used by others again. */
void forwarder_close(struct forwarder *forwarder);

/* Lends the session that carries the connections, until the forwarder is closed or a step
 * fails with its loss; may then be called again: who waits in line is carried by the next one.
 * While a forwarder has it, others may use the session between two steps only. */
TL_NODISCARD enum tl_status forwarder_carry(struct forwarder *forwarder,
                                            struct ssh_session *session, struct tl_error *err);

/* Gives the lent session up, if there is one, and resets the connections that it carries. */
void forwarder_drop(struct forwarder *forwarder);

/* Listens on a Unix socket in a folder of its own, which leads to host:port as the server sees
 * them. *path, lent until the forwarder is closed, is what CURLOPT_UNIX_SOCKET_PATH takes; its
 * folder is what libpq takes for a host. */
TL_NODISCARD enum tl_status forwarder_listen_unix(struct forwarder *forwarder, const char *host,
                                                  uint16_t port, const char **path,
                                                  struct tl_error *err);

/* Listens on a port of this machine; bind as for inlet_open_port. */
TL_NODISCARD enum tl_status forwarder_listen_port(struct forwarder *forwarder,
                                                  const struct tunnel_route *route,
                                                  uint16_t *bound_port, struct tl_error *err);

/* Has the server of the session that was lent listen at a port of its own, which leads to
 * the route's host as this machine sees it, as long as that session lasts; waits for its answer
 * until deadline_ms. bind as for ssh_listener_open. TL_FORWARD if the server refuses. */
TL_NODISCARD enum tl_status forwarder_listen_remote(struct forwarder *forwarder,
                                                    const struct tunnel_route *route,
                                                    int64_t deadline_ms, uint16_t *bound_port,
                                                    struct tl_error *err);

/* To poll for reading. */
int forwarder_fd(const struct forwarder *forwarder);

/* When to step though nothing can be read, on the monotonic clock. */
int64_t forwarder_wake_ms(const struct forwarder *forwarder);

/* Does what can be done now. TL_LOST, TL_INTERRUPTED when the session that was lent has ended:
 * its connections were reset. */
TL_NODISCARD enum tl_status forwarder_step(struct forwarder *forwarder, struct tl_error *err);

/* Steps until extra_fd (-1: none; the wish to stop, for one) is readable, until_ms is over, or
 * a connection was refused. */
TL_NODISCARD enum tl_status forwarder_run(struct forwarder *forwarder, int64_t until_ms,
                                          int extra_fd, struct tl_error *err);

/* Why the last connection was refused; false if none was since the last call. TL_CONNECT if
 * the target is down or silent, TL_FORWARD if the server allows no channels to it. */
bool forwarder_refusal(struct forwarder *forwarder, struct tl_error *refusal);

void forwarder_count(const struct forwarder *forwarder, struct forwarder_counts *out);

#endif
