/* Logging in: private key, agent, password, and several of them where the server asks for it.
 */
#ifndef SSH_AUTH_H
#define SSH_AUTH_H

#include "ssh/handle.h"

/* Tries each way in that options give and the server offers, once. `how` gets what worked, safe
 * to show. TL_KEY, TL_AUTHENTICATION naming what was tried and what the server offers,
 * TL_CONFIGURATION if options give no way in. */
TL_NODISCARD enum tl_status auth_run(struct ssh_session *session,
                                     const struct ssh_options *options, struct buf *how,
                                     struct tl_error *err);

#endif
