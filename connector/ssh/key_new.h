/* Makes new key pairs. */
#ifndef SSH_KEY_NEW_H
#define SSH_KEY_NEW_H

#include "base/buf.h"

struct key_pair {
    struct buf private_text; /* OpenSSH's format; secret */
    struct buf public_line;  /* with the comment, without a newline */
    char sha256[52];
};

/* type is "ed25519", "ecdsa" (bits: 256, 384, 521) or "rsa" (2048 to 16384); 0 bits are the
 * type's usual number. Encrypted unless the passphrase is NULL or "". TL_USAGE for bits that
 * the type does not have. On success *pair is to be freed with key_pair_free. */
TL_NODISCARD enum tl_status key_pair_new(const char *type, int bits, const char *comment,
                                         const char *passphrase, struct key_pair *pair,
                                         struct tl_error *err);

/* Wipes. */
void key_pair_free(struct key_pair *pair);

#endif
