/* The run log's records, made of what is known of a stream. */
#ifndef SYNC_RECORD_H
#define SYNC_RECORD_H

#include "sync/stream_run.h"

/* All texts are borrowed. status: "running", "done" or "failed". */
struct run_record record_of(const struct stream_run *stream, const struct progress *progress,
                            const char *warnings, const char *status, const char *error);

/* Adds the records of the stream's tables that operations have come for: what they count is not
 * the stream's own then. `progress` of each; NULL: as committed. */
TL_NODISCARD enum tl_status record_add_tables(struct run_record *record,
                                              const struct stream_run *stream,
                                              const struct progress *progress,
                                              struct tl_error *err);

/* Frees those of the tables. */
void record_reset(struct run_record *record);

#endif
