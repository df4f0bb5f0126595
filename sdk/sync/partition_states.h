/* The state of a stream that has partitions: one object with a member for each of them,
 * {"web1": {"cursor": "5"}, "web2": {}}. The partitions commit one at a time, each with the
 * whole, so that a destination or platform sees one state to a stream. */
#ifndef SYNC_PARTITION_STATES_H
#define SYNC_PARTITION_STATES_H

#include "base/buf.h"
#include "towline/error.h"

struct partition_states {
    struct partition_state {
        char *name;
        char *json; /* an object */
    } * items;
    size_t count;
};

/* Takes a stream's state apart; *out is all zero before. TL_CONFIGURATION if it is not an
 * object of objects. The caller resets *out in any case. */
TL_NODISCARD enum tl_status partition_states_load(struct partition_states *out,
                                                  const char *json, struct tl_error *err);
void partition_states_reset(struct partition_states *states);

/* One partition's object, or NULL. Lent until the next put. */
const char *partition_states_find(const struct partition_states *states, const char *name);

/* Replaces one partition's object, copying it. */
TL_NODISCARD enum tl_status partition_states_put(struct partition_states *states,
                                                 const char *name, const char *json,
                                                 struct tl_error *err);

/* Appends the whole as it is with this object for that partition. */
void partition_states_print(const struct partition_states *states, const char *name,
                            const char *json, struct buf *out);

#endif
