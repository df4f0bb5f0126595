/* Singer's state: bookmarks of all streams in one value,
 *     {"bookmarks": {"users": {"replication_key": "id", "replication_key_value": "3"}},
 *      "currently_syncing": null}
 * where a stream whose state is more than a cursor has it whole under "state". */
#ifndef SINGER_STATE_H
#define SINGER_STATE_H

#include "base/buf.h"
#include "destinations/destination.h"
#include "frontends/platform/declared.h"

struct bookmark {
    char *stream;
    char *json; /* the stream's state; of a stream that is not ours, the bookmark as it came */
    bool foreign;
};

struct bookmarks {
    struct bookmark *items;
    size_t n_items;
};

/* Reads the file that --state names. TL_CONFIGURATION for one that is no state of this tap, or
 * that belongs to another replication key. The caller resets *out in any case. */
TL_NODISCARD enum tl_status bookmarks_read(struct bookmarks *out, const char *json, size_t size,
                                           const struct declared *declared,
                                           struct tl_error *err);
void bookmarks_reset(struct bookmarks *bookmarks);

/* Replaces the stream's state. */
TL_NODISCARD enum tl_status bookmarks_set(struct bookmarks *bookmarks, const char *stream,
                                          const char *json, struct tl_error *err);

/* Appends the STATE message. `syncing` names the stream under way; NULL: none. */
void bookmarks_append_state(struct buf *out, const struct bookmarks *bookmarks,
                            const struct declared *declared, const char *syncing);

#endif
