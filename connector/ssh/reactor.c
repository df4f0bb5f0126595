/* What an event loop asks of a session. */
#include "ssh/reactor.h"

#include "base/clock.h"
#include "ssh/handle.h"

int ssh_session_fd(const struct ssh_session *session)
{
    return session->link->fd;
}

bool ssh_session_wants_send(const struct ssh_session *session)
{
    return session->outgoing.size > 0;
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
        pump_slice(session);
        return (int)libssh2_channel_read_ex(through->channel, SSH_EXTENDED_DATA_STDERR, NULL,
                                            0);
    }
    if (session->opening == NULL && session->closing == NULL)
        ssh_forward_ping(session);
    ssh_forward_advance(session);
    channel_sweep(session, false);
    return 0;
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
    if (through != NULL) {
        ssh_forward_advance(session);
        channel_sweep(session, false);
    }
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

enum tl_status ssh_session_pulse(struct ssh_session *session, int64_t *next_ms,
                                 struct tl_error *err)
{
    int64_t now_ms = clock_now_ms(), interval_ms = session->keepalive_interval_ms;
    int64_t silent_ms = now_ms - session->last_receive_ms;

    *next_ms = CLOCK_NEVER;
    if (!pump_check(session))
        return pump_fail(session, TL_LOST, 0, "waiting for data", err);
    if (interval_ms <= 0)
        return TL_OK;
    *next_ms = session->last_receive_ms + interval_ms;
    if (silent_ms < interval_ms)
        return TL_OK;
    if (silent_ms >= session->keepalive_silences * interval_ms) {
        session->end = SSH_END_SILENT;
        return pump_fail(session, TL_LOST, 0, "waiting for data", err);
    }
    if (now_ms >= session->pulse_ms) {
        session->pulse_ms = now_ms + interval_ms;
        ask_for_life(session);
    }
    *next_ms = session->pulse_ms;
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
