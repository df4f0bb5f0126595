/* SSH's binary forms: numbers and counted texts. */
#include "ssh/wire.h"

#include <string.h>

struct wire_text wire_read_bytes(struct wire *wire, size_t size)
{
    struct wire_text text = {wire->at, size};

    if (wire->broken || size > wire->left) {
        wire->broken = true;
        return (struct wire_text){0};
    }
    wire->at += size;
    wire->left -= size;
    return text;
}

static uint64_t read_big_endian(struct wire *wire, size_t size)
{
    struct wire_text text = wire_read_bytes(wire, size);
    uint64_t number = 0;

    for (size_t i = 0; i < text.size; i++)
        number = number << 8 | text.data[i];
    return number;
}

uint8_t wire_read_byte(struct wire *wire)
{
    return (uint8_t)read_big_endian(wire, 1);
}

uint32_t wire_read_number(struct wire *wire)
{
    return (uint32_t)read_big_endian(wire, 4);
}

uint64_t wire_read_long(struct wire *wire)
{
    return read_big_endian(wire, 8);
}

struct wire_text wire_read_text(struct wire *wire)
{
    return wire_read_bytes(wire, wire_read_number(wire));
}

struct wire wire_of(struct wire_text text)
{
    return (struct wire){text.data, text.size, false};
}

bool wire_is(struct wire_text text, const char *word)
{
    return text.size == strlen(word) && memcmp(text.data, word, text.size) == 0;
}

void wire_append_number(struct buf *out, uint32_t number)
{
    const unsigned char bytes[] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                   (unsigned char)(number >> 8), (unsigned char)number};
    buf_append(out, bytes, sizeof(bytes));
}

void wire_append_text(struct buf *out, const void *data, size_t size)
{
    wire_append_number(out, (uint32_t)size);
    buf_append(out, data, size);
}

void wire_append_word(struct buf *out, const char *word)
{
    wire_append_text(out, word, strlen(word));
}

void wire_append_unsigned(struct buf *out, const unsigned char *bytes, size_t size)
{
    bool sign;

    for (; size > 0 && *bytes == 0; bytes++)
        size--;
    sign =
        size > 0 && (*bytes & 0x80) != 0; /* would read as negative without a zero before it */
    wire_append_number(out, (uint32_t)(size + sign));
    if (sign)
        buf_append_char(out, '\0');
    buf_append(out, bytes, size);
}
