/* Moves a session's bytes: libssh2's callbacks, and all the waiting. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/text.h"
#include "ssh/handle.h"

/* A slice is small enough to stay in the processor's cache between decryption and the reader.
 */
enum { SLICE_BYTES = 256 * 1024 };

/* How long what came before the end of a connection may take to be read. */
enum { DELIVER_MS = 10000 };

static void session_end(struct ssh_session *session, enum ssh_end end, int error)
{
    if (session->end != SSH_END_NONE)
        return;
    session->end = end;
    session->end_errno = error;
}

static LIBSSH2_ALLOC_FUNC(pump_alloc)
{
    struct ssh_session *session = *abstract;
    return ssh_memory_alloc(&session->memory, count);
}

static LIBSSH2_REALLOC_FUNC(pump_realloc)
{
    struct ssh_session *session = *abstract;
    return ssh_memory_realloc(&session->memory, ptr, count);
}

static LIBSSH2_FREE_FUNC(pump_free)
{
    struct ssh_session *session = *abstract;
    ssh_memory_free(&session->memory, ptr);
}

/* The library talks to ssh-agent through the same callbacks, on a socket of its own that
 * blocks. */
static ssize_t agent_wait(struct ssh_session *session, int fd, short events)
{
    switch (ssh_patience_wait(&session->patience, fd, events)) {
    case TL_OK:
        return 0;
    case TL_INTERRUPTED:
        session_end(session, SSH_END_STOPPED, 0);
        return -ECANCELED;
    default:
        return -ETIMEDOUT;
    }
}

static ssize_t agent_receive(struct ssh_session *session, int fd, void *buffer, size_t length)
{
    ssize_t rc = agent_wait(session, fd, POLLIN);
    if (rc != 0)
        return rc;
    rc = recv(fd, buffer, length, MSG_DONTWAIT);
    return rc < 0 ? -errno : rc;
}

static ssize_t agent_send(struct ssh_session *session, int fd, const void *buffer,
                          size_t length)
{
    ssize_t rc = agent_wait(session, fd, POLLOUT);
    if (rc != 0)
        return rc;
    rc = send(fd, buffer, length, MSG_DONTWAIT | MSG_NOSIGNAL);
    return rc < 0 ? -errno : rc;
}

/* The deadline is looked at here because a server that never stops sending keeps libssh2 busy,
 * so that nobody waits. */
static ssize_t receive_refused(struct ssh_session *session)
{
    if (session->end == SSH_END_NONE && clock_now_ms() >= session->patience.deadline_ms)
        session_end(session, SSH_END_DEADLINE, 0);
    if (session->end != SSH_END_NONE)
        return -ECONNABORTED;
    return session->slice_bytes == 0 && !session->patient ? -EAGAIN : 0;
}

static void link_broke(struct ssh_session *session, int error)
{
    bool below = session->through != NULL && session->through->end != SSH_END_NONE;
    session_end(session, below ? SSH_END_THROUGH : SSH_END_BROKEN, error);
}

/* Whether the link has ended and what came before is still to be read. */
static bool is_delivering(const struct ssh_session *session)
{
    return session->held_back != 1 && session->undelivered && !session->patient &&
           clock_now_ms() < session->tell_ms;
}

/* libssh2 forgets what it holds for channels when it is told that the connection has ended:
 * this it is once they have read it. */
static ssize_t hold_back_end(struct ssh_session *session, ssize_t rc)
{
    bool ended = rc == 0 || (rc < 0 && rc != -EAGAIN);

    if (!ended || session->patient)
        return rc;
    session->held_back = rc;
    session->undelivered = true;
    session->tell_ms = clock_now_ms() + DELIVER_MS;
    return -EAGAIN;
}

static ssize_t link_receive(struct ssh_session *session, void *buffer, size_t length)
{
    ssize_t rc = session->held_back;

    if (is_delivering(session))
        return -EAGAIN;
    if (rc == 1) {
        do {
            rc = session->link->receive(session->link, buffer, length);
        } while (rc == -EAGAIN && session->patient && pump_wait(session, CLOCK_NEVER, -1));
        rc = hold_back_end(session, rc);
    }
    if (rc == 0)
        session_end(session, SSH_END_CLOSED, 0);
    else if (rc < 0 && rc != -EAGAIN)
        link_broke(session, (int)-rc);
    return rc < 0 && session->end != SSH_END_NONE ? -ECONNABORTED : rc;
}

static LIBSSH2_RECV_FUNC(pump_receive)
{
    struct ssh_session *session = *abstract;
    ssize_t rc;

    (void)flags;
    if (socket != session->link->fd)
        return agent_receive(session, socket, buffer, length);
    rc = receive_refused(session);
    if (rc != 0)
        return rc;
    rc = link_receive(session, buffer, length);
    if (rc <= 0)
        return rc;
    session->last_receive_ms = clock_now_ms();
    session->slice_bytes -=
        (size_t)rc < session->slice_bytes ? (size_t)rc : session->slice_bytes;
    session->received_bytes += (uint64_t)rc;
    ssh_greeting_feed(&session->greeting, buffer, (size_t)rc);
    if (session->awaiting != NULL && ssh_greeting_is_spoken(&session->greeting)) {
        session->awaiting->greeted(session->awaiting);
        session->awaiting = NULL;
    }
    if (session->greeting.of_client) {
        session_end(session, SSH_END_CLIENT, 0);
        return -ECONNABORTED;
    }
    if (session->received_bytes > session->receive_max_bytes)
        session_end(session, SSH_END_FLOODED, 0);
    return rc;
}

/* Once the session stands, what the server said before is worth reading: its end will show. */
static void send_broke(struct ssh_session *session, int error)
{
    session->mute = !session->patient;
    if (session->mute)
        buf_reset(&session->outgoing);
    else
        link_broke(session, error);
}

static void flush(struct ssh_session *session)
{
    struct buf *outgoing = &session->outgoing;
    ssize_t sent = 1;

    if (session->mute)
        buf_reset(outgoing);
    while (sent > 0 && outgoing->size > 0 && session->end == SSH_END_NONE) {
        sent = session->link->send(session->link, outgoing->data, outgoing->size);
        if (sent > 0)
            buf_consume(outgoing, (size_t)sent);
        else if (sent < 0 && sent != -EAGAIN)
            send_broke(session, (int)-sent);
    }
}

/* Everything is taken: libssh2 mixes up packets, or spins, after a partial send. */
static LIBSSH2_SEND_FUNC(pump_send)
{
    struct ssh_session *session = *abstract;

    (void)flags;
    if (socket != session->link->fd)
        return agent_send(session, socket, buffer, length);
    if (session->end != SSH_END_NONE)
        return -EPIPE;
    buf_append(&session->outgoing, buffer, length);
    if (session->outgoing.failed)
        session_end(session, SSH_END_FLOODED, 0);
    flush(session);
    return session->end == SSH_END_NONE ? (ssize_t)length : -EPIPE;
}

/* libssh2 is through with the session then, and tells nobody else what the server said. */
static LIBSSH2_DISCONNECT_FUNC(pump_disconnect)
{
    struct ssh_session *ended = *abstract;

    (void)session, (void)reason, (void)language, (void)language_len;
    text_safe(ended->farewell, sizeof(ended->farewell), message, (size_t)message_len);
    session_end(ended, SSH_END_CLOSED, 0);
}

/* A function pointer may not be cast to void *, only its bytes be taken for one. */
union pump_callback {
    LIBSSH2_SEND_FUNC((*send));
    LIBSSH2_RECV_FUNC((*receive));
    LIBSSH2_DISCONNECT_FUNC((*disconnect));
#if SSH_MODERN
    libssh2_cb_generic *generic;
#endif
    void *pointer;
};

static void set_callback(LIBSSH2_SESSION *ssh, int kind, union pump_callback callback)
{
#if SSH_MODERN
    libssh2_session_callback_set2(ssh, kind, callback.generic);
#else
    libssh2_session_callback_set(ssh, kind, callback.pointer);
#endif
}

LIBSSH2_SESSION *pump_session_new(struct ssh_session *session)
{
    LIBSSH2_SESSION *ssh =
        libssh2_session_init_ex(pump_alloc, pump_free, pump_realloc, session);

    if (ssh == NULL)
        return NULL;
    set_callback(ssh, LIBSSH2_CALLBACK_SEND, (union pump_callback){.send = pump_send});
    set_callback(ssh, LIBSSH2_CALLBACK_RECV, (union pump_callback){.receive = pump_receive});
    set_callback(ssh, LIBSSH2_CALLBACK_DISCONNECT,
                 (union pump_callback){.disconnect = pump_disconnect});
    libssh2_session_set_blocking(ssh, 0);
    return ssh;
}

void pump_slice(struct ssh_session *session)
{
    session->slice_bytes = session->held ? 0 : SLICE_BYTES;
    flush(session);
}

bool pump_repeat(struct ssh_session *session, int rc)
{
    if (rc != LIBSSH2_ERROR_EAGAIN || session->end != SSH_END_NONE)
        return false;
    pump_slice(session);
    return true;
}

bool pump_check(struct ssh_session *session)
{
    struct pollfd stop = {.fd = session->patience.stop_fd, .events = POLLIN};

    if (stop.fd >= 0 && poll(&stop, 1, 0) > 0)
        session_end(session, SSH_END_STOPPED, 0);
    else if (clock_now_ms() >= session->patience.deadline_ms)
        session_end(session, SSH_END_DEADLINE, 0);
    return session->end == SSH_END_NONE;
}

/* Asks a silent server for a sign of life; one that gave none for several intervals is gone.
 * Returns when to look again. */
static int64_t keepalive_one(struct ssh_session *session)
{
    int64_t now_ms = clock_now_ms(), silent_ms = now_ms - session->last_receive_ms;
    int interval_ms = session->keepalive_interval_ms, next_s = 0;

    if (interval_ms <= 0 || session->patience.deadline_ms != CLOCK_NEVER)
        return CLOCK_NEVER;
    if (silent_ms >= session->keepalive_silences * (int64_t)interval_ms) {
        session_end(session, SSH_END_SILENT, 0);
        return now_ms;
    }
    if (silent_ms < interval_ms)
        return session->last_receive_ms + interval_ms;
    (void)libssh2_keepalive_send(session->ssh, &next_s); /* a failure shows when reading */
    return now_ms + interval_ms;
}

/* The jump hosts first: where one of them is gone, those behind it are silent, too. */
static int64_t keepalive(struct ssh_session *session)
{
    int64_t below_ms = CLOCK_NEVER, own_ms;

    if (session->through != NULL) {
        below_ms = keepalive(session->through);
        if (session->through->end != SSH_END_NONE)
            session_end(session, SSH_END_THROUGH, 0);
    }
    own_ms = session->end == SSH_END_NONE ? keepalive_one(session) : CLOCK_NEVER;
    return clock_earlier(own_ms, below_ms);
}

/* The descriptor is the outermost connection's, which takes what the sessions inside of it hand
 * down. */
short pump_events(struct ssh_session *session)
{
    flush(session);
    if (session->through != NULL)
        return pump_events(session->through);
    return session->outgoing.size > 0 ? POLLIN | POLLOUT : POLLIN;
}

bool pump_wait(struct ssh_session *session, int64_t until_ms, int extra_fd)
{
    struct pollfd fds[3] = {{.fd = session->patience.stop_fd, .events = POLLIN},
                            {.fd = session->link->fd},
                            {.fd = extra_fd, .events = POLLIN}};
    int64_t wake_ms = keepalive(session);

    fds[1].events = pump_events(session);
    if (session->end != SSH_END_NONE)
        return false;
    if (is_delivering(session)) /* then its end would wake us again and again */
        fds[1].fd = -1;
    else if (session->link->ready(session->link))
        wake_ms = 0;
    wake_ms = clock_earlier(wake_ms, clock_earlier(until_ms, session->patience.deadline_ms));
    if (poll(fds, 3, clock_remaining_ms(wake_ms)) < 0 && errno != EINTR)
        session_end(session, SSH_END_BROKEN, errno);
    if (fds[0].revents != 0)
        session_end(session, SSH_END_STOPPED, 0);
    flush(session);
    return pump_check(session);
}

static enum tl_status end_fail(const struct ssh_session *session, const char *doing,
                               struct tl_error *err)
{
    const char *label = session->label;
    bool said = session->farewell[0] != '\0';

    switch (session->end) {
    case SSH_END_STOPPED:
        return tl_fail(err, TL_INTERRUPTED, "%s: stopped while %s", label, doing);
    case SSH_END_DEADLINE:
        tl_fail(err, TL_CONNECT, "%s: %s took longer than is allowed", label, doing);
        return tl_remedy(err, "Raise ssh_connect_timeout if the server is only slow");
    case SSH_END_CLOSED:
        tl_fail(err, TL_LOST, "%s: the server closed the connection while %s%s%s%s", label,
                doing, said ? ", saying \"" : "", session->farewell, said ? "\"" : "");
        return tl_remedy(err, "Try again; if it recurs, the server's log (journalctl -u ssh) "
                              "tells why it did");
    case SSH_END_SILENT:
        tl_fail(err, TL_LOST, "%s: no sign of life from the server while %s", label, doing);
        return tl_remedy(err, "Check that the server is up and the network there holds; on a "
                              "slow one, raise ssh_keepalive_interval");
    case SSH_END_THROUGH:
        return end_fail(session->through, doing, err);
    case SSH_END_CLIENT:
        tl_fail(err, TL_HANDSHAKE,
                "%s: what answers speaks as an SSH client does, not a server", label);
        return tl_remedy(err, "Check ssh_host and ssh_port: a service that sends back what it "
                              "is sent may stand there");
    case SSH_END_FLOODED:
        tl_fail(err, TL_HANDSHAKE, "%s: the server sends without end while %s", label, doing);
        return tl_remedy(err, "Check that an SSH server answers at ssh_host and ssh_port");
    default:
        tl_fail(err, TL_LOST, "%s: the connection broke while %s: %s", label, doing,
                strerror(session->end_errno));
        return tl_remedy(err, "Try again; if it recurs, look for firewalls and tunnels on the "
                              "way that end connections");
    }
}

enum tl_status pump_fail(struct ssh_session *session, enum tl_status status, int rc,
                         const char *doing, struct tl_error *err)
{
    char *message = NULL, safe[200];
    int size = 0;

    if (session->end != SSH_END_NONE)
        return end_fail(session, doing, err);
    if (rc == LIBSSH2_ERROR_ALLOC && status != TL_HANDSHAKE)
        status = TL_LOST;
    libssh2_session_last_error(session->ssh, &message, &size, 0);
    text_safe(safe, sizeof(safe), message != NULL ? message : "", size > 0 ? (size_t)size : 0);
    tl_fail(err, status, "%s: %s failed: %s (libssh2 error %d)", session->label, doing, safe,
            rc);
    if (status == TL_LOST) /* what follows a packet that was refused is not to be believed */
        session_end(session, SSH_END_BROKEN, EPROTO);
    return tl_remedy(err, "See whether ssh -v does it from this machine, and what the server's "
                          "log (journalctl -u ssh) says");
}
