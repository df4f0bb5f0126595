/* The single ways to log in. */
#ifndef SSH_AUTH_WAYS_H
#define SSH_AUTH_WAYS_H

#include "ssh/handle.h"
#include "ssh/key.h"

/* What there is to log in with. */
struct auth_means {
    const struct ssh_options *options;
    struct ssh_key key; /* loaded; its text is empty if none is configured */
};

/* Each appends to `tried` what it showed to the server, safe to show. TL_OK: logged in.
 * TL_AUTHENTICATION: refused, or accepted as one proof of several. TL_KEY: the key cannot be
 * used. Others: the session has ended. */
typedef enum tl_status auth_way(struct ssh_session *session, const struct auth_means *means,
                                struct buf *tried, struct tl_error *err);

auth_way auth_by_certificate;
auth_way auth_by_key;
auth_way auth_by_identities;
auth_way auth_by_agent;
auth_way auth_by_password;
auth_way auth_by_keyboard;

#endif
