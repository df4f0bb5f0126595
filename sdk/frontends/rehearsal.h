/* A rehearsal: the streams run for real, into a destination that is thrown away. It tells
 * whether they run, and what tables they make. */
#ifndef FRONTENDS_REHEARSAL_H
#define FRONTENDS_REHEARSAL_H

#include "sync/run.h"

/* Runs as run_sync does, but the destination's fields and mode of *options are ignored,
 * except `opened`: no state is read, no row kept, no fault tried again. */
TL_NODISCARD enum tl_status rehearsal_run(const struct run_options *options,
                                          struct run_report *report, struct tl_error *err);

#endif
