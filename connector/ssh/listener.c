/* Ports of the server. */
#include "ssh/listener.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ssh/handle.h"

/* Those that come in one slice, before anybody can accept. */
enum { QUEUE_MAX = 1024 };

struct ssh_listener {
    struct ssh_session *session;
    LIBSSH2_LISTENER *listener;
};

static enum tl_status refused(struct ssh_session *session, int rc, const char *bind,
                              uint16_t port, struct tl_error *err)
{
    char safe[100];

    if (session->end != SSH_END_NONE || rc != LIBSSH2_ERROR_REQUEST_DENIED)
        return pump_fail(session, TL_CONNECT, rc, "asking the server to listen", err);
    tl_fail(err, TL_FORWARD, "%s: the server refuses to listen at %s port %u", session->label,
            bind[0] != '\0' ? text_safe(safe, sizeof(safe), bind, strlen(bind)) : "localhost",
            port);
    return tl_remedy(
        err, "Check there that no other program, or an older tunnel, has the port (ss "
             "-ltn), that it is not below 1024, and AllowTcpForwarding, PermitListen and "
             "GatewayPorts in sshd_config");
}

static const char *address_of(const char *bind)
{
    if (bind[0] == '\0')
        return "localhost";
    return strcmp(bind, "*") == 0 ? "" : bind;
}

enum tl_status ssh_listener_open(struct ssh_session *session, const char *bind, uint16_t port,
                                 int64_t deadline_ms, struct ssh_listener **out,
                                 uint16_t *bound_port, struct tl_error *err)
{
    struct ssh_listener *self = calloc(1, sizeof(*self));
    int rc, bound = port;

    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "%s: out of memory", session->label);
    session->patience.deadline_ms = deadline_ms;
    session->patient = true;
    pump_slice(session);
    do {
        self->listener = libssh2_channel_forward_listen_ex(session->ssh, address_of(bind), port,
                                                           &bound, QUEUE_MAX);
        rc = self->listener != NULL ? 0 : libssh2_session_last_errno(session->ssh);
    } while (pump_repeat(session, rc));
    session->patience.deadline_ms = CLOCK_NEVER;
    session->patient = false;
    if (rc != 0) {
        free(self);
        return refused(session, rc, bind, port, err);
    }
    self->session = session;
    *bound_port = (uint16_t)bound;
    *out = self;
    return TL_OK;
}

struct ssh_channel *ssh_listener_accept(struct ssh_listener *self)
{
    struct ssh_channel *channel = channel_new(self->session, &channel_words_of_forward);

    if (channel == NULL)
        return NULL; /* it waits on */
    pump_slice(self->session);
    channel->channel = libssh2_channel_forward_accept(self->listener);
    if (channel->channel != NULL) {
        channel_grant(channel, LIBSSH2_CHANNEL_WINDOW_DEFAULT); /* libssh2 gives no choice */
        return channel;
    }
    ssh_channel_close(channel);
    return NULL;
}

void ssh_listener_free(struct ssh_listener *self)
{
    free(self);
}
