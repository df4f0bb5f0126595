/* The reader: pieces of any size in, each line at once to its rows. A line is read where it
 * lies; only one that the end of a piece cuts off is gathered in `carry`. */
#include "csv/reader.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/decode.h"
#include "csv/lex.h"

/* Memory that carry may keep between rows. */
#define CARRY_KEPT_BYTES ((size_t)1 << 20)

struct csv_reader {
    struct decode_sink text; /* what decode gives it to */
    struct decode decode;
    struct csv_rows rows;
    struct csv_scan scan;
    struct buf carry;
    bool carries;
    uint64_t carry_offset;
    uint64_t walked; /* bytes read, after decoding */
};

/* What carry holds is a line, or all that came of one. */
static enum tl_status take_carried(struct csv_reader *reader, bool whole, size_t *used,
                                   struct tl_error *err)
{
    struct csv_line line = {.text = buf_text(&reader->carry),
                            .size = reader->carry.size,
                            .offset = reader->carry_offset,
                            .whole = whole};

    return csv_rows_take(&reader->rows, &line, used, err);
}

static void carry_end(struct csv_reader *reader)
{
    reader->carries = false;
    if (reader->carry.capacity > CARRY_KEPT_BYTES)
        buf_free(&reader->carry);
    else
        buf_reset(&reader->carry);
}

/* Gathers more of the line; gives how many bytes it took. */
static enum tl_status carry_more(struct csv_reader *reader, const char *text, size_t size,
                                 size_t *taken, struct tl_error *err)
{
    size_t room = reader->rows.limits.max_row_bytes - reader->carry.size, used;
    bool complete;

    *taken = csv_scan(&reader->scan, text, size < room ? size : room, &complete);
    buf_append(&reader->carry, text, *taken);
    if (buf_check(&reader->carry, "a row", err) != TL_OK)
        return err->status;
    if (!complete && *taken < room)
        return TL_OK;
    /* Without room for more it is too long, unless it is not CSV. */
    if (take_carried(reader, false, &used, err) != TL_OK)
        return err->status;
    if (!complete)
        return csv_rows_too_long(&reader->rows, reader->carry_offset, err);
    if (used != reader->carry.size)
        return tl_fail(err, TL_INTERNAL, "a row of CSV ends elsewhere than it does");
    carry_end(reader);
    return TL_OK;
}

static enum tl_status take_text(struct decode_sink *sink, const char *text, size_t size,
                                uint64_t offset, struct tl_error *err)
{
    struct csv_reader *reader = (struct csv_reader *)sink;
    size_t at = 0, used;

    reader->walked = offset + size;
    while (at < size) {
        struct csv_line line = {.text = text + at, .size = size - at, .offset = offset + at};
        enum tl_status status = reader->carries
                                    ? carry_more(reader, line.text, line.size, &used, err)
                                    : csv_rows_take(&reader->rows, &line, &used, err);
        if (status != TL_OK)
            return status;
        at += used;
        if (used == 0) {
            reader->carries = true;
            reader->carry_offset = line.offset;
            reader->scan = (struct csv_scan){CSV_AT_FIELD};
        }
    }
    return TL_OK;
}

enum tl_status csv_reader_new(const struct csv_limits *limits, struct builder *builder,
                              struct csv_reader **out, struct tl_error *err)
{
    struct csv_reader *reader = calloc(1, sizeof(*reader));

    *out = reader;
    if (reader == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a CSV reader");
    reader->text.take = take_text;
    reader->carry = BUF_INIT(limits->max_row_bytes);
    csv_rows_init(&reader->rows, builder, limits);
    return TL_OK;
}

void csv_reader_free(struct csv_reader *reader)
{
    if (reader == NULL)
        return;
    decode_reset(&reader->decode);
    csv_rows_reset(&reader->rows);
    buf_free(&reader->carry);
    free(reader);
}

enum tl_status csv_reader_feed(struct csv_reader *reader, const char *bytes, size_t size,
                               struct tl_error *err)
{
    return decode_feed(&reader->decode, &reader->text, bytes, size, err);
}

/* The last line may lack its end, but not the end of its quotes. */
static enum tl_status finish_line(struct csv_reader *reader, struct tl_error *err)
{
    char where[40];
    size_t used;

    if (take_carried(reader, true, &used, err) != TL_OK)
        return err->status;
    if (used == reader->carry.size) {
        carry_end(reader);
        return TL_OK;
    }
    (void)tl_fail(err, TL_DATA,
                  "the output ends at byte %" PRIu64 ", within the quotes of %s that begins at "
                  "byte %" PRIu64,
                  reader->walked, csv_rows_where(&reader->rows, where), reader->carry_offset);
    return tl_remedy(err, "The output was cut short, or a quote is missing: look at its end");
}

enum tl_status csv_reader_finish_part(struct csv_reader *reader, struct tl_error *err)
{
    if (decode_flush(&reader->decode, &reader->text, err) != TL_OK ||
        (reader->carries && finish_line(reader, err) != TL_OK) ||
        decode_check_end(&reader->decode, err) != TL_OK)
        return err->status;
    csv_rows_restart(&reader->rows);
    decode_reset(&reader->decode);
    reader->walked = 0;
    return TL_OK;
}

uint64_t csv_reader_rows(const struct csv_reader *reader)
{
    return reader->rows.n_rows;
}

uint64_t csv_reader_headers(const struct csv_reader *reader)
{
    return reader->rows.n_headers;
}
