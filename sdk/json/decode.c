/* UTF-16 with a byte order mark into UTF-8. */
#include "json/decode.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum tl_status json_decode_start(struct json_decode *decode, const char *bytes, size_t size,
                                 size_t *mark, struct tl_error *err)
{
    const char *encoding = NULL;

    *mark = 0;
    if (size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
        *mark = 3;
    else if (size >= 2 && memcmp(bytes, "\xff\xfe", 2) == 0)
        encoding = "UTF-16LE";
    else if (size >= 2 && memcmp(bytes, "\xfe\xff", 2) == 0)
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
static enum tl_status convert(struct json_decode *decode, char **from, size_t *from_size,
                              char **to, size_t *to_size, struct tl_error *err)
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
static enum tl_status convert_left(struct json_decode *decode, const char **bytes, size_t *size,
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

enum tl_status json_decode_next(struct json_decode *decode, const char **bytes, size_t *size,
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

enum tl_status json_decode_finish(const struct json_decode *decode, struct tl_error *err)
{
    if (decode->n_left == 0)
        return TL_OK;
    return tl_fail(err, TL_DATA, "the output ends within a UTF-16 character at byte %" PRIu64,
                   decode->taken);
}

void json_decode_reset(struct json_decode *decode)
{
    if (decode->active)
        iconv_close(decode->converter);
    *decode = (struct json_decode){0};
}
