/* The inside of struct tl_sync: one attempt at one stream, as the source's thread sees it. */
#ifndef SYNC_SYNC_H
#define SYNC_SYNC_H

#include "base/buf.h"
#include "rows/builder.h"
#include "sync/cursor.h"
#include "sync/input.h"
#include "sync/queue.h"
#include "sync/run.h"
#include "sync/stream_run.h"
#include "sync/tap.h"
#include "towline/sync.h"

/* A declared column in the rows under construction. */
struct declared_column {
    const struct tl_column *column;
    uint32_t index; /* COLUMNS_NONE until a row has named it */
};

/* What tl_sync_keep_last asks for. */
struct last_value {
    const char *column; /* borrowed; NULL: nothing was asked for */
    uint32_t index;
    bool known;
    struct buf text;
};

struct tl_sync {
    struct builder_sink sink;
    struct stream_run *stream;
    struct queue *queue;
    int stop_fd;

    struct tl_sync *root;    /* of one of a stream's tables: the stream's; else NULL */
    struct tl_sync **tables; /* those opened so far */
    size_t n_tables;
    size_t n_holding; /* of them, how many may hold rows */

    struct builder builder;
    enum operation_kind kind; /* what the rows under construction are for */
    struct declared_column *declared;
    struct buf scratch; /* of coercion */
    struct cursor cursor;
    uint32_t cursor_index;
    bool overlap_fits; /* seen to fit the cursor's kind of values */
    struct last_value last;

    char *state;           /* what the attempt started from */
    struct buf value;      /* of tl_sync_state_value */
    struct buf warnings;   /* of tl_warn, a line each; what does not fit is only logged */
    char where[256];       /* of tl_sync_from; "" if not told */
    enum tl_format format; /* told by the source, for a stream that leaves it open */
    struct input input;    /* not open until something is fed */
    struct tap tap;        /* for the formats that are a tap's */
    bool fed;
    uint64_t uncommitted_rows;

    struct operation *rollback;   /* made beforehand: giving up must not fail */
    struct tl_error broken;       /* rows were lost: the attempt can only fail */
    struct stream_report *report; /* counts of this stream, kept over attempts */
    struct run_observer *observer;
    int64_t next_progress_ms;
    int64_t next_look_ms; /* at stop_fd */
    size_t max_sample;    /* rows to keep for a dry run */
    uint64_t enough_rows;
    bool enough; /* that many have come: the failure that ended the output is none */
};

/* Sets up an attempt; options and reports are borrowed. */
struct sync_options {
    struct stream_run *stream;
    struct queue *queue;
    int stop_fd;
    const char *state; /* copied */
    struct stream_report *report;
    struct run_observer *observer;
    size_t max_sample;
    uint64_t enough_rows; /* 0: any number */
};

TL_NODISCARD enum tl_status sync_init(struct tl_sync *sync, const struct sync_options *options,
                                      struct tl_error *err);
void sync_reset(struct tl_sync *sync);

/* What the runtime does around the connector's update: sweep marks before, and afterwards the
 * end of the output, the sweep and the last checkpoint. */
TL_NODISCARD enum tl_status sync_begin(struct tl_sync *sync, struct tl_error *err);
TL_NODISCARD enum tl_status sync_finish(struct tl_sync *sync, struct tl_error *err);

/* The same for an output that was ended after enough rows: what has come is committed. */
TL_NODISCARD enum tl_status sync_finish_early(struct tl_sync *sync, struct tl_error *err);

/* Undoes what is not committed. `last`: the stream will not be tried again; the error goes to
 * the run log. Waits for the writer. */
void sync_abandon(struct tl_sync *sync, bool last, const struct tl_error *err);

/* key.c's part of a key that the output itself names, before its first row; takes the names,
 * NULL-terminated. TL_DATA if it is another than before. */
TL_NODISCARD enum tl_status sync_take_key(struct tl_sync *sync, char **names,
                                          struct tl_error *err);

/* Marks where a load of the whole table begins, and deletes what was not in it. */
TL_NODISCARD enum tl_status sync_sweep_begin(struct tl_sync *sync, struct tl_error *err);
TL_NODISCARD enum tl_status sync_sweep(struct tl_sync *sync, struct tl_error *err);

/* Blocks of an ordered output end where its checkpoints are: bounds the one that begins. */
void sync_bound_block(struct tl_sync *sync);

/* feed.c: makes the reader, unless there is one. */
TL_NODISCARD enum tl_status sync_open_feed(struct tl_sync *sync, struct tl_error *err);

/* feed.c: the end of what tl_feed was given. */
TL_NODISCARD enum tl_status sync_finish_feed(struct tl_sync *sync, struct tl_error *err);

/* Whether there was output, but not even an empty document in it. */
bool sync_fed_nothing(const struct tl_sync *sync);

/* sample.c: keeps a row as JSON text in the report. */
TL_NODISCARD enum tl_status sync_sample(struct tl_sync *sync, const struct tl_value *cells,
                                        struct tl_error *err);

/* Rows of another kind of operation begin: those before go first, in order. */
TL_NODISCARD enum tl_status sync_turn(struct tl_sync *sync, enum operation_kind kind,
                                      struct tl_error *err);

/* Looks at the request to stop now and then: what a slow source does not, its operations do.
 * TL_INTERRUPTED, and then the attempt can only fail. */
TL_NODISCARD enum tl_status sync_heed_stop(struct tl_sync *sync, struct tl_error *err);

/* Hands the rows under construction to the queue, not those of the stream's tables. */
TL_NODISCARD enum tl_status sync_flush(struct tl_sync *sync, struct tl_error *err);

/* Queues a checkpoint with the state (NULL: the cursor's). */
TL_NODISCARD enum tl_status sync_checkpoint(struct tl_sync *sync, const char *state, bool last,
                                            struct tl_error *err);

/* accept.c: builder_sink.row. */
TL_NODISCARD enum tl_status sync_take_row(struct builder_sink *sink, struct tl_value *cells,
                                          uint64_t row_number, struct tl_error *err);

/* accept.c: builder_sink.verbatim. */
bool sync_wants_verbatim(struct builder_sink *sink, const char *name, size_t size);

/* accept.c: puts the value into the cell, its text copied to where it lives as long as the
 * block. */
TL_NODISCARD enum tl_status sync_keep_value(struct tl_sync *sync, const struct tl_value *value,
                                            struct tl_value *cell, struct tl_error *err);

#endif
