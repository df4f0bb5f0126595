/* A sign of life over a wire that is silent for long. */
#include "frontends/platform/heartbeat.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "towline/log.h"

struct heartbeat {
    struct wire *wire;
    int64_t every_ms;
    int64_t started_ms;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopped;
};

/* Under the lock: waits so long, or until it is to end. */
static void wait_for(struct heartbeat *heartbeat, int64_t wait_ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)(wait_ms / 1000);
    until.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&heartbeat->stop, &heartbeat->lock, &until);
}

static void *beat(void *argument)
{
    struct heartbeat *heartbeat = argument;

    pthread_mutex_lock(&heartbeat->lock);
    while (!heartbeat->stopped) {
        int64_t silent_ms = wire_silent_ms(heartbeat->wire);
        if (silent_ms >= heartbeat->every_ms) {
            tl_log(TL_LOG_INFO, "still at work, %lld s after the start",
                   (long long)(clock_now_ms() - heartbeat->started_ms) / 1000);
            silent_ms = 0;
        }
        wait_for(heartbeat, heartbeat->every_ms - silent_ms);
    }
    pthread_mutex_unlock(&heartbeat->lock);
    return NULL;
}

struct heartbeat *heartbeat_start(struct wire *wire, int64_t every_ms)
{
    struct heartbeat *heartbeat = calloc(1, sizeof(*heartbeat));
    pthread_condattr_t monotonic;

    if (heartbeat == NULL)
        return NULL;
    heartbeat->wire = wire;
    heartbeat->every_ms = every_ms;
    heartbeat->started_ms = clock_now_ms();
    pthread_mutex_init(&heartbeat->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&heartbeat->stop, &monotonic);
    pthread_condattr_destroy(&monotonic);
    if (pthread_create(&heartbeat->thread, NULL, beat, heartbeat) == 0)
        return heartbeat;
    pthread_cond_destroy(&heartbeat->stop);
    pthread_mutex_destroy(&heartbeat->lock);
    free(heartbeat);
    return NULL;
}

void heartbeat_stop(struct heartbeat *heartbeat)
{
    if (heartbeat == NULL)
        return;
    pthread_mutex_lock(&heartbeat->lock);
    heartbeat->stopped = true;
    pthread_cond_signal(&heartbeat->stop);
    pthread_mutex_unlock(&heartbeat->lock);
    pthread_join(heartbeat->thread, NULL);
    pthread_cond_destroy(&heartbeat->stop);
    pthread_mutex_destroy(&heartbeat->lock);
    free(heartbeat);
}
