/* Channels to places that the server can reach, opened one at a time. */
#include "ssh/forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ssh/handle.h"
#include "ssh/wire.h"

enum { HOST_MAX_BYTES = 1024, REQUEST_MAX_BYTES = 2 * HOST_MAX_BYTES + 32 };

struct ssh_forward {
    struct ssh_session *session;
    struct ssh_channel *channel; /* without a LIBSSH2_CHANNEL until the server consents */
    const char *type;
    struct buf request; /* what of the request follows the type */
    char target[SSH_LABEL_SIZE];
    unsigned window_bytes; /* 0 before the server is asked */
    int64_t deadline_ms;
    bool done;
    int rc;                   /* valid if done */
    char why[80];             /* it was refused, in the library's words */
    bool abandoned;           /* freed by its owner while the server was asked */
    struct ssh_forward *next; /* of those that the server is still to be asked for */
};

/* RFC 4254, 7.2; for Unix sockets OpenSSH's PROTOCOL, 2.4. */
static void compose(struct ssh_forward *forward, const struct ssh_target *target)
{
    struct buf *request = &forward->request;

    wire_append_word(request, target->host);
    if (target->port == 0) {
        forward->type = "direct-streamlocal@openssh.com";
        wire_append_word(request, "");
        wire_append_number(request, 0);
        return;
    }
    forward->type = "direct-tcpip";
    wire_append_number(request, target->port);
    wire_append_word(request, target->origin_host != NULL ? target->origin_host : "127.0.0.1");
    wire_append_number(request, target->origin_port);
}

static void describe(struct ssh_forward *forward, const struct ssh_target *target)
{
    char host[240];

    text_safe(host, sizeof(host), target->host, strlen(target->host));
    if (target->port == 0)
        snprintf(forward->target, sizeof(forward->target), "%s", host);
    else
        snprintf(forward->target, sizeof(forward->target), "%s port %u", host, target->port);
}

static void forward_delete(struct ssh_forward *forward)
{
    ssh_channel_close(forward->channel);
    buf_free(&forward->request);
    free(forward);
}

enum tl_status ssh_forward_start(struct ssh_session *session, const struct ssh_target *target,
                                 int64_t deadline_ms, struct ssh_forward **out,
                                 struct tl_error *err)
{
    struct ssh_forward *forward, **last = &session->opening;

    if (target->host[0] == '\0' || strlen(target->host) > HOST_MAX_BYTES)
        return tl_fail(err, TL_CONFIGURATION,
                       "%s: the name of a place to reach has %zu bytes, allowed are 1 to %d",
                       session->label, strlen(target->host), HOST_MAX_BYTES);
    forward = calloc(1, sizeof(*forward));
    if (forward == NULL)
        return tl_fail(err, TL_MEMORY, "%s: out of memory", session->label);
    *forward = (struct ssh_forward){.session = session,
                                    .channel = channel_new(session, &channel_words_of_forward),
                                    .request = BUF_INIT(REQUEST_MAX_BYTES),
                                    .deadline_ms = deadline_ms};
    compose(forward, target);
    describe(forward, target);
    if (forward->channel == NULL || forward->request.failed) {
        forward_delete(forward);
        return tl_fail(err, TL_MEMORY, "%s: out of memory", session->label);
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = *out = forward;
    return TL_OK;
}

/* Goes on with the first in line; libssh2 must be called for it until it is done. */
static void ask(struct ssh_session *session, struct ssh_forward *forward)
{
    char *message = NULL;
    int size = 0;

    if (forward->window_bytes == 0)
        forward->window_bytes = channel_window_share(session);
    pump_slice(session);
    do {
        forward->channel->channel = libssh2_channel_open_ex(
            session->ssh, forward->type, (unsigned)strlen(forward->type), forward->window_bytes,
            CHANNEL_PACKET_BYTES, forward->request.data, (unsigned)forward->request.size);
        forward->rc =
            forward->channel->channel != NULL ? 0 : libssh2_session_last_errno(session->ssh);
    } while (session->patient && pump_repeat(session, forward->rc));
    forward->done = forward->rc != LIBSSH2_ERROR_EAGAIN;
    if (forward->rc == 0)
        channel_grant(forward->channel, forward->window_bytes);
    libssh2_session_last_error(session->ssh, &message, &size, 0);
    text_safe(forward->why, sizeof(forward->why), message, (size_t)size);
}

/* Asks for the first in line; once the server has answered, for the next. */
void ssh_forward_advance(struct ssh_session *session)
{
    struct ssh_forward *first;

    while ((first = session->opening) != NULL) {
        ask(session, first);
        if (!first->done)
            return;
        session->opening = first->next;
        if (first->abandoned)
            forward_delete(first);
    }
}

static enum tl_status refused(struct ssh_forward *forward, struct tl_error *err)
{
    struct ssh_session *session = forward->session;

    if (session->end != SSH_END_NONE || forward->rc != LIBSSH2_ERROR_CHANNEL_FAILURE)
        return pump_fail(session, TL_CONNECT, forward->rc, "opening a channel", err);
    if (strstr(forward->why, "connect failed") != NULL) {
        tl_fail(err, TL_CONNECT, "%s: the server cannot reach %s", session->label,
                forward->target);
        return tl_remedy(err,
                         "Check the name and port as that server sees them, that something "
                         "listens there, and what firewalls lie between the two");
    }
    tl_fail(err, TL_FORWARD, "%s: the server opens no channel to %s: %s", session->label,
            forward->target, forward->why);
    return tl_remedy(err, "Allow it there: AllowTcpForwarding and PermitOpen in sshd_config, "
                          "permitopen and restrict in authorized_keys");
}

static enum tl_status too_late(const struct ssh_forward *forward, struct tl_error *err)
{
    tl_fail(err, TL_CONNECT, "%s: no answer in time about a channel to %s",
            forward->session->label, forward->target);
    return tl_remedy(err, "Check that the server can reach it: a firewall between the two may "
                          "swallow what it sends");
}

enum tl_status ssh_forward_step(struct ssh_forward *forward, struct ssh_channel **out,
                                struct tl_error *err)
{
    struct ssh_session *session = forward->session;

    *out = NULL;
    if (!forward->done && (session->opening == forward || session->opening->abandoned))
        ssh_forward_advance(session);
    if (forward->done && forward->rc != 0)
        return refused(forward, err);
    if (forward->done) {
        *out = forward->channel;
        forward->channel = NULL;
    } else if (session->end != SSH_END_NONE) {
        return pump_fail(session, TL_LOST, 0, "opening a channel", err);
    } else if (clock_now_ms() >= forward->deadline_ms) {
        return too_late(forward, err);
    }
    return TL_OK;
}

void ssh_forward_ping(struct ssh_session *session)
{
    struct ssh_forward *ping = calloc(1, sizeof(*ping)), **last = &session->opening;

    if (ping == NULL)
        return; /* there will be another one */
    *ping = (struct ssh_forward){.session = session,
                                 .channel = channel_new(session, &channel_words_of_forward),
                                 .type = "ping@towline",
                                 .abandoned = true};
    if (ping->channel == NULL) {
        forward_delete(ping);
        return;
    }
    while (*last != NULL)
        last = &(*last)->next;
    *last = ping;
}

/* One that the server is being asked for has to wait for the answer. */
void ssh_forward_free(struct ssh_forward *forward)
{
    struct ssh_forward **place;

    if (forward == NULL)
        return;
    place = &forward->session->opening;
    if (*place == forward && !forward->done) {
        forward->abandoned = true;
        return;
    }
    while (*place != NULL && *place != forward)
        place = &(*place)->next;
    if (*place != NULL)
        *place = forward->next;
    forward_delete(forward);
}

void ssh_forward_settle(struct ssh_session *session)
{
    while (session->opening != NULL && session->end == SSH_END_NONE)
        ssh_forward_advance(session);
}

void ssh_forward_forget(struct ssh_session *session)
{
    struct ssh_forward *first = session->opening;

    session->opening = NULL;
    if (first != NULL && first->abandoned)
        forward_delete(first);
}

enum tl_status ssh_forward_open(struct ssh_session *session, const struct ssh_target *target,
                                int64_t deadline_ms, struct ssh_channel **out,
                                struct tl_error *err)
{
    struct ssh_forward *forward = NULL;
    enum tl_status status = ssh_forward_start(session, target, deadline_ms, &forward, err);

    *out = NULL;
    while (status == TL_OK && *out == NULL) {
        uint64_t heard = ssh_session_heard(session);

        session->undelivered = false; /* other channels are not read meanwhile */
        status = ssh_forward_step(forward, out, err);
        if (status == TL_OK && *out == NULL && ssh_session_heard(session) == heard)
            status = ssh_session_wait(session, deadline_ms, -1, err);
    }
    ssh_forward_free(forward);
    return status;
}
