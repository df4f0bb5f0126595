/* Text from outside as UTF-8. */
#include "base/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* Looks for a byte order mark and gets ready for what it announces; gives its size, 0 if there
 * is none. */
static enum tl_status look_for_mark(struct decode *decode, size_t *mark, struct tl_error *err)
{
    const char *encoding = NULL;

    *mark = 0;
    if (decode->head_size >= 3 && memcmp(decode->head, "\xef\xbb\xbf", 3) == 0)
        *mark = 3;
    else if (decode->head_size >= 2 && memcmp(decode->head, "\xff\xfe", 2) == 0)
        encoding = "UTF-16LE";
    else if (decode->head_size >= 2 && memcmp(decode->head, "\xfe\xff", 2) == 0)
        encoding = "UTF-16BE";
    if (encoding == NULL)
        return TL_OK;
    *mark = 2;
    decode->taken = 2;
    decode->converter = iconv_open("UTF-8", encoding);
    decode->active = (intptr_t)decode->converter != -1;
    if (!decode->active)
        return tl_fail(err, TL_INTERNAL,
                       "the output is %s, which this system cannot convert: %s", encoding,
                       strerror(errno));
    return TL_OK;
}

/* Converts with iconv; a character cut off at the end is no failure. */
static enum tl_status convert(struct decode *decode, char **from, size_t *from_size, char **to,
                              size_t *to_size, struct tl_error *err)
{
    size_t before = *from_size;
    size_t result = iconv(decode->converter, from, from_size, to, to_size);

    decode->taken += before - *from_size;
    if (result != (size_t)-1 || errno == E2BIG || errno == EINVAL)
        return TL_OK;
    tl_fail(err, TL_DATA, "the output is not UTF-16, as it began, at byte %" PRIu64,
            decode->taken);
    return tl_remedy(err, "Let the command print UTF-8");
}

/* Completes the character whose first bytes came before. */
static enum tl_status convert_left(struct decode *decode, const char **bytes, size_t *size,
                                   char **to, size_t *to_size, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    while (status == TL_OK && decode->n_left > 0 && *size > 0) {
        char *from = decode->left;
        decode->left[decode->n_left++] = *(*bytes)++;
        (*size)--;
        status = convert(decode, &from, &decode->n_left, to, to_size, err);
    }
    return status;
}

/* Converts as much as fits of *bytes, which it moves on, into out, and sets *written. */
static enum tl_status convert_some(struct decode *decode, const char **bytes, size_t *size,
                                   char *out, size_t out_size, size_t *written,
                                   struct tl_error *err)
{
    char *to = out, *from;
    enum tl_status status = convert_left(decode, bytes, size, &to, &out_size, err);

    from = (char *)*bytes;
    if (status == TL_OK && *size > 0)
        status = convert(decode, &from, size, &to, &out_size, err);
    *bytes = from;
    if (status == TL_OK && *size > 0 && *size < sizeof(decode->left) && out_size >= 4) {
        memcpy(decode->left, *bytes, *size);
        decode->n_left = *size;
        *bytes += *size;
        *size = 0;
    }
    *written = (size_t)(to - out);
    return status;
}

static enum tl_status hand_over(struct decode *decode, struct decode_sink *sink,
                                const char *text, size_t size, struct tl_error *err)
{
    uint64_t offset = decode->offset;

    decode->offset += size;
    return sink->take(sink, text, size, offset, err);
}

/* Takes bytes behind the mark, in the encoding that it announced. */
static enum tl_status take(struct decode *decode, struct decode_sink *sink, const char *bytes,
                           size_t size, struct tl_error *err)
{
    char text[8192];
    enum tl_status status = TL_OK;

    if (!decode->active)
        return hand_over(decode, sink, bytes, size, err);
    while (status == TL_OK && size > 0) {
        size_t written;
        status = convert_some(decode, &bytes, &size, text, sizeof(text), &written, err);
        if (status == TL_OK)
            status = hand_over(decode, sink, text, written, err);
    }
    return status;
}

enum tl_status decode_flush(struct decode *decode, struct decode_sink *sink,
                            struct tl_error *err)
{
    size_t mark;

    if (decode->started)
        return TL_OK;
    decode->started = true;
    if (look_for_mark(decode, &mark, err) != TL_OK)
        return err->status;
    if (!decode->active)
        decode->offset += mark;
    return take(decode, sink, decode->head + mark, decode->head_size - mark, err);
}

/* A first row need not wait for others, which may be long in coming; what is none is shown. */
static bool has_row(const struct decode *decode)
{
    return decode->head_size >= 3 && (decode->head[0] == '{' || decode->head[0] == '[') &&
           memchr(decode->head, '\n', decode->head_size) != NULL;
}

enum tl_status decode_feed(struct decode *decode, struct decode_sink *sink, const char *bytes,
                           size_t size, struct tl_error *err)
{
    size_t room = sizeof(decode->head) - decode->head_size, part = size < room ? size : room;

    if (!decode->started) {
        if (part > 0)
            memcpy(decode->head + decode->head_size, bytes, part);
        decode->head_size += part;
        bytes += part;
        size -= part;
        if (decode->head_size < sizeof(decode->head) && !has_row(decode))
            return TL_OK;
        if (decode_flush(decode, sink, err) != TL_OK)
            return err->status;
    }
    return size == 0 ? TL_OK : take(decode, sink, bytes, size, err);
}

enum tl_status decode_check_end(const struct decode *decode, struct tl_error *err)
{
    if (decode->n_left == 0)
        return TL_OK;
    return tl_fail(err, TL_DATA, "the output ends within a UTF-16 character at byte %" PRIu64,
                   decode->taken);
}

void decode_reset(struct decode *decode)
{
    if (decode->active)
        iconv_close(decode->converter);
    *decode = (struct decode){0};
}
