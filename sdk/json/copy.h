/* Text out of JSON that was read before and found right. */
#ifndef JSON_COPY_H
#define JSON_COPY_H

#include <stddef.h>

#include "json/lex.h"

/* How much memory the copy of a span needs at most. */
static inline size_t json_copy_room(const struct json_span *span)
{
    return span->size - span->blanks + 2 * span->invalid;
}

/* Writes the characters that a string (without quotes) stands for; returns how many bytes. */
size_t json_copy_string(const struct json_span *string, char *out);

/* Writes the value without white space outside strings, all else as it is; returns how many
 * bytes. Bytes that are not UTF-8 become U+FFFD. */
size_t json_copy_compact(const struct json_span *value, char *out);

#endif
