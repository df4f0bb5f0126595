/* The tables of a stream that fills several: named by its output as it comes. */
#ifndef SYNC_TABLES_H
#define SYNC_TABLES_H

#include "sync/run.h"
#include "sync/stream_run.h"

struct tl_sync;

/* The most that one stream may fill. */
enum { TABLES_MAX = 1000 };

/* Opens another table of the attempt's stream, whose name has `part` for the star: *out takes
 * its rows, is lent as long as the attempt, and is committed with its stream. TL_DATA if there
 * can be no such table. */
TL_NODISCARD enum tl_status tables_open(struct tl_sync *sync, const char *part,
                                        struct tl_sync **out, struct tl_error *err);

/* Rows of this table are about to come: how many tables hold rows at once is bounded. */
TL_NODISCARD enum tl_status tables_enter(struct tl_sync *table, struct tl_error *err);

/* Hands over the rows of all tables. */
TL_NODISCARD enum tl_status tables_flush(struct tl_sync *sync, struct tl_error *err);

/* What each has counted, in the order of stream_run.tables; NULL in *out if there are none. */
TL_NODISCARD enum tl_status tables_progress(const struct tl_sync *sync, struct progress **out,
                                            struct tl_error *err);

/* The end of the attempt. */
void tables_close(struct tl_sync *sync);

/* A failed attempt counts for nothing but what it has committed. */
void tables_count_back(struct stream_run *stream);

/* The end of the run: what became of the tables goes into the stream's report. */
void tables_settle(struct stream_run *stream, struct stream_report *report);

void tables_free(struct stream_run *stream);

#endif
