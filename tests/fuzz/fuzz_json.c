/* Fuzzes the JSON reader. The same bytes whole and in pieces give the same rows; and a text as
 * the value within a row is judged by jansson and yajl as well, and jansson's values compared.
 */
#include <jansson.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "base/log.h"
#include "fuzz/rows.h"
#include "unit/rows_text.h"

static void check_pieces(const struct json_reader_options *options, const char *text,
                         size_t size, uint32_t seed)
{
    static struct buf whole = {.max_size = FUZZ_TEXT_BYTES},
                      cut = {.max_size = FUZZ_TEXT_BYTES};
    static const size_t one = 0;
    size_t pieces[FUZZ_PIECES];

    fuzz_cut(seed, pieces);
    buf_reset(&whole);
    buf_reset(&cut);
    rows_text_read(options, text, size, &one, 1, &whole);
    rows_text_read(options, text, size, pieces, FUZZ_PIECES, &cut);
    fuzz_compare(&whole, &cut, text, size);
}

/* A sink that compares each row with jansson's. */
struct compare {
    struct builder_sink sink;
    const json_t *rows;
    size_t at;
    const char *text;
    size_t size;
};

static bool equal_nested(const struct tl_value *value, const json_t *expected)
{
    json_t *ours = json_loadb(value->as.text, value->size, JSON_ALLOW_NUL, NULL);
    bool equal = json_equal(ours, expected);
    json_decref(ours);
    return equal;
}

static bool equal_value(const struct tl_value *value, const json_t *expected)
{
    switch (json_typeof(expected)) {
    case JSON_NULL:
        return value->type == TL_TYPE_NULL;
    case JSON_TRUE:
    case JSON_FALSE:
        return value->type == TL_TYPE_BOOLEAN && value->as.boolean == json_is_true(expected);
    case JSON_INTEGER:
        return value->type == TL_TYPE_LONG && value->as.integer == json_integer_value(expected);
    case JSON_REAL:
        if (value->type == TL_TYPE_DOUBLE)
            return value->as.real == json_real_value(expected);
        return value->type == TL_TYPE_DECIMAL;
    case JSON_STRING:
        return value->type >= TL_TYPE_NAIVE_DATE && value->type <= TL_TYPE_STRING &&
               value->size == json_string_length(expected) &&
               memcmp(value->as.text, json_string_value(expected), value->size) == 0;
    default:
        return value->type == TL_TYPE_JSON && equal_nested(value, expected);
    }
}

static void compare_row(struct compare *self, const struct block *block,
                        const struct tl_value *cells)
{
    const json_t *row = json_array_get(self->rows, self->at++);
    size_t members = 0;

    for (uint32_t i = 0; i < block->stride; i++) {
        const struct column_name *name = &block->columns->names[i];
        const json_t *expected = json_object_getn(row, name->text, name->size);
        if (cells[i].type == TL_TYPE_ABSENT)
            continue;
        members++;
        if (expected == NULL || !equal_value(&cells[i], expected))
            fuzz_fail("jansson reads another value", self->text, self->size);
    }
    if (members != json_object_size(row))
        fuzz_fail("jansson sees other members", self->text, self->size);
}

static enum tl_status compare_block(struct builder_sink *sink, struct block *block,
                                    struct tl_error *err)
{
    (void)err;
    for (uint32_t row = 0; row < block->n_rows; row++)
        compare_row((struct compare *)sink, block, block_row(block, row));
    block_free(block);
    return TL_OK;
}

/* Reads an array of rows, comparing them with `rows` unless that is NULL. */
static enum tl_status read_compared(const char *text, size_t size, const json_t *rows,
                                    struct tl_error *err)
{
    static const size_t one = 0;
    struct json_reader_options options = {
        .format = JSON_FORMAT_JSON, .max_row_bytes = 1 << 26, .max_depth = 1000};
    struct json_row_limits limits = {.max_depth = 1000, .max_name_bytes = 1 << 20};
    struct builder_limits builder_limits = {
        .max_columns = 1 << 20, .block_bytes = 1 << 20, .block_rows = 1000};
    struct compare compare = {
        .sink = {.block = compare_block}, .rows = rows, .text = text, .size = size};
    struct rows_text dropped;
    struct builder builder;
    struct json_rows sink;
    struct json_reader *reader;
    enum tl_status status;

    rows_text_init(&dropped);
    builder_init(&builder, rows != NULL ? &compare.sink : &dropped.sink, &builder_limits);
    json_rows_init(&sink, &builder, &limits);
    status = json_reader_new(&options, &sink.sink, &reader, err);
    if (status == TL_OK)
        status = rows_text_feed(reader, text, size, &one, 1, err);
    if (status == TL_OK)
        status = json_reader_finish(reader, err);
    if (status == TL_OK)
        status = builder_flush(&builder, err);
    json_reader_free(reader);
    json_rows_reset(&sink);
    builder_reset(&builder);
    buf_free(&dropped.text);
    return status;
}

static bool yajl_accepts(const char *text, size_t size)
{
    static const yajl_callbacks none = {0};
    yajl_handle handle = yajl_alloc(&none, NULL, NULL);
    bool accepts = yajl_parse(handle, (const unsigned char *)text, size) == yajl_status_ok &&
                   yajl_complete_parse(handle) == yajl_status_ok;
    yajl_free(handle);
    return accepts;
}

/* What jansson does not take although it is JSON: numbers too large for its types, U+0000 in a
 * name. */
static bool is_janssons_limit(const json_error_t *error)
{
    enum json_error_code code = json_error_code(error);
    return code == json_error_numeric_overflow || code == json_error_null_byte_in_key ||
           code == json_error_stack_overflow;
}

/* What is JSON and yet no output of rows within our limits. */
static bool is_our_limit(const struct tl_error *err)
{
    return strstr(err->message, "not an object") != NULL ||
           strstr(err->message, "deeper than the limit") != NULL;
}

static void check_judges(const char *text, size_t size)
{
    json_error_t error;
    json_t *rows = json_loadb(text, size, JSON_ALLOW_NUL, &error);
    struct tl_error err = {0};
    enum tl_status status = read_compared(text, size, rows, &err);

    /* jansson passes over raw NUL bytes between tokens. */
    if (rows != NULL && status != TL_OK && !is_our_limit(&err) && memchr(text, 0, size) == NULL)
        fuzz_fail("jansson accepts it", text, size);
    if (rows == NULL && status == TL_OK && !is_janssons_limit(&error))
        fuzz_fail(error.text, text, size);
    if (status == TL_OK && !yajl_accepts(text, size))
        fuzz_fail("yajl refuses it", text, size);
    json_decref(rows);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const pointers[] = {NULL, "", "/data", "/a/*/b", "/*", "/a/0"};
    static const char *const keys[] = {"id", "a", NULL};
    static struct buf row = {.max_size = FUZZ_TEXT_BYTES};
    struct json_reader_options options = {.max_row_bytes = 1 << 20, .max_depth = 50};

    log_set_sink(NULL);
    if (size < 3)
        return 0;
    options.format = (enum json_format)(data[0] % 3);
    options.invalid_utf8 = data[0] & 0x10 ? JSON_UTF8_REPLACE : JSON_UTF8_FAIL;
    options.rows = pointers[(data[0] >> 5) % 6];
    options.key_columns = data[1] & 1 ? keys : NULL;
    options.max_row_bytes = data[1] & 2 ? 40 : 1 << 20;
    check_pieces(&options, (const char *)data + 2, size - 2, data[1] * 7919U + (uint32_t)size);

    buf_reset(&row);
    buf_append_string(&row, "[{\"v\":");
    buf_append(&row, data + 2, size - 2);
    buf_append_string(&row, "}]");
    check_judges(buf_text(&row), row.size);
    return 0;
}
