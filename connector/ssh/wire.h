/* SSH's binary forms: numbers and counted texts (RFC 4251 section 5). */
#ifndef SSH_WIRE_H
#define SSH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* A place in bytes that are read. Reading beyond their end sets `broken` and gives zeros. */
struct wire {
    const unsigned char *at;
    size_t left;
    bool broken;
};

/* Lent from what is read. */
struct wire_text {
    const unsigned char *data;
    size_t size;
};

uint8_t wire_read_byte(struct wire *wire);
uint32_t wire_read_number(struct wire *wire);
uint64_t wire_read_long(struct wire *wire);
struct wire_text wire_read_text(struct wire *wire);
struct wire_text wire_read_bytes(struct wire *wire, size_t size);

/* A reader of a text's bytes. */
struct wire wire_of(struct wire_text text);

bool wire_is(struct wire_text text, const char *word);

void wire_append_number(struct buf *out, uint32_t number);
void wire_append_text(struct buf *out, const void *data, size_t size);
void wire_append_word(struct buf *out, const char *word);

/* An unsigned number given by its big-endian bytes, as an mpint. */
void wire_append_unsigned(struct buf *out, const unsigned char *bytes, size_t size);

#endif
