/* Unpacks the body of an answer that came compressed, and knows whether all of it came: libcurl
 * does not say when the packed data ends too early. */
#ifndef SOURCES_HTTP_UNPACK_H
#define SOURCES_HTTP_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

#include "towline/error.h"

struct http_unpack;

/* To be freed with http_unpack_free; NULL when memory ran out. */
struct http_unpack *http_unpack_new(void);
void http_unpack_free(struct http_unpack *unpack);

/* Begins another body. */
void http_unpack_reset(struct http_unpack *unpack);

/* Moves *data and *size on over some of the packed bytes and lends a piece of what was in them,
 * until the next call; it is to be called until that is empty. TL_DATA for what is not gzip or
 * deflate. */
TL_NODISCARD enum tl_status http_unpack_some(struct http_unpack *unpack, const char **data,
                                             size_t *size, const char **piece,
                                             size_t *piece_size, struct tl_error *err);

/* Whether the body has come to its end; true for one without a byte. */
bool http_unpack_is_whole(const struct http_unpack *unpack);

#endif
