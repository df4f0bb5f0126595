/* Output that is itself a tap's or a source's: lines of Singer's or Airbyte's messages. One
 * stream's records are the rows; its states become the stream's state. */
#ifndef SYNC_TAP_H
#define SYNC_TAP_H

#include "base/buf.h"
#include "json/pointer.h"
#include "towline/stream.h"

struct tl_sync;

struct tap {
    enum tl_format format;
    struct json_pointer type;   /* where a message says what it is */
    struct json_pointer stream; /* where a record says whose it is */
    struct buf line;            /* one that is not complete yet */
    struct buf others;          /* the names of other streams, for a message */
    uint64_t n_lines;
    bool seen;       /* anything of the stream */
    bool incomplete; /* the source gave it up */
};

/* Whether the stream's output is one of these. */
bool tap_speaks(enum tl_format format);

/* Where its records have their rows: for the reader, to which the records' lines are fed. */
const char *tap_rows(enum tl_format format);

TL_NODISCARD enum tl_status tap_init(struct tap *tap, const struct tl_stream *stream,
                                     struct tl_error *err);
void tap_reset(struct tap *tap);

/* Takes the next bytes of the output, cut anywhere. */
TL_NODISCARD enum tl_status tap_feed(struct tl_sync *sync, const char *bytes, size_t size,
                                     struct tl_error *err);

/* The output is complete: fails if it gave the stream up. */
TL_NODISCARD enum tl_status tap_finish(struct tl_sync *sync, struct tl_error *err);

#endif
