/* Which algorithms are offered to a server, strongest and fastest first; none that is weak. */
#ifndef SSH_ALGORITHMS_H
#define SSH_ALGORITHMS_H

#include <stdbool.h>

#include "ssh/handle.h"
#include "ssh/known_hosts.h"

/* What is left out because an earlier attempt showed that it leads nowhere. */
struct algorithms_omit {
    bool chacha;        /* the cipher that the Terrapin attack (CVE-2023-48795) needs */
    unsigned host_keys; /* a bit per key type, set by algorithms_omit_host_key */
};

/* Tells libssh2 what to offer. Host key algorithms of keys that known_hosts (may be NULL) holds
 * come first, as a key of another type could not be compared. */
TL_NODISCARD enum tl_status algorithms_offer(struct ssh_session *session,
                                             const struct known_hosts *known, bool compression,
                                             const struct algorithms_omit *omit,
                                             struct tl_error *err);

/* Leaves out the type of host key that the server showed. False if it has no other to show. */
bool algorithms_omit_host_key(struct algorithms_omit *omit, const struct ssh_session *session,
                              const char *type);

/* Whether chacha20-poly1305 was agreed on with a server that does not number packets strictly:
 * the connection has to be made anew without it. To be asked after the handshake. */
bool algorithms_need_strict_kex(struct ssh_session *session);

/* What was agreed on: "curve25519-sha256, host key ssh-ed25519, cipher ..., MAC ...". */
void algorithms_describe(const struct ssh_session *session, struct buf *out);

/* The error of a handshake that failed with rc: names both lists where nothing is common. */
enum tl_status algorithms_fail(struct ssh_session *session, int rc, struct tl_error *err);

#endif
