/* Messages of the platform as bytes: a writer of Protocol Buffers. */
#include "frontends/fivetran/proto.h"

#include <string.h>

#include "base/text.h"

/* Most messages within messages have a length of two bytes: so much room is left for it. */
enum { LENGTH_GUESS = 2, VARINT_MAX = 10 };

static void append_varint(struct buf *out, uint64_t number)
{
    char *at = buf_reserve(out, VARINT_MAX);

    if (at != NULL)
        buf_commit(out, (size_t)(proto_put_varint(at, number) - at));
}

static void append_utf8(struct buf *out, const char *text, size_t size)
{
    size_t valid;

    while ((valid = text_valid_utf8(text, size)) < size) {
        buf_append(out, text, valid);
        buf_append_string(out, "\xef\xbf\xbd");
        text += valid + 1;
        size -= valid + 1;
    }
    buf_append(out, text, size);
}

void proto_number_always(struct buf *out, unsigned field, uint64_t number)
{
    append_varint(out, PROTO_TAG(field, PROTO_VARINT));
    append_varint(out, number);
}

void proto_number(struct buf *out, unsigned field, uint64_t number)
{
    if (number != 0)
        proto_number_always(out, field, number);
}

static void append_text(struct buf *out, unsigned field, const char *text, size_t size)
{
    size_t begun = proto_begin(out, field);

    append_utf8(out, text, size);
    proto_end(out, begun);
}

void proto_text(struct buf *out, unsigned field, const char *text, size_t size)
{
    if (size > 0)
        append_text(out, field, text, size);
}

void proto_text_always(struct buf *out, unsigned field, const char *text)
{
    append_text(out, field, text, strlen(text));
}

size_t proto_begin(struct buf *out, unsigned field)
{
    append_varint(out, PROTO_TAG(field, PROTO_BYTES));
    if (buf_reserve(out, LENGTH_GUESS) != NULL)
        buf_commit(out, LENGTH_GUESS);
    return out->size;
}

void proto_end(struct buf *out, size_t begun)
{
    size_t length = out->size - begun, needed = proto_varint_size(length);
    char *at;

    if (out->failed || (needed > LENGTH_GUESS && buf_reserve(out, needed) == NULL))
        return;
    at = out->data + begun;
    if (needed != LENGTH_GUESS)
        memmove(at - LENGTH_GUESS + needed, at, length);
    (void)proto_put_varint(at - LENGTH_GUESS, length);
    out->size = begun - LENGTH_GUESS + needed + length;
    out->data[out->size] = '\0';
}
