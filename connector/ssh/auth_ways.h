/* The single ways to log in. */
#ifndef SSH_AUTH_WAYS_H
#define SSH_AUTH_WAYS_H

#include "ssh/handle.h"
#include "ssh/key.h"

/* What there is to log in with. */
struct auth_means {
    const struct ssh_options *options;
    struct ssh_key key; /* loaded; its text is empty if none is configured */
    struct buf *wanted; /* a comma list: fingerprints of keys that are configured, but whose
                           private half can only be in the agent */
};

/* Notes a key that could not be read. */
void auth_want(const struct auth_means *means, const struct ssh_key *key);

/* Each appends to `tried` what it showed to the server, safe to show. TL_OK: logged in.
 * TL_AUTHENTICATION: refused, or accepted as one proof of several; the error has a remedy if
 * the way knows what is wrong. TL_KEY: the key cannot be used. Others: the session has ended.
 */
typedef enum tl_status auth_way(struct ssh_session *session, const struct auth_means *means,
                                struct buf *tried, struct tl_error *err);

/* The outcome of a way from libssh2's code. */
enum tl_status auth_way_result(struct ssh_session *session, int rc, struct tl_error *err);

auth_way auth_by_certificate;
auth_way auth_by_key;
auth_way auth_by_identities;
auth_way auth_by_agent;
auth_way auth_by_password;
auth_way auth_by_keyboard;

#endif
