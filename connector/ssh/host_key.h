/* Whether the server is the one it should be. */
#ifndef SSH_HOST_KEY_H
#define SSH_HOST_KEY_H

#include "ssh/handle.h"
#include "ssh/known_hosts.h"

/* The key the server showed in the handshake; lent by the session. */
struct known_key host_key_shown(struct ssh_session *session);

/* Under which name and port known_hosts has the host. */
const char *host_key_name(const struct ssh_options *options);
uint16_t host_key_port(const struct ssh_options *options);

/* Decides by the pin, the approval, or known_hosts and policy, and remembers the key where
 * these say so. TL_HOST_KEY with the remedy if it is not trusted. */
TL_NODISCARD enum tl_status host_key_verify(struct ssh_session *session,
                                            const struct ssh_options *options,
                                            const struct known_hosts *known,
                                            struct tl_error *err);

#endif
