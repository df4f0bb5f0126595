/* Text out of JSON that was read before and found right. */
#include "json/copy.h"

#include <stdint.h>
#include <string.h>

#include "base/text.h"

/* Copies bytes, with U+FFFD for each that is not UTF-8 if there are any. */
static char *copy_bytes(char *out, const char *text, size_t size, bool invalid)
{
    if (!invalid) {
        memcpy(out, text, size);
        return out + size;
    }
    while (size > 0) {
        size_t valid = text_valid_utf8(text, size);
        memcpy(out, text, valid);
        out += valid;
        if (valid < size) {
            memcpy(out, "\xef\xbf\xbd", 3);
            out += 3;
            valid++;
        }
        text += valid;
        size -= valid;
    }
    return out;
}

static uint32_t hex(const char *at)
{
    uint32_t number = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)at[i];
        number = number << 4 | (c <= '9' ? c - (uint32_t)'0' : (c | 0x20U) - 'a' + 10);
    }
    return number;
}

static char *put_utf8(char *out, uint32_t character)
{
    if (character < 0x80) {
        *out++ = (char)character;
    } else if (character < 0x800) {
        *out++ = (char)(0xc0 | character >> 6);
        *out++ = (char)(0x80 | (character & 63));
    } else if (character < 0x10000) {
        *out++ = (char)(0xe0 | character >> 12);
        *out++ = (char)(0x80 | (character >> 6 & 63));
        *out++ = (char)(0x80 | (character & 63));
    } else {
        *out++ = (char)(0xf0 | character >> 18);
        *out++ = (char)(0x80 | (character >> 12 & 63));
        *out++ = (char)(0x80 | (character >> 6 & 63));
        *out++ = (char)(0x80 | (character & 63));
    }
    return out;
}

/* What a short escape stands for: the character itself, or one that has no name but this. */
static char short_escape(char kind)
{
    switch (kind) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return kind;
    }
}

/* Writes the character of the escape whose backslash is at *at, and passes it. */
static char *copy_escape(char *out, const char **at)
{
    char kind = (*at)[1];
    uint32_t character;

    if (kind != 'u') {
        *out++ = short_escape(kind);
        *at += 2;
        return out;
    }
    character = hex(*at + 2);
    *at += 6;
    if (character >= 0xd800 && character <= 0xdbff) {
        character = 0x10000 + ((character - 0xd800) << 10) + (hex(*at + 2) - 0xdc00);
        *at += 6;
    }
    return put_utf8(out, character);
}

size_t json_copy_string(const struct json_span *string, char *out)
{
    const char *at = string->text;
    const char *end = at + string->size;
    char *start = out;

    while (at < end) {
        const char *escape = string->escaped ? memchr(at, '\\', (size_t)(end - at)) : NULL;
        size_t size = (size_t)((escape != NULL ? escape : end) - at);
        out = copy_bytes(out, at, size, string->invalid > 0);
        at += size;
        if (at < end)
            out = copy_escape(out, &at);
    }
    return (size_t)(out - start);
}

/* The byte after the closing quote of the string that opens at `at`. */
static const char *string_end(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

size_t json_copy_compact(const struct json_span *value, char *out)
{
    const char *at = value->text;
    const char *end = at + value->size;
    char *start = out;

    if (value->blanks == 0)
        return (size_t)(copy_bytes(out, at, value->size, value->invalid > 0) - out);
    while (at < end) {
        const char *after = at;
        while (after < end && !json_is_blank(*after))
            after = *after == '"' ? string_end(after, end) : after + 1;
        out = copy_bytes(out, at, (size_t)(after - at), value->invalid > 0);
        while (after < end && json_is_blank(*after))
            after++;
        at = after;
    }
    return (size_t)(out - start);
}
