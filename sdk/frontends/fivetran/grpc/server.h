/* A gRPC server: listens on all addresses, in clear text, until it is told to stop. */
#ifndef GRPC_SERVER_H
#define GRPC_SERVER_H

#include "frontends/fivetran/grpc/call.h"

struct grpc_server_options {
    struct grpc_service *service;
    uint16_t port; /* 0: any that is free */
    int stop_fd;   /* readable: shut down */
    int drain_ms;  /* how long calls that run may go on then, before they are stopped;
                      less than 0: as long as they take */
};

struct grpc_server;

/* Listens on 0.0.0.0 and, where there is IPv6, on [::]. *port is the one that it got. */
TL_NODISCARD enum tl_status grpc_server_open(const struct grpc_server_options *options,
                                             struct grpc_server **out, uint16_t *port,
                                             struct tl_error *err);

/* Serves until stop_fd is readable and the calls have ended. TL_INTERRUPTED if some of them had
 * to be stopped. */
TL_NODISCARD enum tl_status grpc_server_run(struct grpc_server *server, struct tl_error *err);

void grpc_server_close(struct grpc_server *server); /* NULL is fine */

#endif
