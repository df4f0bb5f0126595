/* Signatures in SSH's wire form, and whether a key made them. */
#ifndef SSH_SIGNATURE_H
#define SSH_SIGNATURE_H

#include "ssh/wire.h"

/* Whether the signature over the text is that of the public key with this blob. Of RSA only
 * SHA-2 counts, and at least 2048 bits. */
bool signature_is_good(struct wire_text key, struct wire_text signature, struct wire_text text);

#endif
