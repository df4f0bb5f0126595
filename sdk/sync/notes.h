/* Notes: schema changes in words, for the log and the dry run. */
#ifndef SYNC_NOTES_H
#define SYNC_NOTES_H

#include "sync/plan.h"
#include "towline/log.h"

/* Describes plan->changes, all of one stream. */
TL_NODISCARD enum tl_status notes_add(struct stream_run *stream, const struct plan *plan,
                                      enum tl_log_level level, struct tl_error *err);

/* Forgets all but the first `count`. */
void notes_cut(struct stream_run *stream, size_t count);

#endif
