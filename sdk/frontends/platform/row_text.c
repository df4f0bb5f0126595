/* Rows as JSON objects, written straight from the cells of a block: room for the whole row is
 * made first, so that writing its values need not ask for any. */
#include "frontends/platform/row_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "json/lex.h"

enum { INTEGER_BYTES = 20, ESCAPED_BYTES = 6 };

void row_text_init(struct row_text *row_text)
{
    *row_text = (struct row_text){.scratch = BUF_INIT(SIZE_MAX / 2)};
}

void row_text_reset(struct row_text *row_text)
{
    for (size_t i = 0; i < row_text->n_columns; i++)
        free(row_text->columns[i].prefix);
    free(row_text->columns);
    buf_free(&row_text->scratch);
    row_text_init(row_text);
}

enum tl_status row_text_add(struct row_text *row_text, uint32_t index, const char *name,
                            type_observed observed, struct tl_error *err)
{
    struct buf prefix = BUF_INIT(SIZE_MAX / 2);
    struct row_text_column *columns =
        realloc(row_text->columns, (row_text->n_columns + 1) * sizeof(*columns));
    struct row_text_column *column;

    if (columns == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %zu columns", row_text->n_columns);
    row_text->columns = columns;
    column = &columns[row_text->n_columns];
    buf_append_char(&prefix, row_text->n_columns > 0 ? ',' : '{');
    text_append_json(&prefix, name, strlen(name));
    buf_append_char(&prefix, ':');
    *column = (struct row_text_column){.index = index,
                                       .observed = observed,
                                       .type = types_of(observed),
                                       .prefix_size = prefix.size};
    column->prefix = buf_take(&prefix);
    if (column->prefix == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a column's name");
    row_text->n_columns++;
    row_text->prefixes_size += column->prefix_size;
    return TL_OK;
}

static char *write_integer(char *out, int64_t integer)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    uint64_t rest = integer < 0 ? 0 - (uint64_t)integer : (uint64_t)integer;
    char digits[INTEGER_BYTES], *at = digits + sizeof(digits);

    for (; rest >= 100; rest /= 100)
        at = memcpy(at - 2, pairs + 2 * (rest % 100), 2);
    if (rest >= 10)
        at = memcpy(at - 2, pairs + 2 * rest, 2);
    else
        *--at = (char)('0' + rest);
    if (integer < 0)
        *--at = '-';
    memcpy(out, at, (size_t)(digits + sizeof(digits) - at));
    return out + (digits + sizeof(digits) - at);
}

static char *write_text(char *out, const char *text, size_t size)
{
    if (size > 0)
        memcpy(out, text, size);
    return out + size;
}

static char *write_escape(char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};

    *out++ = '\\';
    if (c >= 0x20 || letters[c] != 0) {
        *out++ = c >= 0x20 ? (char)c : letters[c];
        return out;
    }
    out = write_text(out, "u00", 3);
    *out++ = hex[c >> 4];
    *out++ = hex[c & 15];
    return out;
}

/* The characters beyond ASCII that some readers take for the end of a line. */
static const struct line_end {
    char bytes[4];
    const char *escape;
} line_ends[] = {
    {"\xc2\x85", "\\u0085"}, {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}};

/* One byte of a character beyond ASCII, or all of one that ends a line. Text is UTF-8, so a
 * character that begins within it ends within it. */
static char *write_beyond_ascii(char *out, const char **text)
{
    for (size_t i = 0; i < sizeof(line_ends) / sizeof(line_ends[0]); i++) {
        size_t size = strlen(line_ends[i].bytes);
        if (strncmp(*text, line_ends[i].bytes, size) != 0)
            continue;
        *text += size;
        return write_text(out, line_ends[i].escape, 6);
    }
    *out++ = *(*text)++;
    return out;
}

static char *write_string(char *out, const char *text, size_t size)
{
    const char *end = text + size;

    *out++ = '"';
    while (text < end) {
        const char *stop = json_plain_end(text, end);
        out = write_text(out, text, (size_t)(stop - text));
        text = stop;
        if (text == end)
            break;
        if ((unsigned char)*text >= 0x80)
            out = write_beyond_ascii(out, &text);
        else
            out = write_escape(out, (unsigned char)*text++);
    }
    *out++ = '"';
    return out;
}

/* Nested values are JSON already; what may end a line stands in their strings only. */
static char *write_json(char *out, const char *text, size_t size)
{
    const char *end = text + size;

    if (memchr(text, line_ends[0].bytes[0], size) == NULL &&
        memchr(text, line_ends[1].bytes[0], size) == NULL)
        return write_text(out, text, size);
    while (text < end)
        if ((unsigned char)*text >= 0x80)
            out = write_beyond_ascii(out, &text);
        else
            *out++ = *text++;
    return out;
}

/* RFC 3339 wants a T where ISO 8601's readers take a blank as well. */
static char *write_time(char *out, const char *text, size_t size)
{
    char *start = out;

    out = write_string(out, text, size);
    if (size > 10 && start[11] == ' ')
        start[11] = 'T';
    return out;
}

static char *write_value(char *out, const struct tl_value *value)
{
    switch (value->type) {
    case TL_TYPE_BOOLEAN:
        return value->as.boolean ? write_text(out, "true", 4) : write_text(out, "false", 5);
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        return write_integer(out, value->as.integer);
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        return out + types_real_text(value->as.real, out);
    case TL_TYPE_DECIMAL:
        return write_text(out, value->as.text, value->size);
    case TL_TYPE_JSON:
        return write_json(out, value->as.text, value->size);
    case TL_TYPE_NAIVE_DATETIME:
    case TL_TYPE_UTC_DATETIME:
        return write_time(out, value->as.text, value->size);
    case TL_TYPE_NAIVE_DATE:
    case TL_TYPE_XML:
    case TL_TYPE_STRING:
        return write_string(out, value->as.text, value->size);
    default:
        return write_text(out, "null", 4);
    }
}

/* The most bytes that write_value writes. */
static size_t bound_of(const struct tl_value *value)
{
    bool is_text = value->type == TL_TYPE_DECIMAL || value->type > TL_TYPE_DOUBLE;
    return is_text ? ESCAPED_BYTES * (size_t)value->size + 2 : TYPES_REAL_SIZE;
}

static const struct tl_value *cell_of(const struct row_text_column *column,
                                      const struct batch_part *part,
                                      const struct tl_value *cells)
{
    static const struct tl_value absent = {.type = TL_TYPE_ABSENT};
    uint32_t source;

    if (column->index == COLUMNS_NONE)
        return &absent;
    source = part->source[column->index];
    return source < part->block->stride ? &cells[source] : &absent;
}

/* The value in its column's form; the rare way: most have it already. */
static struct tl_value fit(struct row_text *row_text, const struct row_text_column *column,
                           const struct tl_value *value, struct buf *out)
{
    struct tl_value fitted = types_fit(value, column->observed, &row_text->scratch);
    struct buf encoded = BUF_INIT(row_text->scratch.max_size);

    if (fitted.type == TL_TYPE_BINARY) {
        base64_encode(&encoded, fitted.as.text, fitted.size);
        out->failed |= encoded.failed;
        buf_free(&row_text->scratch);
        row_text->scratch = encoded;
        fitted = tl_text(TL_TYPE_STRING, buf_text(&encoded), encoded.size);
    }
    out->failed |= row_text->scratch.failed;
    return fitted;
}

static bool is_plain(const struct row_text_column *column, const struct tl_value *value)
{
    if (value->type == TL_TYPE_JSON)
        return (column->observed & ~OBSERVED_DECLARED) == OBSERVED(TL_TYPE_JSON);
    return value->type <= TL_TYPE_NULL ||
           (value->type == column->type && value->type != TL_TYPE_BINARY);
}

/* Room for a value that takes more than was reckoned with. Returns where to go on. */
static char *reserve_again(struct buf *out, const char *at, size_t size)
{
    buf_commit(out, (size_t)(at - (out->data + out->size)));
    return buf_reserve(out, size);
}

void row_text_append(struct row_text *row_text, const struct batch_part *part, uint32_t row,
                     struct buf *out)
{
    const struct tl_value *cells = block_row(part->block, row);
    size_t rest = row_text->prefixes_size + 2;
    char *at;

    for (size_t i = 0; i < row_text->n_columns; i++)
        rest += bound_of(cell_of(&row_text->columns[i], part, cells));
    at = buf_reserve(out, rest);
    for (size_t i = 0; i < row_text->n_columns && at != NULL; i++) {
        const struct row_text_column *column = &row_text->columns[i];
        const struct tl_value *value = cell_of(column, part, cells);
        struct tl_value fitted;
        at = write_text(at, column->prefix, column->prefix_size);
        if (!is_plain(column, value)) {
            size_t reckoned = bound_of(value);
            fitted = fit(row_text, column, value, out);
            value = &fitted;
            rest += bound_of(value);
            if (bound_of(value) > reckoned)
                at = reserve_again(out, at, rest);
            if (at == NULL)
                return;
        }
        at = write_value(at, value);
    }
    if (at == NULL)
        return;
    if (row_text->n_columns == 0)
        *at++ = '{';
    *at++ = '}';
    buf_commit(out, (size_t)(at - (out->data + out->size)));
}
