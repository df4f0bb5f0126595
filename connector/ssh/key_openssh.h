/* OpenSSH's own private key format, as far as it can be read without the passphrase. Source of
 * the format: PROTOCOL.key in OpenSSH's source. */
#ifndef SSH_KEY_OPENSSH_H
#define SSH_KEY_OPENSSH_H

#include "ssh/key.h"

/* Fills key->encrypted, public_line and sha256 from key->text. TL_KEY if the text is cut short
 * or altered, if the key needs a passphrase and none is given, or if libssh2 cannot use its
 * kind. */
TL_NODISCARD enum tl_status key_openssh_inspect(struct ssh_key *key, bool passphrase_given,
                                                struct tl_error *err);

/* The errors that both formats share; return TL_KEY. */
enum tl_status ssh_key_locked(const char *name, bool passphrase_given, struct tl_error *err);
enum tl_status ssh_key_broken(const char *name, struct tl_error *err);

#endif
