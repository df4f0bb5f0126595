/* What an epoll event belongs to. The first member of everything that a forwarder watches. */
#ifndef TUNNEL_WATCH_H
#define TUNNEL_WATCH_H

#include <stdint.h>

struct watch {
    /* Notes what happened; acting on it is for the forwarder's round. */
    void (*ready)(struct watch *self, uint32_t events);
};

#endif
