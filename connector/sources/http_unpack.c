/* Compressed bodies. */
#include "sources/http_unpack.h"

#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST /* what is read is not changed */
#include <zlib.h>

enum {
    PIECE_BYTES = 64 * 1024,
    ANY_WRAPPING = MAX_WBITS + 32 /* zlib finds out by itself whether it is gzip's */
};

struct http_unpack {
    z_stream stream;
    bool begun, ended;
    unsigned char piece[PIECE_BYTES];
};

struct http_unpack *http_unpack_new(void)
{
    struct http_unpack *unpack = calloc(1, sizeof(*unpack));

    if (unpack != NULL && inflateInit2(&unpack->stream, ANY_WRAPPING) == Z_OK)
        return unpack;
    free(unpack);
    return NULL;
}

void http_unpack_free(struct http_unpack *unpack)
{
    if (unpack == NULL)
        return;
    (void)inflateEnd(&unpack->stream);
    free(unpack);
}

void http_unpack_reset(struct http_unpack *unpack)
{
    (void)inflateReset(&unpack->stream); /* which only a stream that is none can refuse */
    unpack->begun = unpack->ended = false;
}

/* One turn of zlib. Behind the end of one packed part another may begin. */
static enum tl_status turn(struct http_unpack *unpack, struct tl_error *err)
{
    z_stream *stream = &unpack->stream;
    int code;

    if (unpack->ended && stream->avail_in > 0)
        http_unpack_reset(unpack);
    unpack->begun = unpack->begun || stream->avail_in > 0;
    code = unpack->ended ? Z_OK : inflate(stream, Z_NO_FLUSH);
    unpack->ended = unpack->ended || code == Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
        return TL_OK;
    if (code == Z_MEM_ERROR)
        return tl_fail(err, TL_MEMORY, "out of memory to unpack the answer");
    (void)tl_fail(err, TL_DATA, "the answer cannot be unpacked: %s",
                  stream->msg != NULL ? stream->msg : "it is no gzip");
    return tl_remedy(err,
                     "Look at the header Content-Encoding: gzip and deflate are understood");
}

enum tl_status http_unpack_some(struct http_unpack *unpack, const char **data, size_t *size,
                                const char **piece, size_t *piece_size, struct tl_error *err)
{
    z_stream *stream = &unpack->stream;
    enum tl_status status;

    stream->next_out = unpack->piece;
    stream->avail_out = PIECE_BYTES;
    do {
        uInt given = *size < UINT_MAX ? (uInt)*size : UINT_MAX;
        stream->next_in = (const Bytef *)*data;
        stream->avail_in = given;
        status = turn(unpack, err);
        *data += given - stream->avail_in;
        *size -= given - stream->avail_in;
    } while (status == TL_OK && *size > 0 && stream->avail_out > 0);
    *piece = (const char *)unpack->piece;
    *piece_size = PIECE_BYTES - stream->avail_out;
    return status;
}

bool http_unpack_is_whole(const struct http_unpack *unpack)
{
    return unpack->ended || !unpack->begun;
}
