/* An SSH session: a server reached, its host key trusted, the user logged in. */
#ifndef SSH_SESSION_H
#define SSH_SESSION_H

#include <stdint.h>

#include "ssh/options.h"
#include "towline/error.h"

struct ssh_session;

/* Told of each phase of each host on the way: those of jump hosts come first. `host` is the one
 * it is about. */
struct ssh_observer {
    void (*begin)(struct ssh_observer *self, const struct ssh_options *host,
                  enum ssh_phase phase);
    /* `detail` says what was found: an address, a banner, the algorithms agreed on, the host
     * key's type and SHA256 fingerprint, the way the user got in; safe to show. `failure` is
     * NULL if the phase passed. */
    void (*end)(struct ssh_observer *self, const struct ssh_options *host, enum ssh_phase phase,
                int64_t duration_ms, const char *detail, const struct tl_error *failure);
};

/* Opens the sessions of the jump hosts, then runs the phases up to options->last_phase. *out is
 * to be closed with ssh_session_close; it is NULL if the last phase was not authentication. The
 * jump hosts' sessions end with it. observer may be NULL. One thread at a time may use a
 * session with all its channels; any number of sessions may be used side by side.
 *
 * TL_CONFIGURATION for options that cannot be used, TL_RESOLVE, TL_CONNECT, TL_FORWARD if a
 * jump host lets nobody through, TL_HANDSHAKE, TL_HOST_KEY, TL_KEY, TL_AUTHENTICATION, TL_LOST,
 * TL_INTERRUPTED, TL_MEMORY. */
TL_NODISCARD enum tl_status ssh_session_open(const struct ssh_options *options,
                                             struct ssh_observer *observer,
                                             struct ssh_session **out, struct tl_error *err);

/* Says goodbye without waiting for an answer. */
void ssh_session_close(struct ssh_session *session);

/* "user@host", with the port if it is not 22. Lent until the session is closed. */
const char *ssh_session_label(const struct ssh_session *session);

/* Whether the server's greeting says that it runs on Windows. */
bool ssh_session_is_windows(const struct ssh_session *session);

/* Grows with whatever has come from the server: bytes, and the connection's end. Reading one of
 * a channel's streams receives for the others, too: who has read them all in turn and got
 * nothing reads them once more if this grew meanwhile, before waiting. */
uint64_t ssh_session_heard(const struct ssh_session *session);

/* Waits until the server sends, extra_fd (-1: none) is readable, or until_ms on the monotonic
 * clock; keeps the connection alive meanwhile. TL_INTERRUPTED, TL_LOST. */
TL_NODISCARD enum tl_status ssh_session_wait(struct ssh_session *session, int64_t until_ms,
                                             int extra_fd, struct tl_error *err);

/* After TL_INTERRUPTED: the wish to stop has been heard, and is not heard again, so that the
 * session can be used to tidy up. */
void ssh_session_pardon(struct ssh_session *session);

/* Notices a wish to stop without waiting: TL_INTERRUPTED. */
TL_NODISCARD enum tl_status ssh_session_check(struct ssh_session *session,
                                              struct tl_error *err);

#endif
