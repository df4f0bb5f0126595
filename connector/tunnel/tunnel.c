/* A forwarder with one inlet, in a thread of its own. */
#include "tunnel/tunnel.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ssh/link.h"
#include "ssh/reactor.h"
#include "towline/log.h"
#include "tunnel/forwarder.h"

enum { SESSIONS_MAX = 4, REOPENINGS_MAX = 5, PAUSE_MS = 1000, LOOK_MS = 500 };

struct tunnel {
    struct ssh_options ssh; /* heeds our stop_fd */
    int stop_fd;
    char *host, *endpoint, *path, *folder;
    struct tunnel_end end;
    bool running;
    pthread_t thread;
    struct forwarder *forwarder; /* from here on the thread's */
    struct ssh_session *session;
    pthread_mutex_t lock; /* of the failure */
    struct tl_error failure;
};

static void note(struct tunnel *self, const struct tl_error *failure)
{
    pthread_mutex_lock(&self->lock);
    self->failure = *failure;
    pthread_mutex_unlock(&self->lock);
}

bool tunnel_failure(struct tunnel *self, struct tl_error *failure)
{
    bool failed;

    pthread_mutex_lock(&self->lock);
    failed = self->failure.status != TL_OK;
    if (failed)
        *failure = self->failure;
    self->failure.status = TL_OK;
    pthread_mutex_unlock(&self->lock);
    return failed;
}

/* Forwards until the session ends. */
static enum tl_status forward(struct tunnel *self, struct tl_error *err)
{
    const struct ssh_patience now = {.stop_fd = self->stop_fd};
    enum tl_status status = TL_OK;
    struct tl_error refusal;

    while (status == TL_OK) {
        status = forwarder_run(self->forwarder, clock_now_ms() + LOOK_MS, self->stop_fd, err);
        if (forwarder_refusal(self->forwarder, &refusal))
            note(self, &refusal);
        if (status == TL_OK && ssh_patience_wait(&now, -1, 0) == TL_INTERRUPTED)
            status = tl_fail(err, TL_INTERRUPTED, "the tunnel was closed");
    }
    return status;
}

/* Opens a session again; several times, as long as it may pass. */
static enum tl_status reopen(struct tunnel *self, struct tl_error *err)
{
    enum tl_status status = TL_LOST;

    forwarder_drop(self->forwarder);
    ssh_session_close(self->session);
    self->session = NULL;
    for (int i = 0; i < REOPENINGS_MAX && tl_status_is_transient(status); i++) {
        const struct ssh_patience pause = {.deadline_ms = clock_now_ms() + (PAUSE_MS << i),
                                           .stop_fd = self->stop_fd};
        status = ssh_session_open(&self->ssh, NULL, &self->session, err);
        if (tl_status_is_transient(status) &&
            ssh_patience_wait(&pause, -1, 0) == TL_INTERRUPTED)
            return tl_fail(err, TL_INTERRUPTED, "the tunnel was closed");
    }
    return status == TL_OK ? forwarder_carry(self->forwarder, self->session, err) : status;
}

static void *run(void *argument)
{
    struct tunnel *self = argument;
    struct tl_error failure = {0};
    enum tl_status status = TL_OK;

    while (status == TL_OK) {
        status = forward(self, &failure);
        if (status == TL_LOST) {
            tl_log(TL_LOG_WARNING, "%s", failure.message);
            status = reopen(self, &failure);
        }
    }
    if (status != TL_INTERRUPTED)
        note(self, &failure);
    forwarder_close(self->forwarder);
    ssh_session_close(self->session);
    return NULL;
}

static enum tl_status check(const struct tunnel_options *options, struct tl_error *err)
{
    bool ssh = options->kind == TUNNEL_SSH || options->kind == TUNNEL_REVERSE;

    if (options->host == NULL || options->host[0] == '\0' || options->port == 0)
        return tl_fail(err, TL_CONFIGURATION, "a tunnel needs a host and a port to lead to");
    if (ssh && options->ssh == NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "a tunnel to %s needs an SSH host to lead through", options->host);
    if (options->kind == TUNNEL_REVERSE && options->endpoint_port == 0)
        return tl_fail(err, TL_CONFIGURATION,
                       "a reverse tunnel to %s needs its port on the SSH host", options->host);
    if (options->kind == TUNNEL_PRIVATE && options->endpoint == NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "a private way to %s needs the endpoint to connect to", options->host);
    return TL_OK;
}

static char *copy(const char *text)
{
    return text != NULL ? text_copy(text, strlen(text)) : NULL;
}

/* What takes no session. */
static void open_plain(struct tunnel *self, const struct tunnel_options *options)
{
    bool private = options->kind == TUNNEL_PRIVATE;

    self->end.address = private ? self->endpoint : self->host;
    self->end.port =
        private && options->endpoint_port != 0 ? options->endpoint_port : options->port;
}

/* Where the tunnel begins: a socket, or a port. */
static enum tl_status open_inlet(struct tunnel *self, const struct tunnel_options *options,
                                 struct tl_error *err)
{
    bool reverse = options->kind == TUNNEL_REVERSE;
    const char *loopback = self->endpoint != NULL ? self->endpoint : "127.0.0.1";
    const struct tunnel_route route = {
        .host = reverse ? loopback : self->host,
        .host_port = reverse ? options->endpoint_port : options->port,
    };
    const char *path;

    if (options->wants_port) {
        self->end.address = "127.0.0.1";
        return forwarder_listen_port(self->forwarder, &route, &self->end.port, err);
    }
    if (forwarder_listen_unix(self->forwarder, route.host, route.host_port, &path, err) !=
        TL_OK)
        return err->status;
    self->path = copy(path);
    self->folder = text_copy(path, (size_t)(strrchr(path, '/') - path));
    self->end.path = self->path;
    self->end.folder = self->folder;
    self->end.port = route.host_port;
    return self->path != NULL && self->folder != NULL
               ? TL_OK
               : tl_fail(err, TL_MEMORY, "out of memory for a tunnel");
}

static enum tl_status open_ssh(struct tunnel *self, const struct tunnel_options *options,
                               struct tl_error *err)
{
    struct forwarder_options forwarding;

    self->ssh = *options->ssh;
    forwarder_options_init(&forwarding);
    forwarding.further = &self->ssh;
    forwarding.max_sessions = SESSIONS_MAX;
    /* the caller's wish to stop ends the opening; afterwards our own does */
    if (ssh_session_open(&self->ssh, NULL, &self->session, err) != TL_OK ||
        forwarder_open(&forwarding, &self->forwarder, err) != TL_OK ||
        forwarder_carry(self->forwarder, self->session, err) != TL_OK ||
        open_inlet(self, options, err) != TL_OK)
        return err->status;
    self->ssh.stop_fd = self->stop_fd;
    ssh_session_heed(self->session, self->stop_fd);
    errno = pthread_create(&self->thread, NULL, run, self);
    self->running = errno == 0;
    return self->running ? TL_OK
                         : tl_fail(err, TL_INTERNAL, "cannot start a thread for a tunnel: %s",
                                   strerror(errno));
}

enum tl_status tunnel_open(const struct tunnel_options *options, struct tunnel **out,
                           struct tl_error *err)
{
    struct tunnel *self = NULL;
    enum tl_status status = check(options, err);

    if (status != TL_OK)
        return status;
    self = calloc(1, sizeof(*self));
    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a tunnel");
    pthread_mutex_init(&self->lock, NULL);
    self->host = copy(options->host);
    self->endpoint = copy(options->endpoint);
    self->end.verify = self->host;
    self->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->host == NULL || (options->endpoint != NULL && self->endpoint == NULL) ||
        self->stop_fd < 0)
        status = tl_fail(err, TL_MEMORY, "out of memory for a tunnel");
    else if (options->kind == TUNNEL_DIRECT || options->kind == TUNNEL_PRIVATE)
        open_plain(self, options);
    else
        status = open_ssh(self, options, err);
    if (status == TL_OK) {
        *out = self;
        self = NULL;
    }
    tunnel_close(self);
    return status;
}

const struct tunnel_end *tunnel_end(const struct tunnel *self)
{
    return &self->end;
}

void tunnel_close(struct tunnel *self)
{
    const uint64_t one = 1;

    if (self == NULL)
        return;
    if (self->running) {
        (void)!write(self->stop_fd, &one, sizeof(one));
        (void)pthread_join(self->thread, NULL);
    } else {
        forwarder_close(self->forwarder);
        ssh_session_close(self->session);
    }
    if (self->stop_fd >= 0)
        close(self->stop_fd);
    pthread_mutex_destroy(&self->lock);
    free(self->host);
    free(self->endpoint);
    free(self->path);
    free(self->folder);
    free(self);
}
