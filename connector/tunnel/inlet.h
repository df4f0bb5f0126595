/* A way in: a socket that programs on this machine connect to, and where it leads. */
#ifndef TUNNEL_INLET_H
#define TUNNEL_INLET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/un.h>

#include "towline/error.h"
#include "tunnel/route.h"
#include "tunnel/watch.h"

struct inlet {
    struct watch watch;
    struct inlet *next;
    int fd;            /* listening, does not block */
    bool knocked;      /* somebody may wait to be let in */
    char *target_host; /* as the server at the tunnel's end names it */
    uint16_t target_port;
    uint16_t port;              /* that it listens on; 0 for a Unix socket */
    char folder[64];            /* private to this user; "" for a port */
    struct sockaddr_un address; /* of a Unix socket */
};

/* Listens on the route's port; `bind` NULL or "" is this machine's loopback address, "*" every
 * address. Port 0 is any free one; which is in (*out)->port. TL_USAGE if the port is taken or
 * not allowed, TL_RESOLVE, TL_MEMORY. */
TL_NODISCARD enum tl_status inlet_open_port(const struct tunnel_route *route,
                                            struct inlet **out, struct tl_error *err);

/* Listens on a Unix socket in a fresh folder that only this user can enter. The socket bears
 * the name that libpq looks for: .s.PGSQL.<host_port>. TL_INTERNAL, TL_MEMORY. */
TL_NODISCARD enum tl_status inlet_open_path(const char *host, uint16_t host_port,
                                            struct inlet **out, struct tl_error *err);

/* The next one that knocked, as a socket that does not block; -1 if there is none. *starved:
 * there is, but the process can open no more files. */
int inlet_accept(struct inlet *inlet, bool *starved);

/* Whether the address reaches no further than this machine. */
bool inlet_is_loopback(const char *bind);

/* Stops listening and removes the socket with its folder. NULL is fine. */
void inlet_close(struct inlet *inlet);

#endif
