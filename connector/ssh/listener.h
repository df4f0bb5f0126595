/* A port that the server listens on for us (tcpip-forward): each connection to it becomes a
 * channel, which is read, written and closed like a command's; all its bytes are SSH_STDOUT's.
 */
#ifndef SSH_LISTENER_H
#define SSH_LISTENER_H

#include "ssh/channel.h"

struct ssh_listener;

/* Has the server listen at an address of its own: "" is its loopback address, "*" all, if it
 * allows that. Port 0 is a free one; *bound_port is which. Waits for the server's answer until
 * deadline_ms (monotonic). *out is to be freed with ssh_listener_free; the server listens until
 * the session is closed. TL_FORWARD if the server refuses, TL_CONNECT if it does not answer,
 * TL_LOST, TL_INTERRUPTED, TL_MEMORY. */
TL_NODISCARD enum tl_status ssh_listener_open(struct ssh_session *session, const char *bind,
                                              uint16_t port, int64_t deadline_ms,
                                              struct ssh_listener **out, uint16_t *bound_port,
                                              struct tl_error *err);

/* The next connection's channel, to be closed with ssh_channel_close; NULL if none has come. */
struct ssh_channel *ssh_listener_accept(struct ssh_listener *listener);

void ssh_listener_free(struct ssh_listener *listener);

#endif
