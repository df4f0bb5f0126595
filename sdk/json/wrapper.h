/* An object that may be a row, or only wrap rows in its array `data`. */
#ifndef JSON_WRAPPER_H
#define JSON_WRAPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The names that make an object a row, and which of them it has shown. */
struct json_keys {
    const char *const *names; /* borrowed; NULL-terminated, or NULL */
    bool *seen;               /* one a name */
    size_t count;
    struct buf text; /* a name, escapes resolved */
};

/* Borrows names. False when memory ran out. */
bool json_keys_init(struct json_keys *keys, const char *const *names);
void json_keys_reset(struct json_keys *keys);

void json_keys_forget(struct json_keys *keys);
void json_keys_note(struct json_keys *keys, const char *name, size_t size);
bool json_keys_complete(const struct json_keys *keys); /* false when there are none */

/* Sets *wraps to whether the object that begins at json, maybe cut off by size, has an array
 * `data` and, as far as can be seen, lacks one of the keys. Fails only for want of memory. */
TL_NODISCARD enum tl_status json_is_wrapper(const char *json, size_t size,
                                            struct json_keys *keys, bool *wraps,
                                            struct tl_error *err);

#endif
