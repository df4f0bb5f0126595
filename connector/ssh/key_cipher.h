/* The ciphers that protect OpenSSH's private keys, keyed from a passphrase by bcrypt. */
#ifndef SSH_KEY_CIPHER_H
#define SSH_KEY_CIPHER_H

#include "base/buf.h"
#include "ssh/wire.h"

/* What new keys are encrypted by. */
#define KEY_CIPHER_USUAL "aes256-ctr"

struct key_cipher;

/* NULL if there is no such cipher; "none" is none. */
const struct key_cipher *key_cipher_find(struct wire_text name);

size_t key_cipher_block_bytes(const struct key_cipher *cipher);

/* How many bytes of proof follow what it encrypts; 0 for most. */
size_t key_cipher_tag_bytes(const struct key_cipher *cipher);

/* Appends to *out, which must have room, the text that `sealed` with its tag hides. False if
 * the passphrase is not the right one, where the cipher can tell; if kdf, the options of the
 * key derivation, are malformed; or if sealed is not whole blocks. */
bool key_cipher_open(const struct key_cipher *cipher, const char *passphrase,
                     struct wire_text kdf, struct wire_text sealed, const unsigned char *tag,
                     struct buf *out);

/* The same the other way round, by KEY_CIPHER_USUAL: whole blocks of text in, as many out. */
bool key_cipher_seal(const char *passphrase, struct wire_text kdf, struct wire_text text,
                     struct buf *out);

#endif
