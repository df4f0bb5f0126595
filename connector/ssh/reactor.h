/* A session in somebody's event loop: what to poll for, and taking in what has come. Nothing
 * here waits. */
#ifndef SSH_REACTOR_H
#define SSH_REACTOR_H

#include <stdbool.h>
#include <stdint.h>

#include "ssh/channel.h"
#include "ssh/session.h"

/* The descriptor to poll for reading; the session's own. */
int ssh_session_fd(const struct ssh_session *session);

/* Whether something can be received that polling does not show: what a jump host's session has
 * taken in, be it while sending. */
bool ssh_session_is_ready(const struct ssh_session *session);

/* From now on this descriptor tells that everything must end, as ssh_options' stop_fd does. */
void ssh_session_heed(struct ssh_session *session, int stop_fd);

/* Whether bytes wait until the network takes them: poll for writing too. */
bool ssh_session_wants_send(struct ssh_session *session);

/* While a session is held, no call receives from the network except ssh_session_receive: the
 * others see what that has taken in. One system call then serves all channels. */
void ssh_session_hold(struct ssh_session *session, bool held);

/* Sends what waits, and takes in a bounded number of bytes on behalf of all channels; `through`
 * is any that is open, NULL if none is. *more: that was not all, whatever polling shows.
 * TL_LOST, TL_INTERRUPTED. */
TL_NODISCARD enum tl_status ssh_session_receive(struct ssh_session *session,
                                                struct ssh_channel *through, bool *more,
                                                struct tl_error *err);

/* Acts on answers that have been taken in by other calls, which may be after they were looked
 * for. True if one was about opening a channel. */
bool ssh_session_digest(struct ssh_session *session);

/* Asks a silent server for a sign of life, as often as ssh_options say; to be called again at
 * *next_ms on the monotonic clock. TL_LOST if it gave none. */
TL_NODISCARD enum tl_status ssh_session_pulse(struct ssh_session *session, int64_t *next_ms,
                                              struct tl_error *err);

/* Whether the server owes an answer about opening a channel, also one that nobody wants any
 * more: it is asked for one at a time. */
bool ssh_session_is_opening(const struct ssh_session *session);

/* Whether the server has closed the channel in both directions; asked after its end. */
bool ssh_channel_is_closed(struct ssh_channel *channel);

#endif
