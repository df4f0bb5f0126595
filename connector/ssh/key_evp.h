/* OpenSSL's keys in SSH's wire form (RFC 4253 section 6.6, RFC 5656, RFC 8709). */
#ifndef SSH_KEY_EVP_H
#define SSH_KEY_EVP_H

#include <openssl/evp.h>

#include "base/buf.h"

/* "ssh-rsa", "ssh-ed25519", "ecdsa-sha2-nistp256" ...; NULL for a kind that SSH does not use.
 */
const char *key_evp_type(const EVP_PKEY *pkey);

/* Each appends the fields of a key whose type is known, with the type's name first. False if
 * OpenSSL does not give them. */
bool key_evp_append_public(struct buf *out, const EVP_PKEY *pkey);

/* As in the private section of OpenSSH's format; secret, so out must have room already. */
bool key_evp_append_private(struct buf *out, const EVP_PKEY *pkey);

#endif
