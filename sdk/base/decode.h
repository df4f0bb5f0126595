/* Text from outside as UTF-8, in any chunking: a byte order mark is left out, and the UTF-16
 * that one announces is converted (RFC 2781). */
#ifndef BASE_DECODE_H
#define BASE_DECODE_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

/* Takes the text. `offset` is its place in the bytes fed, or in what UTF-16 became. */
struct decode_sink {
    enum tl_status (*take)(struct decode_sink *self, const char *text, size_t size,
                           uint64_t offset, struct tl_error *err);
};

/* Begins as zeros. */
struct decode {
    char head[64]; /* the start, held back: for the mark, and so that a message can show what is
                      no row of JSON */
    size_t head_size;
    bool started;
    uint64_t offset; /* of the text that comes next */
    iconv_t converter;
    bool active;  /* the text is UTF-16 */
    char left[4]; /* a character's first bytes, until the others come */
    size_t n_left;
    uint64_t taken; /* bytes converted */
};

/* Takes the next bytes. Fails with TL_DATA for what is not UTF-16 after its mark, or as the
 * sink does. */
TL_NODISCARD enum tl_status decode_feed(struct decode *decode, struct decode_sink *sink,
                                        const char *bytes, size_t size, struct tl_error *err);

/* Hands over what was held back: there is no more. */
TL_NODISCARD enum tl_status decode_flush(struct decode *decode, struct decode_sink *sink,
                                         struct tl_error *err);

/* Fails if the text ended within a character. */
TL_NODISCARD enum tl_status decode_check_end(const struct decode *decode, struct tl_error *err);

/* Makes it ready for another text. */
void decode_reset(struct decode *decode);

#endif
