/* A way out: a port that the server listens on, and the place on this side that it leads to. */
#ifndef TUNNEL_OUTLET_H
#define TUNNEL_OUTLET_H

#include <stdint.h>

#include "ssh/session.h"
#include "tunnel/connection.h"
#include "tunnel/route.h"

struct outlet {
    struct outlet *next;
    struct ssh_listener *listener;
    struct addrinfo *addresses;
    char target[300]; /* for messages; safe to show */
};

/* Has the session's server listen (see ssh_listener_open) and looks the target up, both until
 * deadline_ms. To be closed before the session is. TL_RESOLVE, and what ssh_listener_open
 * fails with. */
TL_NODISCARD enum tl_status outlet_open(struct ssh_session *session,
                                        const struct tunnel_route *route, int64_t deadline_ms,
                                        struct outlet **out, uint16_t *bound_port,
                                        struct tl_error *err);

/* Takes the next connection that has come in; false if none has. *out is on its way to the
 * target, watched by epoll_fd, or NULL: *failure says why it cannot be led there. */
bool outlet_accept(struct outlet *outlet, int epoll_fd, struct connection **out,
                   struct tl_error *failure);

/* Notices whether a connection has reached its target: then it is open. If not, the target's
 * next address is tried. TL_CONNECT if none is left; the connection is then to be freed. */
TL_NODISCARD enum tl_status outlet_step(struct connection *connection, int epoll_fd,
                                        struct tl_error *err);

void outlet_close(struct outlet *outlet);

#endif
