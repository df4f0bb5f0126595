/* One JSON object into the cells of a row: strict RFC 8259, nothing changed. */
#ifndef JSON_ROW_H
#define JSON_ROW_H

#include "base/buf.h"
#include "json/reader.h"
#include "rows/builder.h"

struct json_row_limits {
    uint32_t max_depth; /* at most JSON_DEPTH_LIMIT */
    uint32_t max_name_bytes;
    enum json_invalid_utf8 invalid_utf8;
    const char *stream; /* whose rows these are, for warnings; borrowed; NULL: not said */
};

/* The sink that builds rows: hand &rows.sink to json_reader_new, and the builder receives every
 * row from builder_begin to builder_end. Numbers become LONG, DOUBLE or DECIMAL by
 * types_number, strings STRING or a date type, objects and arrays JSON (compact: white space
 * outside strings removed, every other byte kept). Of a name that stands twice in a row the
 * last value counts; a warning says so once per column. Fails with TL_DATA naming row, byte and
 * column; failures of the builder's row check get the row's byte offset put before them. */
struct json_rows {
    struct json_row_sink sink;
    struct builder *builder; /* borrowed */
    struct json_row_limits limits;
    struct buf warned; /* one byte per column: whether it was warned about */
};

void json_rows_init(struct json_rows *rows, struct builder *builder,
                    const struct json_row_limits *limits);
void json_rows_reset(struct json_rows *rows);

/* Gives *cell the value of JSON text that is known to be one valid value, by the same rules as
 * in a row's column of that index, with its text in the builder's memory. */
TL_NODISCARD enum tl_status json_value_parse(const char *json, size_t size,
                                             struct builder *builder, uint32_t column,
                                             struct tl_value *cell, struct tl_error *err);

#endif
