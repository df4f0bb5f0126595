/* The forwarder: who waits in line, and which session carries whom. */
#include "tunnel/forwarder.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/clock.h"
#include "ssh/reactor.h"
#include "towline/log.h"
#include "tunnel/carrier.h"
#include "tunnel/further.h"
#include "tunnel/inlet.h"

enum {
    OPEN_TIMEOUT_MS = 30000,
    EVENTS_A_STEP = 64,
    STARVED_PAUSE_MS = 200, /* before accepting again when files ran out */
    PATIENCE_MS = 200, /* of the first in line, before a further session is opened for it */
    SILENT_MS = 1000,  /* after which a target counts as not answering */
    FURTHER_PAUSE_MS = 2000, /* between attempts at a further session; doubles up to the next */
    FURTHER_PAUSE_MAX_MS = 60000,
    IDLE_MS = 30000 /* after which a further session is closed */
};

struct forwarder {
    struct forwarder_options options;
    int epoll_fd;
    struct inlet *inlets;
    struct carrier *carriers;
    struct connection *waiting; /* the line, oldest first */
    size_t n_waiting;
    struct further *further; /* session on its way, or NULL */
    struct watch further_watch;
    int64_t further_after_ms, further_pause_ms;
    int64_t accept_after_ms;
    struct carrier_round round;
    uint64_t lost;
};

void forwarder_options_init(struct forwarder_options *options)
{
    *options =
        (struct forwarder_options){.open_timeout_ms = OPEN_TIMEOUT_MS, .max_sessions = 1};
}

/* A step looks at it in any case. */
static void further_ready(struct watch *watch, uint32_t events)
{
    (void)watch, (void)events;
}

enum tl_status forwarder_open(const struct forwarder_options *options, struct forwarder **out,
                              struct tl_error *err)
{
    struct forwarder *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a tunnel");
    self->options = *options;
    self->further_pause_ms = FURTHER_PAUSE_MS;
    self->further_watch.ready = further_ready;
    self->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    self->round.scratch = malloc(CONNECTION_PIECE_BYTES);
    if (self->epoll_fd < 0 || self->round.scratch == NULL) {
        (void)tl_fail(err, TL_INTERNAL, "cannot make a tunnel: %s", strerror(errno));
        forwarder_close(self);
        return TL_INTERNAL;
    }
    *out = self;
    return TL_OK;
}

static void free_all(struct connection **line)
{
    while (*line != NULL) {
        struct connection *connection = *line;
        *line = connection->next;
        connection_free(connection);
    }
}

void forwarder_close(struct forwarder *self)
{
    if (self == NULL)
        return;
    further_close(self->further);
    while (self->carriers != NULL) {
        struct carrier *carrier = self->carriers;
        self->carriers = carrier->next;
        carrier_free(carrier);
    }
    free_all(&self->waiting);
    free_all(&self->round.turned_away);
    while (self->inlets != NULL) {
        struct inlet *inlet = self->inlets;
        self->inlets = inlet->next;
        inlet_close(inlet);
    }
    if (self->epoll_fd >= 0)
        close(self->epoll_fd);
    free(self->round.scratch);
    free(self);
}

static enum tl_status carry(struct forwarder *self, struct ssh_session *session, bool lent,
                            struct tl_error *err)
{
    struct carrier *carrier = carrier_new(session, lent, self->epoll_fd);

    if (carrier == NULL)
        return tl_fail(err, TL_INTERNAL, "cannot watch a session: %s", strerror(errno));
    carrier->next = self->carriers;
    self->carriers = carrier;
    return TL_OK;
}

enum tl_status forwarder_carry(struct forwarder *self, struct ssh_session *session,
                               struct tl_error *err)
{
    self->round.busy = true;
    return carry(self, session, true, err);
}

static enum tl_status add_inlet(struct forwarder *self, struct inlet *inlet,
                                struct tl_error *err)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = inlet};

    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, inlet->fd, &event) != 0) {
        inlet_close(inlet);
        return tl_fail(err, TL_INTERNAL, "cannot watch a socket: %s", strerror(errno));
    }
    inlet->next = self->inlets;
    self->inlets = inlet;
    return TL_OK;
}

enum tl_status forwarder_listen_unix(struct forwarder *self, const char *host, uint16_t port,
                                     const char **path, struct tl_error *err)
{
    struct inlet *inlet = NULL;
    enum tl_status status = inlet_open_path(host, port, &inlet, err);

    if (status == TL_OK)
        status = add_inlet(self, inlet, err);
    if (status == TL_OK)
        *path = inlet->address.sun_path;
    return status;
}

enum tl_status forwarder_listen_port(struct forwarder *self, const struct tunnel_route *route,
                                     uint16_t *bound_port, struct tl_error *err)
{
    struct inlet *inlet = NULL;
    enum tl_status status = inlet_open_port(route, &inlet, err);

    if (status == TL_OK)
        status = add_inlet(self, inlet, err);
    if (status == TL_OK)
        *bound_port = inlet->port;
    return status;
}

enum tl_status forwarder_listen_remote(struct forwarder *self, const struct tunnel_route *route,
                                       int64_t deadline_ms, uint16_t *bound_port,
                                       struct tl_error *err)
{
    struct carrier *carrier = self->carriers;
    struct outlet *outlet = NULL;
    enum tl_status status;

    while (carrier != NULL && !carrier->lent)
        carrier = carrier->next;
    if (carrier == NULL)
        return tl_fail(err, TL_INTERNAL, "no session was lent to listen through");
    status = outlet_open(carrier->session, route, deadline_ms, &outlet, bound_port, err);
    if (status == TL_OK) {
        outlet->next = carrier->outlets;
        carrier->outlets = outlet;
    }
    return status;
}

int forwarder_fd(const struct forwarder *self)
{
    return self->epoll_fd;
}

/* Notes what happened. */
static void collect(struct forwarder *self)
{
    struct epoll_event events[EVENTS_A_STEP];
    int n = epoll_wait(self->epoll_fd, events, EVENTS_A_STEP, 0);

    for (int i = 0; i < n; i++) {
        struct watch *watch = events[i].data.ptr;
        watch->ready(watch, events[i].events);
    }
    self->round.busy = n == EVENTS_A_STEP;
}

static void queue_last(struct forwarder *self, struct connection *connection)
{
    struct connection **last = &self->waiting;

    while (*last != NULL)
        last = &(*last)->next;
    connection->next = NULL;
    *last = connection;
    self->n_waiting++;
}

static void let_in(struct forwarder *self, struct inlet *inlet, int fd)
{
    struct connection *connection = connection_new(fd, NULL);

    if (connection == NULL) {
        close(fd);
        return;
    }
    connection->inlet = inlet;
    if (connection_watch(connection, self->epoll_fd))
        queue_last(self, connection);
    else
        connection_free(connection);
}

static void accept_all(struct forwarder *self)
{
    bool starved = false;
    int fd;

    if (clock_now_ms() < self->accept_after_ms)
        return;
    for (struct inlet *inlet = self->inlets; inlet != NULL && !starved; inlet = inlet->next)
        while ((fd = inlet_accept(inlet, &starved)) >= 0)
            let_in(self, inlet, fd);
    if (!starved)
        return;
    if (self->accept_after_ms == 0)
        tl_log(TL_LOG_WARNING, "no more connections can be let in until some end: this process "
                               "may open no more files (ulimit -n)");
    self->accept_after_ms = clock_now_ms() + STARVED_PAUSE_MS;
}

/* Of the sessions that are free, the one with the least to carry. A target that does not answer
 * may keep all sessions waiting but one. */
static struct carrier *pick(const struct forwarder *self, const struct inlet *inlet)
{
    struct carrier *best = NULL;
    size_t n_free = 0;
    bool silent = false;

    for (struct carrier *each = self->carriers; each != NULL; each = each->next) {
        silent = silent || carrier_asking_ms(each, inlet) > SILENT_MS;
        if (!carrier_is_free(each))
            continue;
        n_free++;
        if (best == NULL || each->n_connections < best->n_connections)
            best = each;
    }
    return silent && n_free < 2 ? NULL : best;
}

static void refuse_late(struct forwarder *self, struct connection *connection)
{
    struct tl_error why = {0};

    (void)tl_fail(&why, TL_CONNECT, "no session was free in time for a channel to %s port %u",
                  connection->inlet->target_host, connection->inlet->target_port);
    (void)tl_remedy(&why, "See what the connections before it wait for: the server is slow to "
                          "open channels, or their targets do not answer");
    carrier_round_refuse(&self->round, connection, &why);
}

/* Hands those who wait to sessions that can ask for their channels. */
static void assign(struct forwarder *self)
{
    struct connection **place = &self->waiting, *connection;
    int64_t now_ms = clock_now_ms();

    while ((connection = *place) != NULL) {
        struct carrier *carrier = pick(self, connection->inlet);
        bool late = now_ms >= connection->since_ms + self->options.open_timeout_ms;
        struct tl_error why = {0};

        if (carrier == NULL && !late && !connection->refused) {
            place = &connection->next;
            continue;
        }
        *place = connection->next;
        self->n_waiting--;
        if (connection->refused)
            connection_free(connection); /* it went away before its turn */
        else if (carrier == NULL)
            refuse_late(self, connection);
        else if (carrier_take(carrier, connection, now_ms + self->options.open_timeout_ms,
                              &why) == TL_OK)
            self->round.busy = true;
        else
            carrier_round_refuse(&self->round, connection, &why);
    }
}

static bool wants_further(const struct forwarder *self)
{
    size_t n = 0;

    if (self->waiting == NULL || self->options.further == NULL || self->further != NULL)
        return false;
    for (const struct carrier *each = self->carriers; each != NULL; each = each->next)
        n++;
    return n > 0 && n < self->options.max_sessions;
}

/* A server that refuses further sessions (MaxStartups) is left in peace for a while: those in
 * line wait for the sessions there are. */
static void take_further(struct forwarder *self)
{
    struct ssh_session *session = NULL;
    struct tl_error failure = {0};

    if (!further_take(self->further, &session, &failure))
        return;
    further_close(self->further);
    self->further = NULL;
    if (session != NULL && carry(self, session, false, &failure) == TL_OK) {
        self->further_pause_ms = FURTHER_PAUSE_MS;
        self->further_after_ms = 0;
        return;
    }
    ssh_session_close(session);
    tl_log(TL_LOG_INFO, "a further session for the tunnel could not be opened: %s",
           failure.message);
    self->further_after_ms = clock_now_ms() + self->further_pause_ms;
    self->further_pause_ms *= 2;
    if (self->further_pause_ms > FURTHER_PAUSE_MAX_MS)
        self->further_pause_ms = FURTHER_PAUSE_MAX_MS;
}

/* When a further session is due; CLOCK_NEVER if none is wanted. */
static int64_t further_due_ms(const struct forwarder *self)
{
    int64_t due_ms;

    if (!wants_further(self))
        return CLOCK_NEVER;
    due_ms = self->waiting->since_ms + PATIENCE_MS;
    return due_ms > self->further_after_ms ? due_ms : self->further_after_ms;
}

static enum tl_status start_further(struct forwarder *self, struct tl_error *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = &self->further_watch};
    enum tl_status status = further_start(self->options.further, &self->further, err);

    if (status != TL_OK ||
        epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, further_fd(self->further), &event) == 0)
        return status;
    further_close(self->further);
    self->further = NULL;
    return tl_fail(err, TL_INTERNAL, "cannot watch a further session: %s", strerror(errno));
}

static void reinforce(struct forwarder *self)
{
    struct tl_error failure = {0};

    if (self->further != NULL)
        take_further(self);
    if (clock_now_ms() < further_due_ms(self))
        return;
    if (start_further(self, &failure) != TL_OK) {
        tl_log(TL_LOG_WARNING, "%s", failure.message);
        self->further_after_ms = clock_now_ms() + FURTHER_PAUSE_MAX_MS;
    }
}

static void drop(struct forwarder *self, struct carrier **place)
{
    struct carrier *carrier = *place;
    struct connection *connection = carrier_give_back(carrier);

    if (connection != NULL) { /* of whom nothing was taken yet: first in line again */
        connection->state = CONNECTION_WAITING;
        connection->next = self->waiting;
        self->waiting = connection;
        self->n_waiting++;
    }
    self->lost += carrier->n_connections;
    *place = carrier->next;
    carrier_free(carrier);
}

void forwarder_drop(struct forwarder *self)
{
    struct carrier **place = &self->carriers;

    while (*place != NULL)
        if ((*place)->lent)
            drop(self, place);
        else
            place = &(*place)->next;
}

static enum tl_status step_carriers(struct forwarder *self, struct tl_error *err)
{
    struct carrier **place = &self->carriers, *carrier;
    enum tl_status result = TL_OK;

    while ((carrier = *place) != NULL) {
        struct tl_error failure = {0};
        enum tl_status status = carrier_step(carrier, &self->round, &failure);

        if (status == TL_OK && (carrier->lent || !carrier_is_idle(carrier, IDLE_MS))) {
            place = &carrier->next;
            continue;
        }
        if (status != TL_OK && carrier->lent) {
            result = status;
            if (err != NULL)
                *err = failure;
        } else if (status != TL_OK) {
            tl_log(TL_LOG_WARNING, "%s", failure.message);
        }
        drop(self, place);
    }
    return result;
}

enum tl_status forwarder_step(struct forwarder *self, struct tl_error *err)
{
    enum tl_status status;

    free_all(&self->round.turned_away);
    collect(self);
    accept_all(self);
    reinforce(self);
    status = step_carriers(self, err);
    assign(self);
    return status;
}

int64_t forwarder_wake_ms(const struct forwarder *self)
{
    int64_t wake_ms = further_due_ms(self);

    if (self->round.busy)
        return 0;
    if (self->waiting != NULL)
        wake_ms =
            clock_earlier(wake_ms, self->waiting->since_ms + self->options.open_timeout_ms);
    for (const struct inlet *inlet = self->inlets; inlet != NULL; inlet = inlet->next)
        if (inlet->knocked)
            wake_ms = clock_earlier(wake_ms, self->accept_after_ms);
    for (const struct carrier *carrier = self->carriers; carrier != NULL;
         carrier = carrier->next)
        wake_ms = clock_earlier(wake_ms, carrier_wake_ms(carrier));
    return wake_ms;
}

enum tl_status forwarder_run(struct forwarder *self, int64_t until_ms, int extra_fd,
                             struct tl_error *err)
{
    struct pollfd fds[] = {{.fd = self->epoll_fd, .events = POLLIN},
                           {.fd = extra_fd, .events = POLLIN}};
    uint64_t refused = self->round.refused;
    enum tl_status status = forwarder_step(self, err);

    while (status == TL_OK && self->round.refused == refused && clock_now_ms() < until_ms &&
           fds[1].revents == 0) {
        int64_t wake_ms = forwarder_wake_ms(self);
        int timeout_ms = clock_remaining_ms(clock_earlier(wake_ms, until_ms));

        if (poll(fds, 2, timeout_ms) < 0 && errno != EINTR)
            return tl_fail(err, TL_INTERNAL, "cannot wait: %s", strerror(errno));
        status = forwarder_step(self, err);
    }
    return status;
}

bool forwarder_refusal(struct forwarder *self, struct tl_error *refusal)
{
    if (self->round.refusal.status == TL_OK)
        return false;
    *refusal = self->round.refusal;
    self->round.refusal.status = TL_OK;
    return true;
}

void forwarder_count(const struct forwarder *self, struct forwarder_counts *out)
{
    *out = (struct forwarder_counts){.active = self->n_waiting,
                                     .opened = self->round.opened,
                                     .refused = self->round.refused,
                                     .lost = self->lost,
                                     .received_bytes = self->round.received_bytes,
                                     .sent_bytes = self->round.sent_bytes};
    for (const struct carrier *each = self->carriers; each != NULL; each = each->next) {
        out->sessions++;
        out->active += each->n_connections + (each->opening != NULL);
    }
}
