/* An observer for a run of several threads: passes on what they say to one that is called by
 * one thread at a time and sees the partitions together. */
#ifndef SYNC_SHARED_OBSERVER_H
#define SYNC_SHARED_OBSERVER_H

#include <pthread.h>

#include "sync/run.h"

struct shared_observer {
    struct run_observer base;
    struct run_observer *inner;
    pthread_mutex_t lock;
    const struct run_report *report;
    struct stream_counts *seen; /* of each stream of the report */
    struct stream_report sum;
    char name[64];
    int64_t next_ms;
};

/* Borrows inner and the report, whose streams are known already. *shared must not move. */
TL_NODISCARD enum tl_status shared_observer_init(struct shared_observer *shared,
                                                 struct run_observer *inner,
                                                 const struct run_report *report,
                                                 struct tl_error *err);
void shared_observer_reset(struct shared_observer *shared);

#endif
