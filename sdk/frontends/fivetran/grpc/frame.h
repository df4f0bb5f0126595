/* gRPC over HTTP/2, as far as it is bytes and texts: framing, compression, status, timeout.
 *
 * The body of a request or an answer is a row of frames: one byte that says whether the message
 * is compressed, four of its length, highest first, and the message. */
#ifndef GRPC_FRAME_H
#define GRPC_FRAME_H

#include <stdint.h>

#include "base/buf.h"

/* A message may have this many bytes, either way; so the platform says. */
enum { FRAME_MAX_BYTES = 128 << 20, FRAME_HEAD_BYTES = 5 };

enum grpc_code {
    GRPC_OK = 0,
    GRPC_CANCELLED = 1,
    GRPC_UNKNOWN = 2,
    GRPC_INVALID_ARGUMENT = 3,
    GRPC_DEADLINE_EXCEEDED = 4,
    GRPC_RESOURCE_EXHAUSTED = 8,
    GRPC_FAILED_PRECONDITION = 9,
    GRPC_UNIMPLEMENTED = 12,
    GRPC_INTERNAL = 13,
    GRPC_UNAVAILABLE = 14,
    GRPC_UNAUTHENTICATED = 16
};

/* How a call ended; the message is static text or lent. */
struct grpc_status {
    enum grpc_code code;
    const char *message; /* NULL: none */
};

/* The value of the header grpc-encoding. */
enum frame_encoding { FRAME_IDENTITY, FRAME_GZIP, FRAME_DEFLATE, FRAME_UNKNOWN };
enum frame_encoding frame_encoding_of(const char *name, size_t size);
#define FRAME_ENCODINGS "identity,deflate,gzip"

/* Whether the frame that begins the body says that it is larger than allowed; the rest of it
 * need not be waited for. */
bool frame_is_oversized(const struct buf *body);

/* Takes the one message out of the body of a request. */
struct grpc_status frame_unpack(const struct buf *body, enum frame_encoding encoding,
                                struct buf *message);

/* Begins a frame in an empty buffer, to be followed by the message; frame_end then fills in its
 * length. False if the buffer failed or the message is larger than allowed. */
void frame_begin(struct buf *frame);
bool frame_end(struct buf *frame);

/* Appends text as grpc-message wants it: percent-encoded outside of printable ASCII. */
void frame_append_message(struct buf *out, const char *text);

/* The milliseconds of a header grpc-timeout ("5S", "100m"), at least 1; -1 if it is none. */
int64_t frame_timeout_ms(const char *text, size_t size);

#endif
