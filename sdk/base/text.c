/* Text made safe or quoted for where it goes. */
#include "base/text.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

void text_wipe(void *memory, size_t size)
{
    explicit_bzero(memory, size);
}

char *text_copy(const char *text, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy != NULL) {
        if (size > 0)
            memcpy(copy, text, size);
        copy[size] = '\0';
    }
    return copy;
}

bool text_equal_ignoring_case(const char *left, const char *right)
{
    while (*left != '\0' && tolower((unsigned char)*left) == tolower((unsigned char)*right)) {
        left++;
        right++;
    }
    return tolower((unsigned char)*left) == tolower((unsigned char)*right);
}

/* The length of the UTF-8 character at text, or 0 if it is not one: RFC 3629 section 4. */
static size_t utf8_character(const unsigned char *text, size_t size)
{
    unsigned char low = 0x80, high = 0xbf;
    size_t length;

    if (text[0] < 0x80)
        return 1;
    if (text[0] >= 0xc2 && text[0] <= 0xdf)
        length = 2;
    else if ((text[0] & 0xf0) == 0xe0)
        length = 3;
    else if (text[0] >= 0xf0 && text[0] <= 0xf4)
        length = 4;
    else
        return 0;
    if (text[0] == 0xe0)
        low = 0xa0; /* shorter forms are overlong */
    else if (text[0] == 0xed)
        high = 0x9f; /* surrogates */
    else if (text[0] == 0xf0)
        low = 0x90;
    else if (text[0] == 0xf4)
        high = 0x8f; /* beyond U+10FFFF */
    if (size < length || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    return length;
}

size_t text_valid_utf8(const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        uint64_t eight;
        size_t length;
        if (size - at >= sizeof(eight)) { /* most text is ASCII */
            memcpy(&eight, text + at, sizeof(eight));
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                at += sizeof(eight);
                continue;
            }
        }
        length = utf8_character((const unsigned char *)text + at, size - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

/* The code point of the UTF-8 character of that length. */
static uint32_t code_point(const unsigned char *text, size_t length)
{
    uint32_t point = length == 1 ? text[0] : text[0] & (0x7fU >> length);

    for (size_t i = 1; i < length; i++)
        point = point << 6 | (text[i] & 0x3fU);
    return point;
}

/* C0, DEL and C1: terminals act on most of them. */
static bool is_control(uint32_t point)
{
    return point < 0x20 || (point >= 0x7f && point < 0xa0);
}

/* Characters by which a line shows otherwise than it is: those that turn its direction (UAX
 * #9), those that end it (U+2028, U+2029), and the byte order mark, which does not show at all.
 */
static bool is_misleading(uint32_t point)
{
    return point == 0x61c || point == 0x200e || point == 0x200f ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
           point == 0xfeff;
}

static void append_bytes_escaped(struct buf *out, const unsigned char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        buf_printf(out, "\\x%02x", bytes[i]);
}

void text_append_safe(struct buf *out, const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;

    while (at < size) {
        size_t length = utf8_character(bytes + at, size - at);
        uint32_t point = length > 0 ? code_point(bytes + at, length) : 0;
        if (length == 0) {
            length = 1;
            append_bytes_escaped(out, bytes + at, length);
        } else if (bytes[at] == '\n') {
            buf_append_string(out, "\\n");
        } else if (bytes[at] == '\t') {
            buf_append_string(out, "\\t");
        } else if (bytes[at] == '\r') {
            buf_append_string(out, "\\r");
        } else if (is_control(point)) {
            append_bytes_escaped(out, bytes + at, length);
        } else if (is_misleading(point)) {
            buf_printf(out, "\\u%04x", point);
        } else {
            buf_append(out, bytes + at, length);
        }
        at += length;
    }
}

void text_append_safe_lines(struct buf *out, const char *text, size_t size)
{
    while (size > 0) {
        size_t span = 0;
        while (span < size && text[span] != '\n' && text[span] != '\t')
            span++;
        text_append_safe(out, text, span);
        if (span < size)
            buf_append_char(out, text[span++]);
        text += span;
        size -= span;
    }
}

const char *text_safe(char *out, size_t out_size, const char *text, size_t size)
{
    struct buf safe = BUF_INIT(4 * out_size + 64);
    size_t shown = size < out_size ? size : out_size;
    size_t fits = out_size > 4 ? out_size - 4 : 0;

    text_append_safe(&safe, text, shown);
    if (shown == size && safe.size < out_size) {
        memcpy(out, buf_text(&safe), safe.size + 1);
    } else if (safe.size >= fits) {
        fits = text_valid_utf8(buf_text(&safe), fits);
        memcpy(out, buf_text(&safe), fits);
        memcpy(out + fits, "...", 4);
    } else {
        out[0] = '\0';
    }
    buf_free(&safe);
    return out;
}

void text_append_identifier(struct buf *out, const char *name)
{
    buf_append_char(out, '"');
    for (; *name != '\0'; name++) {
        if (*name == '"')
            buf_append_char(out, '"');
        buf_append_char(out, *name);
    }
    buf_append_char(out, '"');
}

void text_append_json(struct buf *out, const char *text, size_t size)
{
    size_t done = 0;

    buf_append_char(out, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append(out, text + done, i - done);
        done = i + 1;
        if (c == '"' || c == '\\')
            buf_printf(out, "\\%c", c);
        else if (c == '\n')
            buf_append_string(out, "\\n");
        else if (c == '\t')
            buf_append_string(out, "\\t");
        else if (c == '\r')
            buf_append_string(out, "\\r");
        else
            buf_printf(out, "\\u%04x", c);
    }
    buf_append(out, text + done, size - done);
    buf_append_char(out, '"');
}

void text_compact_json(char *json)
{
    bool in_string = false;
    char *out = json;

    for (; *json != '\0'; json++) {
        if (!in_string && strchr(" \t\r\n", *json) != NULL)
            continue;
        if (*json == '"')
            in_string = !in_string;
        *out++ = *json;
        if (in_string && *json == '\\')
            *out++ = *++json; /* a quote here ends nothing */
    }
    *out = '\0';
}

void text_append_json_safe(struct buf *out, const char *json, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)json;
    size_t at = 0;

    while (at < size) {
        size_t length = utf8_character(bytes + at, size - at);
        uint32_t point = length > 0 ? code_point(bytes + at, length) : 0xfffd;
        bool blank = point == '\n' || point == '\t' || point == '\r';
        if (length == 0 || is_misleading(point) || (is_control(point) && !blank))
            buf_printf(out, "\\u%04x", point);
        else
            buf_append(out, bytes + at, length);
        at += length > 0 ? length : 1;
    }
}

void text_append_url_encoded(struct buf *out, const char *text, size_t size)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\0' && strchr(plain, text[i]) != NULL)
            buf_append_char(out, text[i]);
        else
            buf_printf(out, "%%%02X", (unsigned char)text[i]);
    }
}
