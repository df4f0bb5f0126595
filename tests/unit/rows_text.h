/* JSON text into rows and rows into text, so that tests compare strings. */
#ifndef TESTS_UNIT_ROWS_TEXT_H
#define TESTS_UNIT_ROWS_TEXT_H

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "json/row.h"
#include "rows/builder.h"

/* Writes each block's rows as lines: `name=TYPE:text name=TYPE:text`; ABSENT cells are left
 * out. */
struct rows_text {
    struct builder_sink sink;
    struct buf text;
    uint32_t blocks;
};

static inline void rows_text_value(struct buf *out, const struct tl_value *value)
{
    char real[TYPES_REAL_SIZE];

    buf_printf(out, "%s", tl_type_name(value->type));
    switch (value->type) {
    case TL_TYPE_NULL:
        return;
    case TL_TYPE_BOOLEAN:
        buf_printf(out, ":%s", value->as.boolean ? "true" : "false");
        return;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        buf_printf(out, ":%" PRId64, value->as.integer);
        return;
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        types_real_text(value->as.real, real);
        buf_printf(out, ":%s", real);
        return;
    default:
        buf_append_char(out, ':');
        text_append_safe(out, value->as.text, value->size);
    }
}

static inline enum tl_status rows_text_block(struct builder_sink *sink, struct block *block,
                                             struct tl_error *err)
{
    struct rows_text *self = (struct rows_text *)sink;

    (void)err;
    self->blocks++;
    for (uint32_t row = 0; row < block->n_rows; row++) {
        const struct tl_value *cells = block_row(block, row);
        const char *between = "";
        for (uint32_t i = 0; i < block->stride; i++) {
            if (cells[i].type == TL_TYPE_ABSENT)
                continue;
            buf_append_string(&self->text, between);
            text_append_safe(&self->text, block->columns->names[i].text,
                             block->columns->names[i].size);
            buf_append_char(&self->text, '=');
            rows_text_value(&self->text, &cells[i]);
            between = " ";
        }
        buf_append_char(&self->text, '\n');
    }
    block_free(block);
    return TL_OK;
}

static inline void rows_text_init(struct rows_text *self)
{
    *self = (struct rows_text){.sink = {.block = rows_text_block},
                               .text = BUF_INIT((size_t)1 << 30)};
}

/* How a text is cut into pieces: sizes of pieces, used in turn; 0 for "all that is left". */
static inline enum tl_status rows_text_feed(struct json_reader *reader, const char *json,
                                            size_t size, const size_t *pieces, size_t n_pieces,
                                            struct tl_error *err)
{
    enum tl_status status = TL_OK;

    for (size_t at = 0, i = 0; status == TL_OK && at < size; i++) {
        size_t piece = pieces[i % n_pieces];
        char *copy;
        if (piece == 0 || piece > size - at)
            piece = size - at;
        copy = malloc(piece); /* exact, so that a sanitizer sees what reads beyond it */
        memcpy(copy, json + at, piece);
        status = json_reader_feed(reader, copy, piece, err);
        free(copy);
        at += piece;
    }
    return status;
}

/* Reads the text cut into pieces; out receives the rows' text and, after a failure, "! " and
 * the error's message. */
static inline void rows_text_read(const struct json_reader_options *options, const char *json,
                                  size_t size, const size_t *pieces, size_t n_pieces,
                                  struct buf *out)
{
    struct builder_limits builder_limits = {
        .max_columns = 2000, .block_bytes = 64 << 10, .block_rows = 500};
    struct json_row_limits row_limits = {.max_depth = options->max_depth,
                                         .max_name_bytes = 1024,
                                         .invalid_utf8 = options->invalid_utf8};
    struct rows_text text;
    struct json_rows rows;
    struct builder builder;
    struct json_reader *reader;
    struct tl_error err = {0};
    enum tl_status status;

    rows_text_init(&text);
    builder_init(&builder, &text.sink, &builder_limits);
    json_rows_init(&rows, &builder, &row_limits);
    status = json_reader_new(options, &rows.sink, &reader, &err);
    if (status == TL_OK)
        status = rows_text_feed(reader, json, size, pieces, n_pieces, &err);
    if (status == TL_OK)
        status = json_reader_finish(reader, &err);
    if (builder_flush(&builder, &err) != TL_OK)
        buf_append_string(&text.text, "flush failed\n");
    buf_append(out, buf_text(&text.text), text.text.size);
    if (status != TL_OK)
        buf_printf(out, "! %s\n", err.message);
    json_reader_free(reader);
    json_rows_reset(&rows);
    builder_reset(&builder);
    buf_free(&text.text);
}

#endif
