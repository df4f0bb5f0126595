/* bcrypt_pbkdf: how OpenSSH makes a cipher's key from a passphrase. Slow by intent. */
#ifndef SSH_BCRYPT_PBKDF_H
#define SSH_BCRYPT_PBKDF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* More rounds than this are refused: some minutes of work. OpenSSH's default is 16 to 24. */
enum { BCRYPT_ROUNDS_MAX = 16384, BCRYPT_KEY_MAX_BYTES = 128, BCRYPT_SALT_MAX_BYTES = 1024 };

/* Fills key with size bytes, at most BCRYPT_KEY_MAX_BYTES. False for sizes or rounds out of
 * range, or if OpenSSL fails. */
bool bcrypt_pbkdf(const char *passphrase, const unsigned char *salt, size_t salt_size,
                  uint32_t rounds, unsigned char *key, size_t size);

#endif
