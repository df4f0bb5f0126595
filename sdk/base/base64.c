/* Base64 with padding. */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode(struct buf *out, const void *bytes, size_t size)
{
    const unsigned char *from = bytes;

    for (size_t i = 0; i < size; i += 3) {
        size_t left = size - i;
        uint32_t group = (uint32_t)from[i] << 16;
        char text[4];

        if (left > 1)
            group |= (uint32_t)from[i + 1] << 8;
        if (left > 2)
            group |= from[i + 2];
        for (unsigned k = 0; k < 4; k++)
            text[k] = k <= left ? alphabet[group >> (18 - 6 * k) & 63] : '=';
        buf_append(out, text, 4);
    }
}

/* The bytes of four characters, of which the last `padding` are '='. */
static bool decode_group(struct buf *out, const char text[4], unsigned padding)
{
    uint32_t group = 0;
    char bytes[3];

    for (unsigned k = 0; k < 4; k++) {
        const char *found = "";
        if (k < 4 - padding)
            found = memchr(alphabet, text[k], 64);
        if (found == NULL)
            return false;
        group = group << 6 | (k < 4 - padding ? (uint32_t)(found - alphabet) : 0);
    }
    for (unsigned k = 0; k < 3; k++)
        bytes[k] = (char)(group >> (16 - 8 * k) & 0xff);
    buf_append(out, bytes, 3 - padding);
    return (group & ((1U << 8 * padding) - 1)) == 0;
}

bool base64_decode(struct buf *out, const char *text, size_t size)
{
    if (size % 4 != 0)
        return false;
    for (size_t i = 0; i < size; i += 4) {
        unsigned padding = 0;
        if (i + 4 == size && text[i + 3] == '=')
            padding = text[i + 2] == '=' ? 2 : 1;
        if (!decode_group(out, text + i, padding))
            return false;
    }
    return true;
}

bool base64_decode_wrapped(struct buf *out, const char *text, size_t size)
{
    struct buf joined = BUF_INIT(size);
    bool good;

    for (size_t i = 0; i < size; i++)
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0')
            buf_append_char(&joined, text[i]);
    good = !joined.failed && base64_decode(out, buf_text(&joined), joined.size);
    buf_wipe(&joined); /* it may have been a key */
    return good;
}
