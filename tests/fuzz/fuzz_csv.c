/* Fuzzes the CSV reader. The same bytes whole and in pieces give the same rows; and every value
 * gives back, as text, what a plain reading of the whole finds in its place. */
#include <string.h>

#include "base/log.h"
#include "fuzz/rows.h"
#include "unit/csv_text.h"

static void check_pieces(const struct csv_limits *limits, const char *text, size_t size,
                         uint32_t seed)
{
    static struct buf whole = {.max_size = FUZZ_TEXT_BYTES},
                      cut = {.max_size = FUZZ_TEXT_BYTES};
    static const size_t one = 0;
    size_t pieces[FUZZ_PIECES];

    fuzz_cut(seed, pieces);
    buf_reset(&whole);
    buf_reset(&cut);
    csv_text_read(limits, text, size, &one, 1, &whole);
    csv_text_read(limits, text, size, pieces, FUZZ_PIECES, &cut);
    fuzz_compare(&whole, &cut, text, size);
}

/* A plain reading: the next field's characters, and whether it was quoted; false at the end of
 * its line. The text is known to be right. */
static bool next_field(const char **at, const char *end, struct buf *field, bool *quoted)
{
    const char *c = *at;
    bool more;

    buf_reset(field);
    *quoted = c < end && *c == '"';
    if (*quoted)
        for (c++; *c != '"' || (c + 1 < end && c[1] == '"'); c++)
            buf_append_char(field, *(c += *c == '"'));
    c += *quoted;
    while (c < end && *c != ',' && *c != '\n' && *c != '\r')
        buf_append_char(field, *c++);
    more = c < end && *c == ',';
    if (!more && c < end && *c == '\r')
        c++;
    *at = c < end ? c + 1 : c;
    return more;
}

/* A sink that compares each row with that. */
struct compare {
    struct builder_sink sink;
    const char *at, *end, *text;
    size_t n_columns, size;
    struct buf field, scratch;
};

/* Passes lines without a character. */
static void pass_empty(struct compare *self)
{
    while (self->at < self->end && (*self->at == '\n' || *self->at == '\r'))
        self->at++;
}

static void compare_cell(struct compare *self, const struct tl_value *cell, bool quoted)
{
    struct tl_value text =
        types_fit(cell, types_observe(cell) | OBSERVED(TL_TYPE_STRING), &self->scratch);

    if (cell->type == TL_TYPE_NULL
            ? quoted || self->field.size > 0
            : text.size != self->field.size ||
                  memcmp(text.as.text, buf_text(&self->field), text.size) != 0)
        fuzz_fail("a value is another than stood there", self->text, self->size);
}

static enum tl_status compare_block(struct builder_sink *sink, struct block *block,
                                    struct tl_error *err)
{
    struct compare *self = (struct compare *)sink;
    bool quoted, more = true;

    (void)err;
    for (uint32_t row = 0; row < block->n_rows; row++) {
        if (self->n_columns > 1)
            pass_empty(self);
        for (uint32_t i = 0; i < self->n_columns; i++) {
            more = next_field(&self->at, self->end, &self->field, &quoted);
            compare_cell(self, &block_row(block, row)[i], quoted);
        }
        if (more)
            fuzz_fail("a row has more fields", self->text, self->size);
    }
    block_free(block);
    return TL_OK;
}

/* Holds the rows of a text that is right against a plain reading of it. */
static void check_values(const struct csv_limits *limits, const char *text, size_t size)
{
    struct builder_limits builder_limits = {
        .max_columns = 2000, .block_bytes = 64 << 10, .block_rows = 500};
    struct compare compare = {.sink = {.block = compare_block},
                              .at = text,
                              .end = text + size,
                              .text = text,
                              .n_columns = 1,
                              .size = size,
                              .field = BUF_INIT(FUZZ_TEXT_BYTES),
                              .scratch = BUF_INIT(FUZZ_TEXT_BYTES)};
    struct csv_reader *reader;
    struct builder builder;
    struct tl_error err = {0};
    bool quoted;

    pass_empty(&compare);
    while (next_field(&compare.at, compare.end, &compare.field, &quoted))
        compare.n_columns++;
    builder_init(&builder, &compare.sink, &builder_limits);
    if (csv_reader_new(limits, &builder, &reader, &err) != TL_OK ||
        csv_reader_feed(reader, text, size, &err) != TL_OK ||
        csv_reader_finish_part(reader, &err) != TL_OK || builder_flush(&builder, &err) != TL_OK)
        fuzz_fail(err.message, text, size);
    csv_reader_free(reader);
    builder_reset(&builder);
    buf_free(&compare.field);
    buf_free(&compare.scratch);
}

static bool is_right(const struct csv_limits *limits, const char *text, size_t size)
{
    static struct buf rows = {.max_size = FUZZ_TEXT_BYTES};
    static const size_t one = 0;

    buf_reset(&rows);
    csv_text_read(limits, text, size, &one, 1, &rows);
    return !fuzz_is_refused(&rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct csv_limits limits = {.max_name_bytes = 1024};
    const char *text = (const char *)data + 1;

    log_set_sink(NULL);
    if (size < 2)
        return 0;
    limits.replace_invalid_utf8 = (*data & 1) != 0;
    limits.max_row_bytes = *data & 2 ? 40 : 1 << 20;
    check_pieces(&limits, text, size - 1, *data * 7919U + (uint32_t)size);
    limits.replace_invalid_utf8 = false;
    if ((unsigned char)*text < 0xef && is_right(&limits, text, size - 1))
        check_values(&limits, text, size - 1);
    return 0;
}
