/* One HTTP/2 connection, in clear text and without an upgrade, and the gRPC calls on it. */
#ifndef GRPC_CONNECTION_H
#define GRPC_CONNECTION_H

#include "frontends/fivetran/grpc/call.h"

struct grpc_connection;

/* Takes the socket, which is non-blocking; closes it when that fails, too. */
TL_NODISCARD enum tl_status grpc_connection_new(int fd, struct grpc_hub *hub,
                                                struct grpc_connection **out,
                                                struct tl_error *err);

/* Stops its calls, closes, frees. NULL is fine. */
void grpc_connection_free(struct grpc_connection *connection);

/* What to poll the socket for: POLLIN, POLLOUT or both. */
short grpc_connection_events(const struct grpc_connection *connection);
int grpc_connection_fd(const struct grpc_connection *connection);

/* Whether no call is under way on it. */
bool grpc_connection_is_idle(const struct grpc_connection *connection);

/* When its next deadline is, CLOCK_NEVER if it has none. */
int64_t grpc_connection_deadline_ms(const struct grpc_connection *connection);

/* Reads what has come (if `readable`), hands on what calls have queued, writes what the socket
 * takes. False once the connection is at its end. */
bool grpc_connection_serve(struct grpc_connection *connection, bool readable, int64_t now_ms);

/* No more calls are taken; those that run may end. */
void grpc_connection_drain(struct grpc_connection *connection);

/* Asks all its calls to stop. */
void grpc_connection_stop(struct grpc_connection *connection);

#endif
