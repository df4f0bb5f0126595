/* From where to where connections are led. */
#ifndef TUNNEL_ROUTE_H
#define TUNNEL_ROUTE_H

#include <stdint.h>

/* Borrowed for the call. */
struct tunnel_route {
    const char *bind; /* the address to listen at, in the words of who listens */
    uint16_t port;    /* 0: a free one */
    const char *host; /* as the other end of the tunnel names it */
    uint16_t host_port;
};

#endif
