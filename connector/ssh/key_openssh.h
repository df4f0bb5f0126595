/* OpenSSH's own private key format, read and written. Source of the format: PROTOCOL.key in
 * OpenSSH's source. */
#ifndef SSH_KEY_OPENSSH_H
#define SSH_KEY_OPENSSH_H

#include <stdbool.h>

#include "base/buf.h"

enum key_openssh_result {
    KEY_OPENSSH_GOOD,
    KEY_OPENSSH_BROKEN,       /* cut short or altered */
    KEY_OPENSSH_LOCKED,       /* encrypted: no passphrase was given, or a wrong one */
    KEY_OPENSSH_FOREIGN_TYPE, /* of a type that cannot be used here: *blob tells which */
    KEY_OPENSSH_FOREIGN_CIPHER
};

/* Reads a key from its PEM text. Appends its fields, with the type's name first, to *secret,
 * which must have room for the whole text already, as secrets are not to be moved, and its
 * public blob to *blob. */
enum key_openssh_result key_openssh_read(const char *pem, const char *passphrase,
                                         struct buf *secret, struct buf *blob);

/* Appends the PEM text of a key with these fields and this public blob, encrypted unless the
 * passphrase is NULL or "". *out must have room. False if OpenSSL fails or memory runs out. */
bool key_openssh_write(struct buf *out, const struct buf *secret, const struct buf *blob,
                       const char *comment, const char *passphrase);

#endif
