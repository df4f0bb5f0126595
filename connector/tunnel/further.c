/* A session on its way, in a thread. */
#include "tunnel/further.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ssh/reactor.h"

struct further {
    int end_fd;
    int stop_fd; /* for the thread; the session goes on with that of the caller */
    int caller_stop_fd;
    bool running; /* the thread has not been joined */
    pthread_t thread;
    struct ssh_options options;
    struct ssh_session *session;
    struct tl_error failure;
};

static void notify(int fd)
{
    const uint64_t one = 1;
    (void)!write(fd, &one, sizeof(one));
}

static void *run(void *argument)
{
    struct further *self = argument;

    if (ssh_session_open(&self->options, NULL, &self->session, &self->failure) != TL_OK)
        self->session = NULL;
    notify(self->end_fd);
    return NULL;
}

static bool start(struct further *self)
{
    self->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    self->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (self->end_fd < 0 || self->stop_fd < 0)
        return false;
    self->caller_stop_fd = self->options.stop_fd;
    self->options.stop_fd = self->stop_fd;
    errno = pthread_create(&self->thread, NULL, run, self);
    self->running = errno == 0;
    return self->running;
}

enum tl_status further_start(const struct ssh_options *options, struct further **out,
                             struct tl_error *err)
{
    struct further *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a further session");
    *self = (struct further){.end_fd = -1, .stop_fd = -1, .options = *options};
    if (!start(self)) {
        (void)tl_fail(err, TL_INTERNAL, "cannot start a thread for a further session: %s",
                      strerror(errno));
        further_close(self);
        return TL_INTERNAL;
    }
    *out = self;
    return TL_OK;
}

int further_fd(const struct further *self)
{
    return self->end_fd;
}

bool further_take(struct further *self, struct ssh_session **session, struct tl_error *failure)
{
    uint64_t count;

    if (read(self->end_fd, &count, sizeof(count)) < 0)
        return false;
    (void)pthread_join(self->thread, NULL);
    self->running = false;
    *session = self->session;
    if (self->session != NULL)
        ssh_session_heed(self->session, self->caller_stop_fd);
    *failure = self->failure;
    self->session = NULL;
    return true;
}

void further_close(struct further *self)
{
    if (self == NULL)
        return;
    if (self->running) {
        notify(self->stop_fd);
        (void)pthread_join(self->thread, NULL);
    }
    ssh_session_close(self->session);
    if (self->end_fd >= 0)
        close(self->end_fd);
    if (self->stop_fd >= 0)
        close(self->stop_fd);
    free(self);
}
