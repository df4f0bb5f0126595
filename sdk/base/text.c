/* Text made safe or quoted for where it goes. */
#include "base/text.h"

#include <ctype.h>
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
        size_t length = utf8_character((const unsigned char *)text + at, size - at);
        if (length == 0)
            break;
        at += length;
    }
    return at;
}

/* C1 controls are U+0080 to U+009F, the bytes C2 80 to C2 9F; terminals act on some of them. */
static bool is_c1(const unsigned char *text, size_t length)
{
    return length == 2 && text[0] == 0xc2 && text[1] < 0xa0;
}

void text_append_safe(struct buf *out, const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t at = 0;

    while (at < size) {
        size_t length = utf8_character(bytes + at, size - at);
        if (length == 0 || is_c1(bytes + at, length)) {
            length = length ? length : 1;
            for (size_t i = 0; i < length; i++)
                buf_printf(out, "\\x%02x", bytes[at + i]);
        } else if (bytes[at] == '\n') {
            buf_append_string(out, "\\n");
        } else if (bytes[at] == '\t') {
            buf_append_string(out, "\\t");
        } else if (bytes[at] == '\r') {
            buf_append_string(out, "\\r");
        } else if (bytes[at] < 0x20 || bytes[at] == 0x7f) {
            buf_printf(out, "\\x%02x", bytes[at]);
        } else {
            buf_append(out, bytes + at, length);
        }
        at += length;
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
