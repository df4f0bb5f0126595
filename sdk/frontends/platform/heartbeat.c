/* A sign of life over an emitter that is silent for long, and an ear for its reader. */
#include "frontends/platform/heartbeat.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "towline/log.h"

struct heartbeat {
    struct emitter *emitter;
    int64_t every_ms;
    int64_t started_ms;
    pthread_t thread;
    int stop_fd;
};

/* Says that the program is alive if it is time to; returns when to look again, -1: never. */
static int give_sign(const struct heartbeat *heartbeat)
{
    int64_t silent_ms = emitter_silent_ms(heartbeat->emitter), wait_ms;

    if (heartbeat->every_ms == 0)
        return -1;
    if (silent_ms >= heartbeat->every_ms) {
        tl_log(TL_LOG_INFO, "still at work, %lld s after the start",
               (long long)(clock_now_ms() - heartbeat->started_ms) / 1000);
        silent_ms = 0;
    }
    wait_ms = heartbeat->every_ms - silent_ms;
    return wait_ms < INT_MAX ? (int)wait_ms : INT_MAX;
}

static void *beat(void *argument)
{
    struct heartbeat *heartbeat = argument;
    struct pollfd watched[] = {{.fd = heartbeat->stop_fd, .events = POLLIN},
                               {.fd = heartbeat->emitter->fd}};

    while (watched[0].revents == 0) {
        if (poll(watched, 2, give_sign(heartbeat)) < 0 && errno != EINTR)
            break;
        if (watched[1].revents != 0) {
            emitter_hang_up(heartbeat->emitter);
            watched[1] = (struct pollfd){.fd = -1};
        }
    }
    return NULL;
}

struct heartbeat *heartbeat_start(struct emitter *emitter, int64_t every_ms)
{
    struct heartbeat *heartbeat = calloc(1, sizeof(*heartbeat));

    if (heartbeat == NULL)
        return NULL;
    heartbeat->emitter = emitter;
    heartbeat->every_ms = every_ms;
    heartbeat->started_ms = clock_now_ms();
    heartbeat->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (heartbeat->stop_fd >= 0 &&
        pthread_create(&heartbeat->thread, NULL, beat, heartbeat) == 0)
        return heartbeat;
    if (heartbeat->stop_fd >= 0)
        close(heartbeat->stop_fd);
    free(heartbeat);
    return NULL;
}

void heartbeat_stop(struct heartbeat *heartbeat)
{
    const uint64_t one = 1;

    if (heartbeat == NULL)
        return;
    (void)!write(heartbeat->stop_fd, &one, sizeof(one));
    pthread_join(heartbeat->thread, NULL);
    close(heartbeat->stop_fd);
    free(heartbeat);
}
