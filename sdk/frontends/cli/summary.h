/* The end of a sync: what it did, for people and for machines. */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include "base/buf.h"
#include "sync/run.h"

struct summary {
    const struct run_report *report;
    const struct tl_error *error; /* TL_OK: it went well */
    const char *destination;      /* URL; NULL: it did not get that far */
    int64_t started_us;
    bool dry_run;
};

/* Appends the operations table, a table for each stream, and the outcome; only the outcome
 * where the configuration or usage was wrong before anything began. */
void summary_append_text(const struct summary *summary, struct buf *out);

/* Appends the same as one JSON object. */
void summary_append_json(const struct summary *summary, struct buf *out);

/* Rows per second of a stream. */
uint64_t summary_rate(const struct stream_report *stream);

#endif
