/* What the conformance suite must know of each destination: where one is made for a test, and
 * how its tables are read back without the SDK. */
#ifndef CONFORMANCE_ADAPTER_H
#define CONFORMANCE_ADAPTER_H

#include "base/buf.h"

struct adapter {
    const char *scheme;
    /* The URL of a destination that is not there yet, made in a new folder. */
    void (*url)(const char *folder, struct buf *out);
    /* The rows of a table in the order of its first column: "id=1 name='x' deleted\n".
     * "absent\n" if there is no such table. */
    void (*read)(const char *url, const char *table, struct buf *out);
    /* The saved state of a stream, or nothing. */
    void (*state)(const char *url, const char *stream, struct buf *out);
};

/* One for each of destination_list. */
extern const struct adapter adapter_sqlite;

#endif
