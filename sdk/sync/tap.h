/* Output that is itself a tap's or a source's: lines of Singer's or Airbyte's messages.
 *
 * A stream takes the records of one of the tap's streams, or of all of them, each into a table
 * of its own. Its states become the stream's state, in the transaction of the rows before them;
 * what it says of keys and types becomes the tables'.
 *
 * Which rows a table holds no more, a Singer tap says by versions: ACTIVATE_VERSION ends a load
 * of the whole table. The version of each table's rows is kept beside the tap's state, since
 * one that goes on from an earlier run has rows that this run does not see. */
#ifndef SYNC_TAP_H
#define SYNC_TAP_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "json/pointer.h"
#include "towline/stream.h"

struct tl_sync;

/* One of the tap's streams that the stream takes. */
struct tap_stream {
    char *name;           /* as the tap calls it */
    char *space;          /* Airbyte's namespace; "" if none */
    struct tl_sync *sync; /* where its rows go */
    char *schema;         /* as told last, to know one that is told again; NULL: none yet */
    bool loading;         /* a load of the whole table is being followed */
    bool loaded;          /* and has ended */
    bool plain;           /* rows without a version have come */
    bool whole;           /* a source can only be read in full: each of its outputs is a load */
    bool complete;        /* the source says that this one is */
};

/* A state as the tap sent it, and of which stream it is: "" for all of them. */
struct tap_state {
    char *of;
    char *json;
};

struct tap {
    enum tl_format format;
    bool all;                    /* of the tap's streams are wanted */
    struct json_pointer type;    /* where a message says what it is */
    struct json_pointer stream;  /* where a record says whose it is */
    struct json_pointer space;   /* and in which namespace */
    struct json_pointer deleted; /* where it says that the row is gone */
    struct json_pointer version; /* where it says which load it belongs to */
    struct buf line;             /* one that is not complete yet */
    uint64_t offset;             /* in the output, of the line's first byte */
    uint64_t n_lines;
    struct buf others; /* the names of other streams, for a message */
    bool seen;         /* anything of the stream */

    struct tap_stream **streams;
    size_t n_streams;
    size_t last;                         /* of them, whose record came last */
    const struct tap_stream *incomplete; /* of them, the one that the source gave up */
    cJSON *catalog;                      /* a source's, if it has told it */

    struct tap_state *states;
    size_t n_states;
    bool resumed;    /* there was a state to start from */
    cJSON *tables;   /* the names of those filled, in this run or before */
    cJSON *versions; /* the version of each stream's rows, as text */
    cJSON *started;  /* what they were at first */
    bool changed;    /* since they became the stream's state */
};

/* Whether the stream's output is one of these. */
bool tap_speaks(enum tl_format format);

/* Where its records have their rows: for the reader, to which the records' lines are fed. */
const char *tap_rows(enum tl_format format);

/* Sets up sync->tap for an attempt that starts from sync->state. */
TL_NODISCARD enum tl_status tap_init(struct tl_sync *sync, struct tl_error *err);
void tap_reset(struct tap *tap);

/* Takes the next bytes of the output, cut anywhere. */
TL_NODISCARD enum tl_status tap_feed(struct tl_sync *sync, const char *bytes, size_t size,
                                     struct tl_error *err);

/* The output is complete: fails if it gave a stream up. */
TL_NODISCARD enum tl_status tap_finish(struct tl_sync *sync, struct tl_error *err);

/* Between the parts. */

/* What a message has at the pointer, as text; NULL if nothing, or memory ran out. */
char *tap_member(const char *line, size_t size, const char *pointer);

/* tap_streams.c: the stream of that name if it is wanted; NULL, with no error, if not. */
TL_NODISCARD enum tl_status tap_stream_find(struct tl_sync *sync, const char *name,
                                            const char *space, struct tap_stream **out,
                                            struct tl_error *err);
TL_NODISCARD enum tl_status tap_take_record(struct tl_sync *sync, const char *line, size_t size,
                                            struct tl_error *err);
TL_NODISCARD enum tl_status tap_take_activation(struct tl_sync *sync, const char *line,
                                                size_t size, struct tl_error *err);
TL_NODISCARD enum tl_status tap_finish_streams(struct tl_sync *sync, struct tl_error *err);
void tap_streams_reset(struct tap *tap);

/* tap_schema.c: the key and the types that a tap tells of a stream, or a source of all. */
TL_NODISCARD enum tl_status tap_take_schema(struct tl_sync *sync, const char *line, size_t size,
                                            struct tl_error *err);
TL_NODISCARD enum tl_status tap_take_catalog(struct tl_sync *sync, const char *line,
                                             size_t size, struct tl_error *err);
TL_NODISCARD enum tl_status tap_apply_catalog(struct tl_sync *sync, struct tap_stream *stream,
                                              struct tl_error *err);

/* tap_state.c */
TL_NODISCARD enum tl_status tap_load_state(struct tl_sync *sync, struct tl_error *err);
TL_NODISCARD enum tl_status tap_take_state(struct tl_sync *sync, const char *line, size_t size,
                                           struct tl_error *err);
/* The state names a table, so that it is known whose it is. */
TL_NODISCARD enum tl_status tap_note_table(struct tap *tap, const char *table,
                                           struct tl_error *err);
/* What was sent becomes the stream's state. */
TL_NODISCARD enum tl_status tap_settle_state(struct tl_sync *sync, struct tl_error *err);
void tap_state_reset(struct tap *tap);

#endif
