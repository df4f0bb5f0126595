/* State: JSON objects, one per stream, and the whole of them: {"stream": {...}, ...}. */
#ifndef SYNC_STATE_H
#define SYNC_STATE_H

#include "base/buf.h"

enum { STATE_MAX_BYTES = 10 * 1000 * 1000 };

/* Fails with TL_CONFIGURATION unless json is one JSON object of at most STATE_MAX_BYTES. */
TL_NODISCARD enum tl_status state_check(const char *json, struct tl_error *err);

/* A member's value as text, appended: a string's characters, else its JSON, every digit kept.
 * False if the object has no such member, or null. */
bool state_get(const char *json, const char *name, struct buf *out);

/* A copy of the object with the member set to a string. NULL when memory ran out. */
char *state_set(const char *json, const char *name, const char *text, size_t size);

/* One stream's object out of the whole ("{}" if absent), exactly as written; owned by the
 * caller. */
TL_NODISCARD enum tl_status state_of_stream(const char *whole, const char *stream, char **out,
                                            struct tl_error *err);

/* Calls `member` for each stream of the whole with its object; stops at the first failure. */
struct state_visitor {
    enum tl_status (*member)(struct state_visitor *self, const char *stream, const char *json,
                             struct tl_error *err);
};
TL_NODISCARD enum tl_status state_visit(const char *whole, struct state_visitor *visitor,
                                        struct tl_error *err);

#endif
