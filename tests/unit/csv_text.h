/* CSV into rows and rows into text, so that tests compare strings. */
#ifndef TESTS_UNIT_CSV_TEXT_H
#define TESTS_UNIT_CSV_TEXT_H

#include "csv/reader.h"
#include "rows_text.h"

static inline enum tl_status csv_text_feed(struct csv_reader *reader, const char *csv,
                                           size_t size, const size_t *pieces, size_t n_pieces,
                                           struct tl_error *err)
{
    for (size_t at = 0, i = 0; at < size; i++) {
        size_t piece = pieces[i % n_pieces];
        enum tl_status status;
        char *copy;
        if (piece == 0 || piece > size - at)
            piece = size - at;
        copy = malloc(piece); /* exact, so that a sanitizer sees what reads beyond it */
        memcpy(copy, csv + at, piece);
        status = csv_reader_feed(reader, copy, piece, err);
        free(copy);
        if (status != TL_OK)
            return status;
        at += piece;
    }
    return TL_OK;
}

/* Reads the text cut into pieces (0: all that is left);
 * out receives the rows' text and, after a failure, "! " and the error's message. */
static inline void csv_text_read(const struct csv_limits *limits, const char *csv, size_t size,
                                 const size_t *pieces, size_t n_pieces, struct buf *out)
{
    struct builder_limits builder_limits = {
        .max_columns = 2000, .block_bytes = 64 << 10, .block_rows = 500};
    struct rows_text text;
    struct builder builder;
    struct csv_reader *reader;
    struct tl_error err = {0};
    enum tl_status status;

    rows_text_init(&text);
    builder_init(&builder, &text.sink, &builder_limits);
    status = csv_reader_new(limits, &builder, &reader, &err);
    if (status == TL_OK)
        status = csv_text_feed(reader, csv, size, pieces, n_pieces, &err);
    if (status == TL_OK)
        status = csv_reader_finish_part(reader, &err);
    if (builder_flush(&builder, &err) != TL_OK)
        buf_append_string(&text.text, "flush failed\n");
    buf_append(out, buf_text(&text.text), text.text.size);
    if (status != TL_OK)
        buf_printf(out, "! %s\n", err.message);
    csv_reader_free(reader);
    builder_reset(&builder);
    buf_free(&text.text);
}

#endif
