/* A look at the streams: each runs until it has shown enough rows to tell its columns by. */
#include "frontends/fivetran/look.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* A user waits for it in front of a form. */
enum { ENOUGH_ROWS = 10000, LIMIT_SECONDS = 90 };

static const struct selection everything = {.new_tables = true};

/* A descriptor that is readable when stop_fd is, or the time is up. -1 on failure. */
static int limit_open(int stop_fd, int *timer)
{
    const struct itimerspec limit = {.it_value = {.tv_sec = LIMIT_SECONDS}};
    struct epoll_event event = {.events = EPOLLIN};
    int both = epoll_create1(EPOLL_CLOEXEC);

    *timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (both >= 0 && *timer >= 0 && timerfd_settime(*timer, 0, &limit, NULL) == 0 &&
        epoll_ctl(both, EPOLL_CTL_ADD, *timer, &event) == 0 &&
        epoll_ctl(both, EPOLL_CTL_ADD, stop_fd, &event) == 0)
        return both;
    if (both >= 0)
        (void)close(both);
    return -1;
}

static bool is_readable(int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    return poll(&one, 1, 0) > 0;
}

static bool all_failed(const struct run_report *report)
{
    for (size_t i = 0; i < report->n_streams; i++)
        if (report->streams[i].error.status == TL_OK)
            return false;
    return true;
}

enum tl_status look_run(struct look *look, const struct tl_connector *connector,
                        const struct tl_config *config, int stop_fd, struct tl_error *err)
{
    int timer, both = limit_open(stop_fd, &timer);
    struct run_options options = {
        .connector = connector,
        .config = config,
        .opened = &look->sink.base,
        .mode = DESTINATION_DRY_RUN,
        .state = "{}",
        .stop_fd = both,
        .retry_attempts = tl_config_integer(config, "retry_attempts"),
        .enough_rows = ENOUGH_ROWS,
    };
    enum tl_status status = sink_init(&look->sink, NULL, &everything, "{}", err);

    if (status == TL_OK && both < 0)
        status = tl_fail(err, TL_INTERNAL, "cannot set a time limit: %s", strerror(errno));
    if (status == TL_OK)
        status = run_sync(&options, &look->report, err);
    look->timed_out = status != TL_OK && is_readable(timer) && !is_readable(stop_fd);
    if (look->timed_out || (status != TL_OK && !all_failed(&look->report)))
        status = err->status = TL_OK;
    if (both >= 0)
        (void)close(both);
    if (timer >= 0)
        (void)close(timer);
    return status;
}

void look_reset(struct look *look)
{
    sink_reset(&look->sink);
    run_report_reset(&look->report);
}
