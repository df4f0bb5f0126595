/* Failures of streams, kept until the run log can take them. */
#ifndef SYNC_FAILURES_H
#define SYNC_FAILURES_H

#include "sync/stream_run.h"

struct failure;

/* In the order in which they happened. Zero is none. */
struct failures {
    struct failure *first;
};

/* Adds that the stream failed for that reason, after so much; warnings may be NULL. Where
 * memory runs out, only a line in the run log is missing. */
void failures_add(struct failures *failures, const struct stream_run *stream,
                  const struct progress *progress, const char *warnings, const char *reason);

/* Commits a record of each, and forgets them. One that cannot be recorded is logged. */
void failures_put(struct failures *failures, struct destination *destination);

void failures_reset(struct failures *failures);

#endif
