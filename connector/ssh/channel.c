/* A remote command over libssh2, never blocking. */
#include "ssh/channel.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ssh/handle.h"

/* The window bounds what can be under way: bandwidth times round trip, for as much bandwidth as
 * a reader can use. A larger one only costs memory, which a slow reader fills to its brim. */
enum {
    WINDOW_MIN_BYTES = 2 * 1024 * 1024,
    WINDOW_MAX_BYTES = 16 * 1024 * 1024,
    BANDWIDTH_BYTES_PER_MS = 320 * 1024,
    CLOSING_MS = 2000,
    ASK_AGAIN_MS = 20,
    FULL_WINDOWS = 8, /* so many channels to targets get one each, more of them share these */
    WINDOW_SHARE_MIN_BYTES = 256 * 1024
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

/* How many bytes the server may have under way to us on one channel. */
static unsigned window_of(struct ssh_session *session)
{
    int64_t round_trip_ms = session->round_trip_ms > 0
                                ? session->round_trip_ms
                                : session->link->round_trip_us(session->link) / 1000;
    int64_t bytes = round_trip_ms * BANDWIDTH_BYTES_PER_MS;

    if (bytes < WINDOW_MIN_BYTES)
        bytes = WINDOW_MIN_BYTES;
    if (bytes > WINDOW_MAX_BYTES)
        bytes = WINDOW_MAX_BYTES;
    if (session->window_max_bytes > 0 && bytes > session->window_max_bytes)
        bytes = session->window_max_bytes;
    return (unsigned)bytes;
}

/* A server agrees to a channel at once, so that takes a round trip, all the way through
 * proxies, of which the socket knows nothing. The quickest is the truest. */
static void note_round_trip(struct ssh_session *session, int64_t start_ms)
{
    int64_t took_ms = clock_now_ms() - start_ms;

    if (session->round_trip_ms == 0 || took_ms < session->round_trip_ms)
        session->round_trip_ms = took_ms > 0 ? took_ms : 1;
}

unsigned channel_window_share(struct ssh_session *session)
{
    unsigned bytes = window_of(session);
    size_t n = session->n_granted + 1;

    if (n > FULL_WINDOWS)
        bytes = (unsigned)(bytes * (uint64_t)FULL_WINDOWS / n);
    return bytes < WINDOW_SHARE_MIN_BYTES ? WINDOW_SHARE_MIN_BYTES : bytes;
}

void channel_grant(struct ssh_channel *channel, size_t window_bytes)
{
    struct ssh_session *session = channel->session;

    channel->granted_bytes = window_bytes + window_bytes / 8; /* packets are not all full */
    session->memory.max_bytes += channel->granted_bytes;
    session->n_granted++;
}

static void channel_free(struct ssh_channel *channel)
{
    struct ssh_session *session = channel->session;

    session->memory.max_bytes -= channel->granted_bytes;
    session->n_granted -= channel->granted_bytes > 0;
    free(channel);
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
        channel_free(channel);
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

static int ask_for_channel(struct ssh_channel *channel)
{
    struct ssh_session *session = channel->session;
    unsigned window_bytes = window_of(session);
    int64_t start_ms = clock_now_ms();
    int rc;

    pump_slice(session);
    do {
        channel->channel =
            libssh2_channel_open_ex(session->ssh, "session", sizeof("session") - 1,
                                    window_bytes, CHANNEL_PACKET_BYTES, NULL, 0);
        rc = channel->channel != NULL ? 0 : libssh2_session_last_errno(session->ssh);
    } while (pump_repeat(session, rc));
    if (rc == 0)
        note_round_trip(session, start_ms);
    return rc;
}

/* A server that allows few sessions may still be busy with ending the one before. */
static enum tl_status open_channel(struct ssh_channel *channel, struct tl_error *err)
{
    struct ssh_session *session = channel->session;
    int64_t until_ms = session->last_close_ms + CLOSING_MS;
    int rc = ask_for_channel(channel);

    while (rc == LIBSSH2_ERROR_CHANNEL_FAILURE && clock_now_ms() < until_ms &&
           pump_wait(session, clock_now_ms() + ASK_AGAIN_MS, -1)) {
        channel_sweep(session, false);
        rc = ask_for_channel(channel);
    }
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
    status =
        pump_fail(session, rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED ? TL_COMMAND : TL_LOST,
                  rc, "starting the command", err);
    if (status == TL_COMMAND)
        tl_remedy(err, "The server does not let %s run commands", session->label);
    return status;
}

/* No longer than until deadline_ms, nor than the server is given for an answer. */
static void begin_waiting(struct ssh_session *session, int64_t deadline_ms)
{
    int64_t answer_ms = clock_now_ms() + session->answer_timeout_ms;

    session->patience.deadline_ms = deadline_ms < answer_ms ? deadline_ms : answer_ms;
    session->patient = true;
}

static void end_waiting(struct ssh_session *session)
{
    session->patience.deadline_ms = CLOCK_NEVER;
    session->patient = false;
}

enum tl_status ssh_channel_try(struct ssh_session *session, struct tl_error *err)
{
    struct ssh_channel *channel = channel_new(session, &words_of_command);
    enum tl_status status;

    if (channel == NULL)
        return tl_fail(err, TL_MEMORY, "%s: out of memory", session->label);
    begin_waiting(session, CLOCK_NEVER);
    status = open_channel(channel, err);
    end_waiting(session);
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
    begin_waiting(session, deadline_ms);
    ssh_forward_settle(session);
    status = open_channel(channel, err);
    if (status == TL_OK)
        status = start_command(channel, command, err);
    end_waiting(session);
    if (status == TL_OK) {
        *out = channel;
        channel = NULL;
    }
    ssh_channel_close(channel);
    return status;
}

void channel_slice(struct ssh_channel *channel, enum ssh_stream stream, size_t size)
{
    unsigned long queued = 0;

    if (channel->session->held) {
        pump_slice(channel->session);
        return;
    }
    if (stream == SSH_STDOUT || channel->session->held_back != 1)
        (void)libssh2_channel_window_read_ex(channel->channel, &queued, NULL);
    channel->session->undelivered = queued > 0;
    pump_slice(channel->session);
    if (queued > 0 && queued >= size / 2)
        channel->session->slice_bytes = 0;
}

/* libssh2 opens the window before it hands on what is queued, and in the middle of a key
 * exchange can do neither until it has received more. */
ssize_t channel_take(struct ssh_channel *channel, enum ssh_stream stream, char *data,
                     size_t size)
{
    int id = stream == SSH_STDERR ? SSH_EXTENDED_DATA_STDERR : 0;
    ssize_t rc;

    channel_slice(channel, stream, size);
    rc = libssh2_channel_read_ex(channel->channel, id, data, size);
    if (rc == LIBSSH2_ERROR_EAGAIN && channel->session->undelivered) {
        pump_slice(channel->session);
        rc = libssh2_channel_read_ex(channel->channel, id, data, size);
    }
    return rc;
}

enum tl_status ssh_channel_read(struct ssh_channel *channel, enum ssh_stream stream, char *data,
                                size_t size, size_t *got, struct tl_error *err)
{
    ssize_t rc = channel_take(channel, stream, data, size);

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

/* What is known by now of how the command ended. */
static void read_exit(struct ssh_channel *channel, struct ssh_exit *exit)
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
        read_exit(channel, exit);
    return TL_OK;
}

void ssh_channel_signal(struct ssh_channel *channel, const char *name)
{
#if SSH_MODERN
    pump_slice(channel->session);
    (void)libssh2_channel_signal_ex(channel->channel, name, strlen(name));
#else
    (void)channel, (void)name;
#endif
}

void ssh_channel_close(struct ssh_channel *channel)
{
    struct ssh_session *session;

    if (channel == NULL)
        return;
    session = channel->session;
    session->last_close_ms = clock_now_ms();
    pump_slice(session);
    if (channel->channel != NULL &&
        libssh2_channel_free(channel->channel) == LIBSSH2_ERROR_EAGAIN) {
        channel->next = session->closing;
        session->closing = channel;
    } else {
        channel_free(channel);
    }
}
