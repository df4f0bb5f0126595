/* The certificate that goes with a user's private key. */
#ifndef SSH_KEY_CERTIFICATE_H
#define SSH_KEY_CERTIFICATE_H

#include "ssh/key.h"

/* Fills key->certificate from ssh_certificate_path, or from KEY-cert.pub where that lies beside
 * the key; without either it stays empty. TL_KEY if the certificate that is configured is
 * missing, malformed, a host's, or another key's. */
TL_NODISCARD enum tl_status key_certificate_load(const struct ssh_options *options,
                                                 struct ssh_key *key, struct tl_error *err);

/* Appends what is wrong with the certificate for this user now, " (expired ...)"; nothing if it
 * should be accepted. Returns whether there is something. */
bool key_certificate_describe(const struct ssh_key *key, const char *user, struct buf *out);

#endif
