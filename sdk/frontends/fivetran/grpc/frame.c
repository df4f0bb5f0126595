/* gRPC over HTTP/2, as far as it is bytes and texts: framing, compression, status, timeout. */
#include "frontends/fivetran/grpc/frame.h"

#include <string.h>
#include <zlib.h>

enum frame_encoding frame_encoding_of(const char *name, size_t size)
{
    static const char *const names[] = {
        [FRAME_IDENTITY] = "identity", [FRAME_GZIP] = "gzip", [FRAME_DEFLATE] = "deflate"};
    int i = 0;

    while (i < FRAME_UNKNOWN && (strlen(names[i]) != size || memcmp(names[i], name, size) != 0))
        i++;
    return (enum frame_encoding)i;
}

static uint32_t frame_length(const struct buf *body)
{
    const unsigned char *head = (const unsigned char *)body->data;
    return (uint32_t)head[1] << 24 | (uint32_t)head[2] << 16 | (uint32_t)head[3] << 8 | head[4];
}

bool frame_is_oversized(const struct buf *body)
{
    return body->size >= FRAME_HEAD_BYTES && frame_length(body) > FRAME_MAX_BYTES;
}

/* Output may be far larger than input: it grows piece by piece, up to the limit. */
static struct grpc_status frame_inflate(z_stream *stream, struct buf *message)
{
    enum { PIECE_BYTES = 64 * 1024 };
    int result = Z_OK;

    while (result == Z_OK) {
        size_t room = FRAME_MAX_BYTES - message->size;
        char *piece;
        room = room < PIECE_BYTES ? room : PIECE_BYTES;
        piece = room > 0 ? buf_reserve(message, room) : NULL;
        if (piece == NULL)
            return (struct grpc_status){GRPC_RESOURCE_EXHAUSTED,
                                        "the decompressed message is larger than 128 MiB"};
        stream->next_out = (Bytef *)piece;
        stream->avail_out = (uInt)room;
        result = inflate(stream, Z_NO_FLUSH);
        buf_commit(message, room - stream->avail_out);
    }
    if (result != Z_STREAM_END || stream->avail_in > 0)
        return (struct grpc_status){GRPC_INTERNAL, "the compressed message is broken"};
    return (struct grpc_status){.code = GRPC_OK};
}

static struct grpc_status frame_decompress(const struct buf *body, enum frame_encoding encoding,
                                           struct buf *message)
{
    enum { GZIP_FORMAT = 16 + MAX_WBITS };
    z_stream stream = {.next_in = (Bytef *)body->data + FRAME_HEAD_BYTES,
                       .avail_in = (uInt)(body->size - FRAME_HEAD_BYTES)};
    struct grpc_status status;

    if (encoding == FRAME_UNKNOWN)
        return (struct grpc_status){GRPC_UNIMPLEMENTED,
                                    "the message's compression is not known here"};
    if (encoding == FRAME_IDENTITY)
        return (struct grpc_status){GRPC_INTERNAL,
                                    "a compressed message without grpc-encoding"};
    if (inflateInit2(&stream, encoding == FRAME_GZIP ? GZIP_FORMAT : MAX_WBITS) != Z_OK)
        return (struct grpc_status){GRPC_RESOURCE_EXHAUSTED, "out of memory"};
    status = frame_inflate(&stream, message);
    (void)inflateEnd(&stream);
    return status;
}

struct grpc_status frame_unpack(const struct buf *body, enum frame_encoding encoding,
                                struct buf *message)
{
    if (body->failed)
        return (struct grpc_status){GRPC_RESOURCE_EXHAUSTED, "out of memory for the request"};
    if (body->size == 0)
        return (struct grpc_status){GRPC_UNIMPLEMENTED, "the request has no message"};
    if (frame_is_oversized(body))
        return (struct grpc_status){GRPC_RESOURCE_EXHAUSTED,
                                    "the message is larger than 128 MiB"};
    if (body->size < FRAME_HEAD_BYTES ||
        body->size - FRAME_HEAD_BYTES < (size_t)frame_length(body))
        return (struct grpc_status){GRPC_INTERNAL, "the message is cut short"};
    if (body->size - FRAME_HEAD_BYTES > (size_t)frame_length(body))
        return (struct grpc_status){GRPC_UNIMPLEMENTED,
                                    "the request has more than one message"};
    if (body->data[0] == 1)
        return frame_decompress(body, encoding, message);
    if (body->data[0] != 0)
        return (struct grpc_status){GRPC_INTERNAL,
                                    "the message's first byte is neither 0 nor 1"};
    buf_append(message, body->data + FRAME_HEAD_BYTES, body->size - FRAME_HEAD_BYTES);
    if (message->failed)
        return (struct grpc_status){GRPC_RESOURCE_EXHAUSTED, "out of memory for the request"};
    return (struct grpc_status){.code = GRPC_OK};
}

void frame_begin(struct buf *frame)
{
    static const char head[FRAME_HEAD_BYTES];
    buf_append(frame, head, sizeof(head));
}

bool frame_end(struct buf *frame)
{
    size_t length = frame->size - FRAME_HEAD_BYTES;

    if (frame->failed || length > FRAME_MAX_BYTES)
        return false;
    for (int i = 0; i < 4; i++)
        frame->data[1 + i] = (char)(length >> (24 - 8 * i));
    return true;
}

void frame_append_message(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= ' ' && *text <= '~' && *text != '%')
            buf_append_char(out, *text);
        else
            buf_printf(out, "%%%02X", (unsigned char)*text);
    }
}

int64_t frame_timeout_ms(const char *text, size_t size)
{
    static const struct {
        char unit;
        int64_t multiply, divide;
    } units[] = {{'H', 3600000, 1}, {'M', 60000, 1}, {'S', 1000, 1},
                 {'m', 1, 1},       {'u', 1, 1000},  {'n', 1, 1000000}};
    int64_t number = 0, timeout_ms;

    if (size < 2 || size > 9) /* at most eight digits */
        return -1;
    for (size_t i = 0; i + 1 < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = 10 * number + (text[i] - '0');
    }
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (text[size - 1] == units[i].unit) {
            timeout_ms = number * units[i].multiply / units[i].divide;
            return timeout_ms > 0 ? timeout_ms : 1;
        }
    return -1;
}
