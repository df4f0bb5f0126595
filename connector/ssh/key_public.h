/* The public half of a key: the line that ssh-keygen writes into KEY.pub. */
#ifndef SSH_KEY_PUBLIC_H
#define SSH_KEY_PUBLIC_H

#include <stdbool.h>

#include "base/buf.h"
#include "ssh/known_hosts.h"

/* The blob of a line "TYPE BASE64 comment". False if it is none. */
bool key_public_decode(const char *line, struct buf *blob);

/* The fingerprint of the key in the first line of `text`; "" if it is none. */
const char *key_public_sha256(const char *text, char out[KNOWN_KEY_SHA256_SIZE]);

/* That of the key in PATH.pub; "" if there is none. */
const char *key_public_beside(const char *path, char out[KNOWN_KEY_SHA256_SIZE]);

#endif
