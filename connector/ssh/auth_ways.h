/* The single ways to log in. */
#ifndef SSH_AUTH_WAYS_H
#define SSH_AUTH_WAYS_H

#include "ssh/handle.h"

/* Each appends to `tried` what it showed to the server, safe to show. TL_OK: logged in.
 * TL_AUTHENTICATION: refused, or accepted as one proof of several. TL_KEY: the key cannot be
 * used. Others: the session has ended. */
TL_NODISCARD enum tl_status auth_by_key(struct ssh_session *session,
                                        const struct ssh_options *options, struct buf *tried,
                                        struct tl_error *err);
TL_NODISCARD enum tl_status auth_by_agent(struct ssh_session *session,
                                          const struct ssh_options *options, struct buf *tried,
                                          struct tl_error *err);
TL_NODISCARD enum tl_status auth_by_password(struct ssh_session *session,
                                             const struct ssh_options *options,
                                             struct buf *tried, struct tl_error *err);
TL_NODISCARD enum tl_status auth_by_keyboard(struct ssh_session *session,
                                             const struct ssh_options *options,
                                             struct buf *tried, struct tl_error *err);

#endif
