/* Rows as Record messages. A record is a map: for each column an entry of name and value, all
 * of which but the value's bytes is the same in every row and is made once. */
#include "frontends/fivetran/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "frontends/fivetran/timestamp.h"
#include "frontends/fivetran/proto.h"

/* The numbers of ValueType's fields. */
static const unsigned value_fields[TL_TYPE_COUNT] = {
    [TL_TYPE_NULL] = 1,          [TL_TYPE_BOOLEAN] = 2,    [TL_TYPE_SHORT] = 3,
    [TL_TYPE_INT] = 4,           [TL_TYPE_LONG] = 5,       [TL_TYPE_FLOAT] = 6,
    [TL_TYPE_DOUBLE] = 7,        [TL_TYPE_NAIVE_DATE] = 8, [TL_TYPE_NAIVE_DATETIME] = 9,
    [TL_TYPE_UTC_DATETIME] = 10, [TL_TYPE_DECIMAL] = 11,   [TL_TYPE_BINARY] = 12,
    [TL_TYPE_STRING] = 13,       [TL_TYPE_JSON] = 14,      [TL_TYPE_XML] = 15,
};

struct record_column {
    uint32_t index; /* in the table */
    const char *name;
    enum tl_type type;
    type_observed observed; /* that values are fitted to */
    size_t head_at;         /* in names: the key, and the tag of the value */
    uint32_t head_size;
};

/* Tags and lengths around a value take less than this. */
enum { ENTRY_OVERHEAD = 48, SMALL_BYTES = 24, NAMES_MAX_BYTES = 256 << 20 };

void record_layout_init(struct record_layout *layout)
{
    *layout = (struct record_layout){.head = BUF_INIT(NAMES_MAX_BYTES),
                                     .names = BUF_INIT(NAMES_MAX_BYTES),
                                     .scratch = BUF_INIT(SIZE_MAX / 2)};
}

void record_layout_reset(struct record_layout *layout)
{
    free(layout->columns);
    buf_free(&layout->head);
    buf_free(&layout->names);
    buf_free(&layout->scratch);
    record_layout_init(layout);
}

static void add_column(struct record_layout *layout, const struct view_table *table,
                       uint32_t index)
{
    const struct catalog_column *column = &table->table->columns[index];
    struct record_column *made = &layout->columns[layout->n_columns++];
    enum tl_type type = view_type(table, index);

    *made = (struct record_column){
        .index = index,
        .name = column->name,
        .type = type,
        .observed = type == column->type ? column->observed : OBSERVED(type),
        .head_at = layout->names.size,
    };
    proto_text_always(&layout->names, ENTRY_KEY, column->name);
    buf_append_char(&layout->names, PROTO_TAG(ENTRY_VALUE, PROTO_BYTES));
    made->head_size = (uint32_t)(layout->names.size - made->head_at);
}

static bool is_sent(const struct view_table *table, const struct selection_table *selection,
                    uint32_t index, unsigned type)
{
    const struct catalog_column *column = &table->table->columns[index];

    return view_type(table, index) != TL_TYPE_NULL &&
           (type != RECORD_DELETE || column->key > 0) &&
           selection_has_column(selection, column);
}

enum tl_status record_layout_make(struct record_layout *layout, const struct view_table *table,
                                  const struct selection_table *selection, unsigned type,
                                  struct tl_error *err)
{
    uint32_t n_columns = table->table->n_columns;

    if (layout->table == table->table && layout->version == table->version &&
        layout->type == type)
        return TL_OK;
    layout->table = NULL;
    if (n_columns > layout->max_columns) {
        struct record_column *columns =
            realloc(layout->columns, n_columns * sizeof(*layout->columns));
        if (columns == NULL)
            return tl_fail(err, TL_MEMORY, "out of memory for %u columns", n_columns);
        layout->columns = columns;
        layout->max_columns = n_columns;
    }
    layout->n_columns = 0;
    layout->type = type;
    buf_reset(&layout->names);
    for (uint32_t i = 0; i < n_columns; i++)
        if (is_sent(table, selection, i, type))
            add_column(layout, table, i);
    buf_reset(&layout->head);
    proto_text(&layout->head, RECORD_TABLE, table->table->name, strlen(table->table->name));
    proto_number(&layout->head, RECORD_TYPE, type);
    if (buf_check(&layout->names, "the columns' names", err) != TL_OK ||
        buf_check(&layout->head, "the table's name", err) != TL_OK)
        return err->status;
    layout->table = table->table;
    layout->version = table->version;
    return TL_OK;
}

/* Room for size bytes at the end, which is mostly there. */
static inline char *room(struct buf *out, size_t size)
{
    if (out->data != NULL && !out->failed && out->capacity - out->size > size)
        return out->data + out->size;
    return buf_reserve(out, size);
}

static inline void commit(struct buf *out, const char *end)
{
    out->size = (size_t)(end - out->data);
}

/* The entry up to its value, which has `size` bytes. */
static inline char *put_head(char *at, const struct record_layout *layout,
                             const struct record_column *column, size_t size)
{
    *at++ = PROTO_TAG(RECORD_DATA, PROTO_BYTES);
    at = proto_put_varint(at, column->head_size + proto_varint_size(size) + size);
    memcpy(at, layout->names.data + column->head_at, column->head_size);
    return proto_put_varint(at + column->head_size, size);
}

/* A value of few bytes, its tag included. */
static void append_small(const struct record_layout *layout, const struct record_column *column,
                         const char *value, size_t size, struct buf *out)
{
    char *at = room(out, column->head_size + ENTRY_OVERHEAD);

    if (at == NULL)
        return;
    at = put_head(at, layout, column, size);
    memcpy(at, value, size);
    commit(out, at + size);
}

static void append_varint(const struct record_layout *layout,
                          const struct record_column *column, enum tl_type type,
                          uint64_t number, struct buf *out)
{
    char value[SMALL_BYTES], *end = value;

    *end++ = (char)PROTO_TAG(value_fields[type], PROTO_VARINT);
    end = proto_put_varint(end, number);
    append_small(layout, column, value, (size_t)(end - value), out);
}

/* The bytes of a fixed-width number, the lowest first. */
static char *put_fixed(char *at, uint64_t bits, int n_bytes)
{
    for (int i = 0; i < n_bytes; i++)
        *at++ = (char)(bits >> 8 * i);
    return at;
}

static void append_real(const struct record_layout *layout, const struct record_column *column,
                        double real, struct buf *out)
{
    char value[SMALL_BYTES], *end = value;
    float narrow = (float)real;
    uint64_t wide_bits;
    uint32_t narrow_bits;

    memcpy(&wide_bits, &real, sizeof(wide_bits));
    memcpy(&narrow_bits, &narrow, sizeof(narrow_bits));
    if (column->type == TL_TYPE_FLOAT) {
        *end++ = (char)PROTO_TAG(value_fields[TL_TYPE_FLOAT], PROTO_32_BITS);
        end = put_fixed(end, narrow_bits, 4);
    } else {
        *end++ = (char)PROTO_TAG(value_fields[TL_TYPE_DOUBLE], PROTO_64_BITS);
        end = put_fixed(end, wide_bits, 8);
    }
    append_small(layout, column, value, (size_t)(end - value), out);
}

static void append_timestamp(const struct record_layout *layout,
                             const struct record_column *column,
                             const struct timestamp *timestamp, struct buf *out)
{
    char value[SMALL_BYTES + 4], inner[SMALL_BYTES], *end = value, *inside = inner;

    if (timestamp->seconds != 0) {
        *inside++ = PROTO_TAG(TIMESTAMP_SECONDS, PROTO_VARINT);
        inside = proto_put_varint(inside, (uint64_t)timestamp->seconds);
    }
    if (timestamp->nanos != 0) {
        *inside++ = PROTO_TAG(TIMESTAMP_NANOS, PROTO_VARINT);
        inside = proto_put_varint(inside, (uint64_t)timestamp->nanos);
    }
    *end++ = (char)PROTO_TAG(value_fields[column->type], PROTO_BYTES);
    *end++ = (char)(inside - inner);
    memcpy(end, inner, (size_t)(inside - inner));
    append_small(layout, column, value, (size_t)(end - value + (inside - inner)), out);
}

static void append_bytes(const struct record_layout *layout, const struct record_column *column,
                         const struct tl_value *value, struct buf *out)
{
    size_t size = 1 + proto_varint_size(value->size) + value->size;
    char *at = room(out, column->head_size + ENTRY_OVERHEAD + value->size);

    if (at == NULL)
        return;
    at = put_head(at, layout, column, size);
    *at++ = (char)PROTO_TAG(value_fields[column->type], PROTO_BYTES);
    at = proto_put_varint(at, value->size);
    if (value->size > 0)
        memcpy(at, value->as.text, value->size);
    commit(out, at + value->size);
}

/* Whether the text is UTF-8: mostly ASCII, looked at eight bytes at a time. */
static bool is_utf8(const char *text, size_t size)
{
    size_t at = 0;
    uint64_t word;

    for (; at + sizeof(word) <= size; at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    return text_valid_utf8(text + at, size - at) == size - at;
}

static enum tl_status fail_value(const struct record_column *column,
                                 const struct tl_value *value, struct tl_error *err)
{
    return tl_fail(err, TL_DATA, "column \"%s\" of type %s holds %s that cannot be sent",
                   column->name, tl_type_name(column->type), tl_type_name(value->type));
}

static enum tl_status append_text(const struct record_layout *layout,
                                  const struct record_column *column,
                                  const struct tl_value *value, struct buf *out,
                                  struct tl_error *err)
{
    if (value->type != column->type && column->type != TL_TYPE_STRING)
        return fail_value(column, value, err);
    if (column->type != TL_TYPE_BINARY && !is_utf8(value->as.text, value->size))
        return tl_fail(err, TL_DATA, "column \"%s\" holds text that is not UTF-8",
                       column->name);
    append_bytes(layout, column, value, out);
    return TL_OK;
}

/* The value has the column's type, or fails. */
static enum tl_status append_fitted(const struct record_layout *layout,
                                    const struct record_column *column,
                                    const struct tl_value *value, struct buf *out,
                                    struct tl_error *err)
{
    struct timestamp timestamp;

    switch (column->type) {
    case TL_TYPE_BOOLEAN:
        if (value->type != TL_TYPE_BOOLEAN)
            return fail_value(column, value, err);
        append_varint(layout, column, TL_TYPE_BOOLEAN, value->as.boolean, out);
        return TL_OK;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        if (value->type < TL_TYPE_SHORT || value->type > TL_TYPE_LONG)
            return fail_value(column, value, err);
        append_varint(layout, column, column->type, (uint64_t)value->as.integer, out);
        return TL_OK;
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        if (value->type != TL_TYPE_FLOAT && value->type != TL_TYPE_DOUBLE)
            return fail_value(column, value, err);
        append_real(layout, column, value->as.real, out);
        return TL_OK;
    case TL_TYPE_NAIVE_DATE:
    case TL_TYPE_NAIVE_DATETIME:
    case TL_TYPE_UTC_DATETIME:
        if (value->type != column->type || !timestamp_read(value, &timestamp))
            return fail_value(column, value, err);
        append_timestamp(layout, column, &timestamp, out);
        return TL_OK;
    default:
        return append_text(layout, column, value, out, err);
    }
}

static enum tl_status append_value(struct record_layout *layout,
                                   const struct record_column *column,
                                   const struct tl_value *value, struct buf *out,
                                   struct tl_error *err)
{
    struct tl_value fitted;

    if (value->type <= TL_TYPE_NULL) {
        if (value->type == TL_TYPE_NULL || layout->type != RECORD_UPDATE)
            append_varint(layout, column, TL_TYPE_NULL, 1, out);
        return TL_OK;
    }
    if (value->type == column->type && column->type != TL_TYPE_JSON)
        return append_fitted(layout, column, value, out, err);
    fitted = types_fit(value, column->observed, &layout->scratch);
    if (layout->scratch.failed)
        return buf_check(&layout->scratch, column->name, err);
    return append_fitted(layout, column, &fitted, out, err);
}

enum tl_status record_append(struct record_layout *layout, const struct batch *batch,
                             size_t row, struct buf *out, struct tl_error *err)
{
    buf_append(out, buf_text(&layout->head), layout->head.size);
    for (size_t i = 0; i < layout->n_columns; i++) {
        const struct record_column *column = &layout->columns[i];
        if (append_value(layout, column, view_value(batch, row, column->index), out, err) !=
            TL_OK)
            return err->status;
    }
    return TL_OK;
}
