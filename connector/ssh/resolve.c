/* Name lookup that ends in time: getaddrinfo can block for minutes, so a thread waits for it.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "ssh/link.h"

/* Shared by the thread and the one who waits; the last of the two to leave frees it. */
struct lookup {
    atomic_int users;
    int done_fd;
    atomic_bool done; /* orders what the thread wrote before what the waiter reads */
    int result;       /* getaddrinfo's, and errno for EAI_SYSTEM */
    int error;
    struct addrinfo *addresses;
    char port[8];
    char host[];
};

enum tl_status ssh_patience_wait(const struct ssh_patience *patience, int fd, short events)
{
    struct pollfd fds[2] = {{.fd = patience->stop_fd, .events = POLLIN},
                            {.fd = fd, .events = events}};

    for (;;) {
        int ready = poll(fds, 2, clock_remaining_ms(patience->deadline_ms));
        if (ready > 0)
            return fds[0].revents != 0 ? TL_INTERRUPTED : TL_OK;
        if (ready == 0 || errno != EINTR)
            return TL_CONNECT;
    }
}

static void lookup_leave(struct lookup *lookup)
{
    if (atomic_fetch_sub(&lookup->users, 1) > 1)
        return;
    if (lookup->addresses != NULL)
        freeaddrinfo(lookup->addresses);
    if (lookup->done_fd >= 0)
        close(lookup->done_fd);
    free(lookup);
}

static void *lookup_run(void *argument)
{
    struct lookup *lookup = argument;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV};

    lookup->result = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->addresses);
    if (lookup->result == EAI_NONAME || lookup->result == EAI_ADDRFAMILY) {
        hints.ai_flags = AI_NUMERICSERV; /* a machine with no address but loopback's */
        lookup->result = getaddrinfo(lookup->host, lookup->port, &hints, &lookup->addresses);
    }
    lookup->error = errno;
    atomic_store(&lookup->done, true);
    (void)eventfd_write(lookup->done_fd, 1);
    lookup_leave(lookup);
    return NULL;
}

static struct lookup *lookup_start(const char *host, uint16_t port)
{
    struct lookup *lookup = calloc(1, sizeof(*lookup) + strlen(host) + 1);
    pthread_attr_t attributes;
    pthread_t thread;

    if (lookup == NULL || pthread_attr_init(&attributes) != 0) {
        free(lookup);
        return NULL;
    }
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    strcpy(lookup->host, host);
    snprintf(lookup->port, sizeof(lookup->port), "%u", port);
    lookup->done_fd = eventfd(0, EFD_CLOEXEC);
    atomic_init(&lookup->users, 2);
    if (lookup->done_fd < 0 || pthread_create(&thread, &attributes, lookup_run, lookup) != 0) {
        atomic_store(&lookup->users, 1);
        lookup_leave(lookup);
        lookup = NULL;
    }
    pthread_attr_destroy(&attributes);
    return lookup;
}

static const char no_name_server[] =
    "Check this machine's network and its name servers (/etc/resolv.conf)";

static enum tl_status lookup_failed(const struct lookup *lookup, struct tl_error *err)
{
    const char *why =
        lookup->result == EAI_SYSTEM ? strerror(lookup->error) : gai_strerror(lookup->result);

    if (lookup->result == EAI_AGAIN) {
        tl_fail(err, TL_CONNECT, "cannot look up %s: %s", lookup->host, why);
        return tl_remedy(err, "%s", no_name_server);
    }
    tl_fail(err, TL_RESOLVE, "cannot look up %s: %s", lookup->host, why);
    return tl_remedy(err,
                     "Check the spelling of ssh_host and that this machine's name server "
                     "knows it (getent hosts %s)",
                     lookup->host);
}

static enum tl_status lookup_finish(struct lookup *lookup, enum tl_status waited,
                                    struct addrinfo **out, struct tl_error *err)
{
    if (waited == TL_INTERRUPTED)
        return tl_fail(err, waited, "stopped while looking up %s", lookup->host);
    if (waited != TL_OK || !atomic_load(&lookup->done)) {
        tl_fail(err, TL_CONNECT, "cannot look up %s: the name server does not answer",
                lookup->host);
        return tl_remedy(err, "%s", no_name_server);
    }
    if (lookup->result != 0)
        return lookup_failed(lookup, err);
    *out = lookup->addresses;
    lookup->addresses = NULL;
    return TL_OK;
}

enum tl_status ssh_resolve(const char *host, uint16_t port, const struct ssh_patience *patience,
                           struct addrinfo **out, struct tl_error *err)
{
    struct lookup *lookup = lookup_start(host, port);
    enum tl_status status;

    if (lookup == NULL)
        return tl_fail(err, TL_MEMORY, "cannot look up %s: no thread can be started", host);
    status =
        lookup_finish(lookup, ssh_patience_wait(patience, lookup->done_fd, POLLIN), out, err);
    lookup_leave(lookup);
    return status;
}
