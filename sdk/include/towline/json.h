/* Single values and rows out of a JSON text: what a source must know beside the rows. */
#ifndef TOWLINE_JSON_H
#define TOWLINE_JSON_H

#include <stddef.h>

#include "towline/error.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Finds what the JSON Pointer (RFC 6901) points to in the first document of the text, and gives
 * it as text: a string's characters, else its JSON. A text that begins with a byte order mark
 * is decoded, UTF-16 too. *out is to be freed with free(); it is NULL where nothing is there,
 * or null, or a string with U+0000. Where the text is not JSON, what is found is unspecified.
 * TL_CONFIGURATION for a pointer that is none, TL_DATA for broken UTF-16. */
TL_NODISCARD enum tl_status tl_json_find(const char *json, size_t size, const char *pointer,
                                         char **out, struct tl_error *err);

/* Receives the text of each row, an object. */
struct tl_json_visitor {
    enum tl_status (*row)(struct tl_json_visitor *self, const char *json, size_t size,
                          struct tl_error *err);
};

/* Calls the visitor with each row of the text, in order, found as a stream's are: by the JSON
 * Pointer `rows`, or if that is NULL by the default rule without a key. TL_DATA for what is not
 * JSON, or has no rows there; else stops at the visitor's first failure. */
TL_NODISCARD enum tl_status tl_json_rows(const char *json, size_t size, const char *rows,
                                         struct tl_json_visitor *visitor, struct tl_error *err);

#ifdef __cplusplus
}
#endif
#endif
