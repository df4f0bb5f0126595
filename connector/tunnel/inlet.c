/* Listening sockets of this machine. */
#include "tunnel/inlet.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/text.h"

enum { BACKLOG = 1024 };

static void inlet_ready(struct watch *watch, uint32_t events)
{
    struct inlet *self = (struct inlet *)watch;

    (void)events;
    self->knocked = true;
}

static struct inlet *inlet_new(const char *host, uint16_t host_port)
{
    struct inlet *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return NULL;
    *self = (struct inlet){.watch = {inlet_ready}, .fd = -1, .target_port = host_port};
    self->target_host = text_copy(host, strlen(host));
    if (self->target_host != NULL)
        return self;
    free(self);
    return NULL;
}

bool inlet_is_loopback(const char *bind)
{
    return bind == NULL || bind[0] == '\0' || strcmp(bind, "localhost") == 0 ||
           strcmp(bind, "::1") == 0 || strncmp(bind, "127.", 4) == 0;
}

static enum tl_status look_up(const char *bind, uint16_t port, struct addrinfo **out,
                              struct tl_error *err)
{
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    bool any = bind != NULL && strcmp(bind, "*") == 0;
    char service[8], safe[100];
    int rc;

    if (bind == NULL || bind[0] == '\0')
        bind = "127.0.0.1";
    snprintf(service, sizeof(service), "%u", port);
    rc = getaddrinfo(any ? NULL : bind, service, &hints, out);
    if (rc == 0)
        return TL_OK;
    tl_fail(err, TL_RESOLVE, "cannot listen at \"%s\": %s",
            text_safe(safe, sizeof(safe), bind, strlen(bind)), gai_strerror(rc));
    return tl_remedy(err, "Give an address of this machine, or none for its loopback address");
}

static int listen_at(const struct addrinfo *address)
{
    const int on = 1;
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -1;
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, address->ai_addr, address->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static enum tl_status fail_port(const char *bind, uint16_t port, int error,
                                struct tl_error *err)
{
    char safe[100];

    if (bind == NULL || bind[0] == '\0')
        bind = "127.0.0.1";
    tl_fail(err, TL_USAGE, "cannot listen at %s port %u: %s",
            text_safe(safe, sizeof(safe), bind, strlen(bind)), port, strerror(error));
    if (error == EADDRINUSE)
        return tl_remedy(
            err,
            "Choose another port, or 0 for a free one; `ss -ltnp sport = :%u` shows "
            "who has this one",
            port);
    if (error == EACCES)
        return tl_remedy(err, "Choose a port from 1024 on: the others take privileges");
    return tl_remedy(err, "Give an address of this machine, or none for its loopback address");
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t size = sizeof(address);

    if (getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return 0;
    return ntohs(address.ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)&address)->sin6_port
                     : ((const struct sockaddr_in *)&address)->sin_port);
}

enum tl_status inlet_open_port(const struct tunnel_route *route, struct inlet **out,
                               struct tl_error *err)
{
    struct inlet *inlet = inlet_new(route->host, route->host_port);
    struct addrinfo *addresses = NULL;
    enum tl_status status = TL_OK;

    if (inlet == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a tunnel to %s", route->host);
    status = look_up(route->bind, route->port, &addresses, err);
    if (status != TL_OK)
        goto done;
    for (const struct addrinfo *each = addresses; each != NULL && inlet->fd < 0;
         each = each->ai_next)
        inlet->fd = listen_at(each);
    if (inlet->fd < 0) {
        status = fail_port(route->bind, route->port, errno, err);
        goto done;
    }
    inlet->port = bound_port(inlet->fd);
    *out = inlet;
    inlet = NULL;
done:
    if (addresses != NULL)
        freeaddrinfo(addresses);
    inlet_close(inlet);
    return status;
}

/* Where folders of this user's running programs belong; a socket's path must be short. */
static const char *base_folder(void)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");

    if (runtime != NULL && runtime[0] == '/' && strlen(runtime) < 32 &&
        access(runtime, W_OK | X_OK) == 0)
        return runtime;
    return "/tmp";
}

static int listen_in(struct inlet *inlet)
{
    struct sockaddr_un *address = &inlet->address;

    snprintf(inlet->folder, sizeof(inlet->folder), "%s/towline-XXXXXX", base_folder());
    if (mkdtemp(inlet->folder) == NULL) { /* which lets nobody else in */
        inlet->folder[0] = '\0';
        return -1;
    }
    address->sun_family = AF_UNIX;
    snprintf(address->sun_path, sizeof(address->sun_path), "%s/.s.PGSQL.%u", inlet->folder,
             inlet->target_port);
    inlet->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (inlet->fd < 0 ||
        bind(inlet->fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
        return -1;
    return listen(inlet->fd, BACKLOG);
}

enum tl_status inlet_open_path(const char *host, uint16_t host_port, struct inlet **out,
                               struct tl_error *err)
{
    struct inlet *inlet = inlet_new(host, host_port);

    if (inlet == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a tunnel to %s", host);
    if (listen_in(inlet) != 0) {
        tl_fail(err, TL_INTERNAL, "cannot make a private socket in %s: %s", base_folder(),
                strerror(errno));
        inlet_close(inlet);
        return tl_remedy(err,
                         "Make that folder writable for this user and see that it has room");
    }
    *out = inlet;
    return TL_OK;
}

int inlet_accept(struct inlet *inlet, bool *starved)
{
    const int on = 1;
    int fd = -1;

    while (inlet->knocked && fd < 0) {
        fd = accept4(inlet->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            break;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            *starved = true;
            return -1;
        }
        if (errno == EAGAIN)
            inlet->knocked = false; /* all else is about the one that gave up knocking */
    }
    if (fd >= 0 && inlet->port != 0)
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return fd;
}

void inlet_close(struct inlet *inlet)
{
    if (inlet == NULL)
        return;
    if (inlet->fd >= 0)
        close(inlet->fd);
    if (inlet->address.sun_path[0] != '\0')
        (void)unlink(inlet->address.sun_path);
    if (inlet->folder[0] != '\0')
        (void)rmdir(inlet->folder);
    free(inlet->target_host);
    free(inlet);
}
