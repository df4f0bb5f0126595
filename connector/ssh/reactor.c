/* What an event loop asks of a session. */
#include "ssh/reactor.h"

#include <poll.h>
#include <stdint.h>

#include "base/clock.h"
#include "ssh/handle.h"

int ssh_session_fd(const struct ssh_session *session)
{
    return session->link->fd;
}

void ssh_session_heed(struct ssh_session *session, int stop_fd)
{
    for (; session != NULL; session = session->through)
        session->patience.stop_fd = stop_fd;
}

bool ssh_session_wants_send(struct ssh_session *session)
{
    return (pump_events(session) & POLLOUT) != 0;
}

bool ssh_session_is_ready(const struct ssh_session *session)
{
    return session->link->ready(session->link);
}

void ssh_session_hold(struct ssh_session *session, bool held)
{
    session->held = held;
}

/* Reading no bytes of a channel handles whatever has come, and queues what is for others. Where
 * there is no channel to read, something that waits for an answer does the same. */
static int receive(struct ssh_session *session, struct ssh_channel *through)
{
    if (through != NULL) {
        channel_slice(through, SSH_STDERR, SIZE_MAX);
        return (int)libssh2_channel_read_ex(through->channel, SSH_EXTENDED_DATA_STDERR, NULL,
                                            0);
    }
    session->undelivered = false;
    if (session->opening == NULL && session->closing == NULL)
        ssh_forward_ping(session);
    (void)ssh_session_digest(session);
    return 0;
}

bool ssh_session_digest(struct ssh_session *session)
{
    const struct ssh_forward *opening = session->opening;

    ssh_forward_advance(session);
    channel_sweep(session, false);
    return session->opening != opening;
}

enum tl_status ssh_session_receive(struct ssh_session *session, struct ssh_channel *through,
                                   bool *more, struct tl_error *err)
{
    bool held = session->held;
    int rc;

    session->held = false;
    rc = receive(session, through);
    *more = session->slice_bytes == 0;
    session->held = held;
    (void)ssh_session_digest(session);
    if (session->end != SSH_END_NONE || (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN))
        return pump_fail(session, TL_LOST, rc, "receiving", err);
    return TL_OK;
}

/* An answer to libssh2's keepalive stays in the session for ever; it is for the case that the
 * server cannot be asked otherwise. */
static void ask_for_life(struct ssh_session *session)
{
    int next_s;

    if (session->opening == NULL) {
        ssh_forward_ping(session);
        ssh_forward_advance(session);
    } else {
        pump_slice(session);
        (void)libssh2_keepalive_send(session->ssh, &next_s); /* a failure shows when reading */
    }
}

/* Notes the end of a server that gave no sign; else says when to look again. */
static int64_t pulse(struct ssh_session *session)
{
    int64_t now_ms = clock_now_ms(), interval_ms = session->keepalive_interval_ms;
    int64_t silent_ms = now_ms - session->last_receive_ms;

    if (interval_ms <= 0)
        return CLOCK_NEVER;
    if (silent_ms < interval_ms)
        return session->last_receive_ms + interval_ms;
    if (silent_ms >= session->keepalive_silences * interval_ms) {
        session->end = SSH_END_SILENT;
        return now_ms;
    }
    if (now_ms >= session->pulse_ms) {
        session->pulse_ms = now_ms + interval_ms;
        ask_for_life(session);
    }
    return session->pulse_ms;
}

/* The jump hosts first: where one of them is gone, those behind it are silent, too. */
static int64_t pulse_all(struct ssh_session *session)
{
    int64_t below_ms = CLOCK_NEVER, own_ms;

    if (session->through != NULL) {
        ssh_forward_advance(session->through); /* what it was asked may have been answered */
        below_ms = pulse_all(session->through);
        if (session->through->end != SSH_END_NONE)
            session->end = SSH_END_THROUGH;
    }
    own_ms = session->end == SSH_END_NONE ? pulse(session) : CLOCK_NEVER;
    return clock_earlier(own_ms, below_ms);
}

enum tl_status ssh_session_pulse(struct ssh_session *session, int64_t *next_ms,
                                 struct tl_error *err)
{
    *next_ms = pump_check(session) ? pulse_all(session) : CLOCK_NEVER;
    if (session->end != SSH_END_NONE)
        return pump_fail(session, TL_LOST, 0, "waiting for data", err);
    return TL_OK;
}

bool ssh_session_is_opening(const struct ssh_session *session)
{
    return session->opening != NULL;
}

bool ssh_channel_is_closed(struct ssh_channel *channel)
{
    pump_slice(channel->session);
    return libssh2_channel_wait_closed(channel->channel) == 0;
}
