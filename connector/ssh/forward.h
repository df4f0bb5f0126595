/* Channels to places that the server can reach: a TCP address or a Unix socket, as it names
 * them (direct-tcpip, direct-streamlocal). A channel that is open is read, written and closed
 * like a command's: see channel.h; all its bytes are SSH_STDOUT's. */
#ifndef SSH_FORWARD_H
#define SSH_FORWARD_H

#include "ssh/channel.h"

struct ssh_target {
    const char *host;        /* a name or an address; with port 0 the path of a Unix socket */
    uint16_t port;           /* 0: host is a path */
    const char *origin_host; /* who asked for the connection, for the server's log; NULL: us */
    uint16_t origin_port;
};

/* Opens a channel and waits for the server's consent until deadline_ms (monotonic). *out is to
 * be closed with ssh_channel_close. TL_CONFIGURATION for a target that cannot be sent,
 * TL_CONNECT if the server cannot reach the target or does not answer in time, TL_FORWARD if it
 * allows no such channels, TL_LOST, TL_INTERRUPTED. But for the last two, the session can open
 * the next one. */
TL_NODISCARD enum tl_status ssh_forward_open(struct ssh_session *session,
                                             const struct ssh_target *target,
                                             int64_t deadline_ms, struct ssh_channel **out,
                                             struct tl_error *err);

/* The same without waiting, for event loops: any number may be under way. The server is asked
 * for one at a time, since libssh2 cannot do more: a target that does not answer holds the
 * others up, for a minute at most, unless the session is given up before. */
struct ssh_forward;

/* *out is to be freed with ssh_forward_free before the session is closed; it asks for nothing
 * yet. target is copied. TL_CONFIGURATION, TL_MEMORY. */
TL_NODISCARD enum tl_status ssh_forward_start(struct ssh_session *session,
                                              const struct ssh_target *target,
                                              int64_t deadline_ms, struct ssh_forward **out,
                                              struct tl_error *err);

/* To be called again when the session has something to read (ssh_session_wait) until *out is
 * not NULL, or it fails. The errors are those of ssh_forward_open. */
TL_NODISCARD enum tl_status ssh_forward_step(struct ssh_forward *forward,
                                             struct ssh_channel **out, struct tl_error *err);

/* Frees it, done or not. The channel that it gave lives on. */
void ssh_forward_free(struct ssh_forward *forward);

#endif
