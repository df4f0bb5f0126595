/* Base64 (RFC 4648 section 4) between text and memory, by OpenSSL. */
#ifndef SSH_BASE64_H
#define SSH_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the decoded bytes; white space within the text is skipped. False if it is not base64
 * or does not fit. */
bool base64_decode(struct buf *out, const char *text, size_t size);

/* Appends the text, with its padding. */
void base64_encode(struct buf *out, const void *data, size_t size);

#endif
