/* What carries a session's bytes: a TCP connection, or any other two-way stream such as a
 * channel of another session. */
#ifndef SSH_LINK_H
#define SSH_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "ssh/options.h"
#include "towline/error.h"

/* Never blocks, and raises no signal. Whoever opens a link hands it to its session, which
 * closes it. */
struct ssh_link {
    /* At most size bytes into data: their number, 0 at the end, or -errno (-EAGAIN: none now).
     */
    ssize_t (*receive)(struct ssh_link *self, void *data, size_t size);
    /* Takes what fits now: the number of bytes, or -errno. */
    ssize_t (*send)(struct ssh_link *self, const void *data, size_t size);
    /* Whether bytes can be received that polling the descriptor does not tell of. */
    bool (*ready)(struct ssh_link *self);
    /* Microseconds of a round trip, 0 if that is not known. */
    uint32_t (*round_trip_us)(struct ssh_link *self);
    void (*close)(struct ssh_link *self);
    int fd; /* to poll on */
};

/* An instant to be done by, and what ends the waiting early. */
struct ssh_patience {
    int64_t deadline_ms; /* on the monotonic clock */
    int stop_fd;         /* readable: end; -1: none */
};

/* Waits for the events on fd: TL_OK, TL_INTERRUPTED, or TL_CONNECT when the time is over or
 * polling fails, with no message set. */
enum tl_status ssh_patience_wait(const struct ssh_patience *patience, int fd, short events);

struct addrinfo;

/* Looks the host up without blocking beyond patience. *out is to be freed with freeaddrinfo.
 * TL_RESOLVE; TL_CONNECT when the name server does not answer; TL_INTERRUPTED. */
TL_NODISCARD enum tl_status ssh_resolve(const char *host, uint16_t port,
                                        const struct ssh_patience *patience,
                                        struct addrinfo **out, struct tl_error *err);

/* Connects to the first of the addresses that answers. TL_CONNECT, TL_INTERRUPTED. The address
 * in use is written to `where` as "192.0.2.1 port 22". */
#define SSH_ADDRESS_SIZE 80
TL_NODISCARD enum tl_status ssh_socket_open(const struct addrinfo *addresses, const char *host,
                                            uint16_t port, const struct ssh_patience *patience,
                                            struct ssh_link **out, char where[SSH_ADDRESS_SIZE],
                                            struct tl_error *err);

#endif
