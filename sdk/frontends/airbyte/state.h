/* Airbyte's states. What a stream hands back is
 *     {"state": {"cursor": "..."}, "towline": {"version": 1, "saved": "...", "rows": 3}}
 * where `state` is what `towline state show` calls the stream's state, and `saved` makes each
 * differ from the one before. */
#ifndef AIRBYTE_STATE_H
#define AIRBYTE_STATE_H

#include "base/buf.h"
#include "destinations/destination.h"

/* What was handed back. */
struct airbyte_state {
    char *stream;
    char *json;      /* the stream's state */
    uint64_t n_rows; /* that its last complete sync read; 0: not known */
    uint64_t n_bytes;
};

struct airbyte_states {
    struct airbyte_state *states;
    size_t n_states;
};

/* Reads the file that --state names: an array of state messages, of the types STREAM and
 * GLOBAL, or one of them alone. TL_CONFIGURATION for one that is none, or that another version
 * or another source made. The caller resets *out in any case. */
TL_NODISCARD enum tl_status airbyte_states_read(struct airbyte_states *out, const char *json,
                                                size_t size, struct tl_error *err);
void airbyte_states_reset(struct airbyte_states *states);

/* NULL if the stream has none. */
const struct airbyte_state *airbyte_states_find(const struct airbyte_states *states,
                                                const char *stream);

/* Appends a STATE message: `rows` were sent since the last one; `run` tells how much a complete
 * sync read (NULL: it is not complete). */
void airbyte_append_state(struct buf *out, const char *stream, const char *state, uint64_t rows,
                          const struct run_record *run);

#endif
