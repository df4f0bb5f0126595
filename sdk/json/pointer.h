/* JSON Pointer (RFC 6901), and its look-up in JSON text that is known to be valid. */
#ifndef JSON_POINTER_H
#define JSON_POINTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

/* A pointer taken apart: unescaped tokens. */
struct json_pointer {
    struct json_token {
        char *text;
        size_t size;
        bool any; /* the segment `*`: every element or member */
    } * tokens;
    size_t count;
};

/* Fails with TL_CONFIGURATION naming what is wrong. "" points to the whole document. Beside
 * RFC 6901's `~0` and `~1`, `~2` stands for `*`. */
TL_NODISCARD enum tl_status json_pointer_parse(const char *text, struct json_pointer *out,
                                               struct tl_error *err);
void json_pointer_reset(struct json_pointer *pointer);

/* Whether the token names an array's element of that index (from 0), or any. */
bool json_token_is_index(const struct json_token *token, uint64_t index);

/* Finds what pointer (from its token `from` on) points to in valid JSON text; gives the slice.
 * False if nothing is there. `*` tokens match nothing here. Of a name that stands twice the
 * last one counts. */
bool json_pointer_find(const struct json_pointer *pointer, size_t from, const char *json,
                       size_t size, const char **found, size_t *found_size);

#endif
