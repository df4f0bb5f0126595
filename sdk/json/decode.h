/* UTF-16 with a byte order mark into UTF-8, in any chunking (RFC 2781). */
#ifndef JSON_DECODE_H
#define JSON_DECODE_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

struct json_decode {
    iconv_t converter;
    bool active;  /* the text is UTF-16 */
    char left[4]; /* a character's first bytes, until the others come */
    size_t n_left;
    uint64_t taken; /* bytes converted */
};

/* Looks for a byte order mark at the start of a stream and gets ready for what it announces;
 * gives its size, 0 if there is none. */
TL_NODISCARD enum tl_status json_decode_start(struct json_decode *decode, const char *bytes,
                                              size_t size, size_t *mark, struct tl_error *err);

/* Converts as much as fits of *bytes, which it moves on, into out, and sets *written. */
TL_NODISCARD enum tl_status json_decode_next(struct json_decode *decode, const char **bytes,
                                             size_t *size, char *out, size_t out_size,
                                             size_t *written, struct tl_error *err);

/* Fails if the stream ended within a character. */
TL_NODISCARD enum tl_status json_decode_finish(const struct json_decode *decode,
                                               struct tl_error *err);

void json_decode_reset(struct json_decode *decode);

#endif
