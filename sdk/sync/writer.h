/* The writer: a thread that owns the destination and carries out the queues' operations. */
#ifndef SYNC_WRITER_H
#define SYNC_WRITER_H

#include "destinations/destination.h"
#include "sync/queue.h"
#include "sync/stream_run.h"

struct writer;

struct writer_options {
    struct destination *destination;       /* borrowed until writer_free */
    struct destination_contents *contents; /* as loaded; the writer keeps its catalog true */
    struct queues *queues;
    bool keep_record; /* write the run log */
    bool announce;    /* schema changes are news: of a destination that is changed for good */
};

/* Starts the thread. */
TL_NODISCARD enum tl_status writer_new(const struct writer_options *options,
                                       struct writer **out, struct tl_error *err);

/* Closes the queues, waits for the thread to carry out the rest, and frees. NULL is fine. */
void writer_free(struct writer *writer);

#endif
