/* The states of a tunnel. */
#include "commands/tunnel_hold.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "commands/health.h"
#include "commands/notify.h"
#include "towline/command.h"
#include "towline/log.h"
#include "tunnel/forwarder.h"
#include "tunnel/further.h"
#include "tunnel/inlet.h"

enum {
    SESSIONS_MAX = 8,
    PAUSE_MIN_MS = 1000,
    PAUSE_MAX_MS = 60000,
    SETTLED_MS = 60000, /* up for so long, a loss is a new one and not the last one again */
    TICK_MS = 1000,
    LISTEN_TIMEOUT_MS = 15000
};

struct holder {
    const struct tunnel_hold *options;
    struct forwarder *forwarder;
    struct further *connecting;
    struct ssh_session *session; /* while up */
    bool was_up;                 /* at least once: ready */
    int64_t attempts;            /* that failed since */
    uint64_t failures;           /* since it was up for a while */
    int64_t resume_ms, up_ms;
    int64_t watchdog_ms, watchdog_due_ms;
    uint16_t ports[TUNNEL_SPECS_MAX]; /* the ends that are listened on, once known */
    char host[300];                   /* "user@host", safe to show */
    const char *told;                 /* the state that the health file has */
    bool warned;                      /* that the health file cannot be written */
    struct health health;
};

static bool is_local(const struct holder *self, size_t i)
{
    return i < self->options->plan->n_local;
}

static enum tl_status open_forwarder(struct holder *self, struct tl_error *err)
{
    struct forwarder_options options;

    forwarder_options_init(&options);
    options.further = self->options->ssh;
    options.max_sessions = SESSIONS_MAX;
    return forwarder_open(&options, &self->forwarder, err);
}

static struct tunnel_route route_of(const struct tunnel_spec *spec, uint16_t port)
{
    return (struct tunnel_route){
        .bind = spec->bind, .port = port, .host = spec->host, .host_port = spec->host_port};
}

static enum tl_status listen_local(struct holder *self, struct tl_error *err)
{
    const struct tunnel_plan *plan = self->options->plan;
    enum tl_status status = TL_OK;

    for (size_t i = 0; i < plan->n_local && status == TL_OK; i++) {
        const struct tunnel_spec *spec = &plan->specs[i];
        const struct tunnel_route route = route_of(spec, spec->port);
        if (!inlet_is_loopback(spec->bind))
            tl_log(TL_LOG_WARNING,
                   "whoever reaches this machine at %s can use the tunnel to %s", spec->bind,
                   spec->host);
        status = forwarder_listen_port(self->forwarder, &route, &self->ports[i], err);
    }
    return status;
}

/* A free port that the server chose is asked for again after a loss: others know it by now. */
static enum tl_status listen_remote(struct holder *self, struct tl_error *err)
{
    const struct tunnel_plan *plan = self->options->plan;
    int64_t deadline_ms = clock_now_ms() + LISTEN_TIMEOUT_MS;
    enum tl_status status = TL_OK;

    for (size_t i = plan->n_local; i < plan->n && status == TL_OK; i++) {
        const struct tunnel_spec *spec = &plan->specs[i];
        const struct tunnel_route route =
            route_of(spec, self->was_up ? self->ports[i] : spec->port);
        status =
            forwarder_listen_remote(self->forwarder, &route, deadline_ms, &self->ports[i], err);
    }
    return status;
}

/* "host:port", where an IPv6 address stands in brackets. */
static const char *show(char out[300], const char *host, uint16_t port)
{
    bool v6 = strchr(host, ':') != NULL;

    snprintf(out, 300, "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "", port);
    return out;
}

static enum tl_status print_ends(struct holder *self, struct tl_error *err)
{
    const struct tunnel_plan *plan = self->options->plan;
    enum tl_status status = TL_OK;
    char from[300], to[300];

    for (size_t i = 0; i < plan->n && status == TL_OK; i++) {
        const struct tunnel_spec *spec = &plan->specs[i];
        bool local = is_local(self, i);
        const char *own = local ? "127.0.0.1" : "localhost";
        status = tl_print(err, "%s%s%s -> %s\n", local ? "" : self->host, local ? "" : " ",
                          show(from, spec->bind[0] != '\0' ? spec->bind : own, self->ports[i]),
                          show(to, spec->host, spec->host_port));
    }
    return status;
}

/* Goes to wait after a fault that passes; returns the status if it does not. */
static enum tl_status wait_or_fail(struct holder *self, const struct tl_error *why)
{
    enum tl_status status = why->status;

    /* Once it worked, whatever does not connect may pass: names that cannot be looked up while
     * the network is away, ports that the lost connection still has in the server's eyes. */
    if (!tl_status_is_transient(status) &&
        !(self->was_up && tl_status_exit_code(status) == tl_status_exit_code(TL_CONNECT)))
        return status;
    if (!self->was_up && self->attempts++ >= self->options->retry_attempts)
        return status;
    self->resume_ms = clock_now_ms() + backoff_ms(PAUSE_MIN_MS, PAUSE_MAX_MS, ++self->failures);
    tl_log(TL_LOG_WARNING, "%s; connecting again in %.1f s", why->message,
           (double)(self->resume_ms - clock_now_ms()) / 1000);
    health_enter(&self->health, "waiting", why);
    notify_send("STATUS=waiting to connect again: %s", why->message);
    return TL_OK;
}

/* Once it worked, a tunnel does not end for want of a file. */
static enum tl_status note_health(struct holder *self, struct tl_error *err)
{
    struct forwarder_counts counts;
    struct tl_error failure = {0};
    bool changed = self->health.state != self->told;

    self->told = self->health.state;
    forwarder_count(self->forwarder, &counts);
    if (health_write(&self->health, &counts, changed, &failure) == TL_OK)
        return TL_OK;
    if (!self->was_up) {
        *err = failure;
        return err->status;
    }
    if (!self->warned)
        tl_log(TL_LOG_WARNING, "%s; the tunnel goes on without it", failure.message);
    self->warned = true;
    return TL_OK;
}

/* Who is told that it is up finds the same in the health file. */
static enum tl_status come_up(struct holder *self, struct tl_error *err)
{
    enum tl_status status = forwarder_carry(self->forwarder, self->session, err);

    if (status == TL_OK)
        status = listen_remote(self, err);
    if (status != TL_OK)
        return status;
    if (!self->was_up)
        snprintf(self->host, sizeof(self->host), "%s", ssh_session_label(self->session));
    self->health.reconnects += self->was_up;
    self->up_ms = clock_now_ms();
    health_enter(&self->health, "up", NULL);
    if (note_health(self, err) != TL_OK || (!self->was_up && print_ends(self, err) != TL_OK))
        return err->status;
    self->was_up = true;
    tl_log(TL_LOG_INFO, "%s: the tunnel is up", self->host);
    notify_send("READY=1\nSTATUS=up");
    return TL_OK;
}

/* The session is of no use any more. */
static void go_down(struct holder *self)
{
    forwarder_drop(self->forwarder);
    ssh_session_close(self->session);
    self->session = NULL;
}

static enum tl_status step_waiting(struct holder *self, struct tl_error *err)
{
    if (clock_now_ms() < self->resume_ms)
        return TL_OK;
    health_enter(&self->health, "connecting", NULL);
    return further_start(self->options->ssh, &self->connecting, err);
}

static enum tl_status step_connecting(struct holder *self, struct tl_error *err)
{
    struct tl_error failure = {0};

    if (!further_take(self->connecting, &self->session, &failure))
        return TL_OK;
    further_close(self->connecting);
    self->connecting = NULL;
    if (self->session != NULL && come_up(self, &failure) == TL_OK)
        return TL_OK;
    go_down(self);
    *err = failure;
    return wait_or_fail(self, &failure);
}

/* Why connections were refused: a server that forbids a tunnel will go on to do so. */
static enum tl_status look_at_refusals(struct holder *self, struct tl_error *err)
{
    struct tl_error refusal;

    if (!forwarder_refusal(self->forwarder, &refusal))
        return TL_OK;
    if (refusal.status == TL_FORWARD) {
        *err = refusal;
        return refusal.status;
    }
    tl_log(TL_LOG_WARNING, "%s. %s", refusal.message, refusal.remedy);
    health_note(&self->health, &refusal);
    return TL_OK;
}

static enum tl_status step(struct holder *self, struct tl_error *err)
{
    struct tl_error failure = {0};
    enum tl_status status = forwarder_step(self->forwarder, &failure);

    if (status != TL_OK) {
        if (clock_now_ms() >= self->up_ms + SETTLED_MS)
            self->failures = 0;
        go_down(self);
        *err = failure;
        return wait_or_fail(self, &failure);
    }
    status = look_at_refusals(self, err);
    if (status == TL_OK && self->connecting != NULL)
        return step_connecting(self, err);
    return status == TL_OK && self->session == NULL ? step_waiting(self, err) : status;
}

static enum tl_status tell(struct holder *self, struct tl_error *err)
{
    if (self->watchdog_ms > 0 && clock_now_ms() >= self->watchdog_due_ms) {
        notify_send("WATCHDOG=1");
        self->watchdog_due_ms = clock_now_ms() + self->watchdog_ms;
    }
    return note_health(self, err);
}

/* Waits until there is something to do. TL_INTERRUPTED when it is to end. */
static enum tl_status wait_for_work(struct holder *self, struct tl_error *err)
{
    struct pollfd fds[] = {
        {.fd = self->options->ssh->stop_fd, .events = POLLIN},
        {.fd = forwarder_fd(self->forwarder), .events = POLLIN},
        {.fd = self->connecting != NULL ? further_fd(self->connecting) : -1, .events = POLLIN}};
    int64_t wake_ms = forwarder_wake_ms(self->forwarder);
    int64_t tick_ms = clock_now_ms() + TICK_MS;

    if (self->watchdog_ms > 0 && self->watchdog_due_ms < tick_ms)
        tick_ms = self->watchdog_due_ms;
    if (self->session == NULL && self->connecting == NULL && self->resume_ms < tick_ms)
        tick_ms = self->resume_ms;
    if (poll(fds, 3, clock_remaining_ms(clock_earlier(wake_ms, tick_ms))) < 0 && errno != EINTR)
        return tl_fail(err, TL_INTERNAL, "cannot wait: %s", strerror(errno));
    if (fds[0].revents != 0)
        return tl_fail(err, TL_INTERRUPTED, "the tunnel was told to end");
    return TL_OK;
}

static enum tl_status run(struct holder *self, struct tl_error *err)
{
    enum tl_status status = listen_local(self, err);

    while (status == TL_OK) {
        status = step(self, err);
        if (status == TL_OK)
            status = tell(self, err);
        if (status == TL_OK)
            status = wait_for_work(self, err);
    }
    return status;
}

enum tl_status tunnel_hold(const struct tunnel_hold *options, struct tl_error *err)
{
    struct holder self = {.options = options,
                          .watchdog_ms = notify_watchdog_ms(),
                          .health = {.path = options->health_path}};
    struct tl_error unwritten; /* is what it failed with, or was warned of */
    enum tl_status status = open_forwarder(&self, err);

    snprintf(self.host, sizeof(self.host), "%.250s", options->ssh->host);
    self.health.host = self.host;
    if (status == TL_OK)
        status = run(&self, err);
    notify_send("STOPPING=1\nSTATUS=%s", err->message);
    health_enter(&self.health, "stopped", status == TL_INTERRUPTED ? NULL : err);
    self.told = NULL;
    if (self.forwarder != NULL)
        (void)note_health(&self, &unwritten);
    further_close(self.connecting);
    forwarder_close(self.forwarder);
    ssh_session_close(self.session);
    return status;
}
