/* Base64 with padding (RFC 4648, section 4): how bytes travel in JSON. */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends the bytes as base64 text; failure is out's. */
void base64_encode(struct buf *out, const void *bytes, size_t size);

/* Appends the bytes that text stands for. False, with some of them appended, when text is not
 * base64: other characters, white space, missing padding, or bits set that padding leaves out.
 */
bool base64_decode(struct buf *out, const char *text, size_t size);

/* The same for text broken into lines, as in PEM files: white space is passed over. */
bool base64_decode_wrapped(struct buf *out, const char *text, size_t size);

#endif
