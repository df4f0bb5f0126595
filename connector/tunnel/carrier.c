/* One session's connections, round by round. */
#include "tunnel/carrier.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/clock.h"
#include "ssh/reactor.h"

static void carrier_ready(struct watch *watch, uint32_t events)
{
    struct carrier *self = (struct carrier *)watch;

    (void)events;
    self->ready = true;
}

struct carrier *carrier_new(struct ssh_session *session, bool lent, int epoll_fd)
{
    struct carrier *self = calloc(1, sizeof(*self));
    struct epoll_event event = {.events = EPOLLIN};

    if (self == NULL)
        return NULL;
    *self = (struct carrier){.watch = {carrier_ready},
                             .session = session,
                             .lent = lent,
                             .epoll_fd = epoll_fd,
                             .ready = true, /* something may have come before */
                             .idle_since_ms = clock_now_ms()};
    event.data.ptr = self;
    if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, ssh_session_fd(session), &event) == 0)
        return self;
    free(self);
    return NULL;
}

bool carrier_is_free(const struct carrier *self)
{
    return self->opening == NULL && !ssh_session_is_opening(self->session);
}

int64_t carrier_asking_ms(const struct carrier *self, const struct inlet *inlet)
{
    if (self->opening == NULL || self->opening->inlet != inlet)
        return -1;
    return clock_now_ms() - self->opening->since_ms;
}

enum tl_status carrier_take(struct carrier *self, struct connection *connection,
                            int64_t deadline_ms, struct tl_error *err)
{
    const struct ssh_target target = {.host = connection->inlet->target_host,
                                      .port = connection->inlet->target_port};
    enum tl_status status =
        ssh_forward_start(self->session, &target, deadline_ms, &self->forward, err);

    if (status != TL_OK)
        return status;
    connection->state = CONNECTION_OPENING;
    connection->since_ms = clock_now_ms();
    self->opening = connection;
    self->deadline_ms = deadline_ms;
    self->ready = true;
    return TL_OK;
}

int64_t carrier_wake_ms(const struct carrier *self)
{
    return self->forward != NULL && self->deadline_ms < self->pulse_ms ? self->deadline_ms
                                                                       : self->pulse_ms;
}

bool carrier_is_idle(const struct carrier *self, int64_t idle_ms)
{
    return self->n_connections == 0 && self->opening == NULL &&
           clock_now_ms() >= self->idle_since_ms + idle_ms;
}

struct connection *carrier_give_back(struct carrier *self)
{
    struct connection *connection = self->opening;

    ssh_forward_free(self->forward);
    self->forward = NULL;
    self->opening = NULL;
    return connection;
}

static void add(struct carrier *self, struct connection *connection)
{
    connection->stirred = true;
    connection->next = self->connections;
    self->connections = connection;
    self->n_connections++;
}

static void refuse(struct carrier_round *round, const struct tl_error *why)
{
    round->refused++;
    round->refusal = *why;
}

void carrier_round_refuse(struct carrier_round *round, struct connection *connection,
                          const struct tl_error *why)
{
    refuse(round, why);
    round->busy = true;
    connection->next = round->turned_away;
    round->turned_away = connection;
}

/* Goes on asking for the channel that is being opened. */
static enum tl_status step_opening(struct carrier *self, struct carrier_round *round,
                                   struct tl_error *err)
{
    struct ssh_channel *channel = NULL;
    struct connection *connection;
    enum tl_status status = ssh_forward_step(self->forward, &channel, err);

    if (status == TL_LOST || status == TL_INTERRUPTED)
        return status;
    if (status == TL_OK && channel == NULL)
        return TL_OK;
    connection = carrier_give_back(self);
    if (status == TL_OK) {
        connection->channel = channel;
        connection->state = CONNECTION_OPEN;
        add(self, connection);
        round->opened++;
    } else {
        carrier_round_refuse(round, connection, err);
    }
    return TL_OK;
}

/* Takes what came in at the server's ports. */
static void accept_all(struct carrier *self, struct carrier_round *round)
{
    struct connection *connection;
    struct tl_error failure;

    for (struct outlet *outlet = self->outlets; outlet != NULL; outlet = outlet->next)
        while (outlet_accept(outlet, self->epoll_fd, &connection, &failure))
            if (connection != NULL)
                add(self, connection);
            else
                refuse(round, &failure);
}

/* Moves one connection, counting. An error is the session's. */
static enum tl_status move_one(struct carrier *self, struct connection *connection,
                               struct carrier_round *round, struct tl_error *err)
{
    uint64_t received = connection->received_bytes, sent = connection->sent_bytes;
    struct tl_error failure;
    enum tl_status status = TL_OK;

    if (connection->state == CONNECTION_CONNECTING) {
        connection->stirred = false;
        if (outlet_step(connection, self->epoll_fd, &failure) != TL_OK) {
            refuse(round, &failure);
            connection->state = CONNECTION_DONE;
        }
        round->opened += connection->state == CONNECTION_OPEN;
    }
    if (connection->state == CONNECTION_OPEN)
        status = connection_move(connection, round->scratch, err);
    round->received_bytes += connection->received_bytes - received;
    round->sent_bytes += connection->sent_bytes - sent;
    round->busy = round->busy || connection->stirred;
    return status;
}

/* Lets connections move: all of them when the session has news, else those whose socket has. */
static enum tl_status move(struct carrier *self, bool news, struct carrier_round *round,
                           struct tl_error *err)
{
    struct connection **place = &self->connections, *connection;
    enum tl_status status = TL_OK;

    while (status == TL_OK && (connection = *place) != NULL) {
        if (news || connection->stirred)
            status = move_one(self, connection, round, err);
        if (connection->state != CONNECTION_DONE) {
            place = &connection->next;
            continue;
        }
        *place = connection->next;
        connection_free(connection);
        self->n_connections--;
        self->idle_since_ms = clock_now_ms();
    }
    return status;
}

static void watch_sending(struct carrier *self)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = self};
    bool waits = ssh_session_wants_send(self->session);

    if (waits == self->waits_to_send)
        return;
    if (waits)
        event.events |= EPOLLOUT;
    if (epoll_ctl(self->epoll_fd, EPOLL_CTL_MOD, ssh_session_fd(self->session), &event) == 0)
        self->waits_to_send = waits;
}

static enum tl_status receive(struct carrier *self, struct tl_error *err)
{
    struct ssh_channel *through = self->connections != NULL ? self->connections->channel : NULL;

    return ssh_session_receive(self->session, through, &self->ready, err);
}

static enum tl_status step_held(struct carrier *self, struct carrier_round *round,
                                struct tl_error *err)
{
    bool news = self->ready;
    enum tl_status status = TL_OK;

    if (clock_now_ms() >= self->pulse_ms)
        status = ssh_session_pulse(self->session, &self->pulse_ms, err);
    if (status == TL_OK && news)
        status = receive(self, err);
    if (status == TL_OK && self->forward != NULL)
        status = step_opening(self, round, err);
    if (status == TL_OK)
        accept_all(self, round);
    if (status == TL_OK)
        status = move(self, news, round, err);
    if (status == TL_OK && ssh_session_digest(self->session))
        round->busy = true;
    return status;
}

enum tl_status carrier_step(struct carrier *self, struct carrier_round *round,
                            struct tl_error *err)
{
    enum tl_status status;

    ssh_session_hold(self->session, true);
    status = step_held(self, round, err);
    ssh_session_hold(self->session, false);
    if (status != TL_OK)
        return status;
    watch_sending(self); /* which sends, too */
    self->ready = self->ready || ssh_session_is_ready(self->session);
    round->busy = round->busy || self->ready;
    return TL_OK;
}

void carrier_free(struct carrier *self)
{
    if (self == NULL)
        return;
    connection_free(carrier_give_back(self));
    while (self->connections != NULL) {
        struct connection *connection = self->connections;
        self->connections = connection->next;
        connection_free(connection);
    }
    while (self->outlets != NULL) {
        struct outlet *outlet = self->outlets;
        self->outlets = outlet->next;
        outlet_close(outlet);
    }
    (void)epoll_ctl(self->epoll_fd, EPOLL_CTL_DEL, ssh_session_fd(self->session), NULL);
    if (!self->lent)
        ssh_session_close(self->session);
    free(self);
}
