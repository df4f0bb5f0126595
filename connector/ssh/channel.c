/* A remote command over libssh2, never blocking. */
#include "ssh/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ssh/handle.h"

/* The window bounds what can be under way: bandwidth times round trip. A larger one than needed
 * only costs memory. */
enum {
    WINDOW_NEAR_BYTES = 2 * 1024 * 1024,
    WINDOW_FAR_BYTES = 16 * 1024 * 1024,
    FAR_ROUND_TRIP_US = 5000,
    QUEUE_MAX_BYTES = 24 * 1024 * 1024
};

static const struct channel_words words_of_command = {
    "reading the command's output", "writing the command's input", "ending the command's input",
    "waiting for the command's end"};

const struct channel_words channel_words_of_forward = {"receiving through a channel",
                                                       "sending through a channel",
                                                       "ending a channel", "closing a channel"};

struct ssh_channel *channel_new(struct ssh_session *session, const struct channel_words *words)
{
    struct ssh_channel *channel = calloc(1, sizeof(*channel));

    if (channel != NULL)
        *channel = (struct ssh_channel){.session = session, .words = words};
    return channel;
}

unsigned channel_window_bytes(struct ssh_session *session)
{
    uint32_t round_trip_us = session->link->round_trip_us(session->link);
    return round_trip_us > FAR_ROUND_TRIP_US ? WINDOW_FAR_BYTES : WINDOW_NEAR_BYTES;
}

void channel_sweep(struct ssh_session *session, bool all)
{
    struct ssh_channel **place = &session->closing, *channel;

    while ((channel = *place) != NULL) {
        pump_slice(session);
        if (!all && libssh2_channel_free(channel->channel) == LIBSSH2_ERROR_EAGAIN) {
            place = &channel->next;
            continue;
        }
        *place = channel->next;
        free(channel);
    }
}

static enum tl_status open_refused(struct ssh_session *session, int rc, struct tl_error *err)
{
    enum tl_status status =
        pump_fail(session, TL_CONNECT, rc, "opening a session channel", err);

    if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
        tl_remedy(err,
                  "The server allows too few sessions at once (MaxSessions in sshd_config), or "
                  "allows this account only tunnels");
    return status;
}

static enum tl_status open_channel(struct ssh_channel *channel, struct tl_error *err)
{
    struct ssh_session *session = channel->session;
    int rc;

    pump_slice(session);
    do {
        channel->channel = libssh2_channel_open_ex(
            session->ssh, "session", sizeof("session") - 1, channel_window_bytes(session),
            CHANNEL_PACKET_BYTES, NULL, 0);
        rc = channel->channel != NULL ? 0 : libssh2_session_last_errno(session->ssh);
    } while (pump_repeat(session, rc));
    return rc == 0 ? TL_OK : open_refused(session, rc, err);
}

static enum tl_status start_command(struct ssh_channel *channel, const char *command,
                                    struct tl_error *err)
{
    struct ssh_session *session = channel->session;
    enum tl_status status;
    int rc;

    pump_slice(session);
    do {
        rc = libssh2_channel_process_startup(channel->channel, "exec", sizeof("exec") - 1,
                                             command, (unsigned)strlen(command));
    } while (pump_repeat(session, rc));
    if (rc == 0)
        return TL_OK;
    status = pump_fail(session, TL_COMMAND, rc, "starting the command", err);
    if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
        tl_remedy(err, "The server does not let %s run commands", session->label);
    return status;
}

static void wait_until(struct ssh_session *session, int64_t deadline_ms)
{
    session->patience.deadline_ms = deadline_ms;
    session->patient = deadline_ms != CLOCK_NEVER;
}

enum tl_status ssh_channel_try(struct ssh_session *session, int64_t deadline_ms,
                               struct tl_error *err)
{
    struct ssh_channel *channel = channel_new(session, &words_of_command);
    enum tl_status status;

    if (channel == NULL)
        return tl_fail(err, TL_MEMORY, "%s: out of memory", session->label);
    wait_until(session, deadline_ms);
    status = open_channel(channel, err);
    wait_until(session, CLOCK_NEVER);
    ssh_channel_close(channel);
    return status;
}

enum tl_status ssh_channel_open(struct ssh_session *session, const char *command,
                                int64_t deadline_ms, struct ssh_channel **out,
                                struct tl_error *err)
{
    struct ssh_channel *channel = channel_new(session, &words_of_command);
    enum tl_status status;

    if (channel == NULL)
        return tl_fail(err, TL_MEMORY, "%s: out of memory", session->label);
    channel_sweep(session, false);
    wait_until(session, deadline_ms);
    ssh_forward_settle(session);
    status = open_channel(channel, err);
    if (status == TL_OK)
        status = start_command(channel, command, err);
    wait_until(session, CLOCK_NEVER);
    if (status == TL_OK) {
        *out = channel;
        channel = NULL;
    }
    ssh_channel_close(channel);
    return status;
}

enum tl_status ssh_channel_read(struct ssh_channel *channel, enum ssh_stream stream, char *data,
                                size_t size, size_t *got, struct tl_error *err)
{
    int id = stream == SSH_STDERR ? SSH_EXTENDED_DATA_STDERR : 0;
    ssize_t rc;

    pump_slice(channel->session);
    rc = libssh2_channel_read_ex(channel->channel, id, data, size);
    *got = rc > 0 ? (size_t)rc : 0;
    if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN)
        return pump_fail(channel->session, TL_LOST, (int)rc, channel->words->reading, err);
    return TL_OK;
}

bool ssh_channel_at_end(struct ssh_channel *channel)
{
    return libssh2_channel_eof(channel->channel) == 1;
}

enum tl_status ssh_channel_write(struct ssh_channel *channel, const char *data, size_t size,
                                 size_t *taken, struct tl_error *err)
{
    ssize_t rc;

    *taken = 0;
    if (channel->session->outgoing.size > 0)
        return TL_OK; /* what the network does not take now would only pile up */
    pump_slice(channel->session);
    rc = libssh2_channel_write_ex(channel->channel, 0, data, size);
    if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN)
        return pump_fail(channel->session, TL_LOST, (int)rc, channel->words->writing, err);
    *taken = rc > 0 ? (size_t)rc : 0;
    return TL_OK;
}

enum tl_status ssh_channel_send_eof(struct ssh_channel *channel, bool *done,
                                    struct tl_error *err)
{
    int rc;

    pump_slice(channel->session);
    rc = libssh2_channel_send_eof(channel->channel);
    *done = rc == 0;
    if (rc != 0 && rc != LIBSSH2_ERROR_EAGAIN)
        return pump_fail(channel->session, TL_LOST, rc, channel->words->ending, err);
    return TL_OK;
}

void ssh_channel_exit(struct ssh_channel *channel, struct ssh_exit *exit)
{
    char *signal = NULL;
    size_t size = 0;

    *exit = (struct ssh_exit){.status = libssh2_channel_get_exit_status(channel->channel)};
#ifdef SSH_HAS_EXIT_STATUS
    exit->unreported = !libssh2_channel_has_exit_status(channel->channel);
#endif
    if (libssh2_channel_get_exit_signal(channel->channel, &signal, &size, NULL, NULL, NULL,
                                        NULL) == 0 &&
        signal != NULL) {
        text_safe(exit->signal, sizeof(exit->signal), signal, size);
        libssh2_free(channel->session->ssh, signal);
    }
}

enum tl_status ssh_channel_finish(struct ssh_channel *channel, bool *done,
                                  struct ssh_exit *exit, struct tl_error *err)
{
    int rc;

    pump_slice(channel->session);
    rc = libssh2_channel_wait_closed(channel->channel);
    *done = rc == 0;
    if (rc != 0 && rc != LIBSSH2_ERROR_EAGAIN)
        return pump_fail(channel->session, TL_LOST, rc, channel->words->finishing, err);
    if (*done)
        ssh_channel_exit(channel, exit);
    return TL_OK;
}

enum tl_status ssh_channel_service(struct ssh_channel *channel, struct tl_error *err)
{
    struct ssh_session *session = channel->session;
    int rc;

    if (session->memory.used_bytes > QUEUE_MAX_BYTES)
        return TL_OK;
    pump_slice(session);
    /* reading no bytes of it handles whatever has come, and queues what is for the streams */
    rc = (int)libssh2_channel_read_ex(channel->channel, SSH_EXTENDED_DATA_STDERR, NULL, 0);
    if (rc < 0 && rc != LIBSSH2_ERROR_EAGAIN)
        return pump_fail(session, TL_LOST, rc, "keeping the connection alive", err);
    return TL_OK;
}

void ssh_channel_terminate(struct ssh_channel *channel)
{
#if SSH_MODERN
    if (channel->session->end == SSH_END_NONE || channel->session->end == SSH_END_STOPPED) {
        enum ssh_end end = channel->session->end;
        channel->session->end = SSH_END_NONE; /* a wish to stop does not forbid to say so */
        pump_slice(channel->session);
        (void)libssh2_channel_signal_ex(channel->channel, "TERM", 4);
        channel->session->end = end;
    }
#else
    (void)channel;
#endif
}

void ssh_channel_close(struct ssh_channel *channel)
{
    struct ssh_session *session;

    if (channel == NULL)
        return;
    session = channel->session;
    pump_slice(session);
    if (channel->channel != NULL &&
        libssh2_channel_free(channel->channel) == LIBSSH2_ERROR_EAGAIN) {
        channel->next = session->closing;
        session->closing = channel;
    } else {
        free(channel);
    }
}
