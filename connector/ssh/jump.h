/* A link through another session: how a host behind a jump host is reached, without a local
 * port. */
#ifndef SSH_JUMP_H
#define SSH_JUMP_H

#include "ssh/forward.h"
#include "ssh/link.h"
#include "ssh/session.h"

/* Has the server of `through` connect to the target, within patience. *out ends before
 * `through` does, and must not be used by another thread than that. `where` says by whom and
 * where to. Errors as those of ssh_forward_open. */
TL_NODISCARD enum tl_status ssh_jump_open(struct ssh_session *through,
                                          const struct ssh_target *target,
                                          const struct ssh_patience *patience,
                                          struct ssh_link **out, char where[SSH_ADDRESS_SIZE],
                                          struct tl_error *err);

#endif
