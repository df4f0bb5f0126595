/* tl_json_rows: the rows of a JSON text, one after the other. */
#include "json/lex.h"
#include "json/pointer.h"
#include "json/reader.h"
#include "towline/json.h"

struct each {
    struct json_row_sink sink;
    struct tl_json_visitor *visitor;
    struct json_pointer data; /* "/data" */
};

static bool wraps_rows(const struct each *self, const char *object, size_t size)
{
    const char *found;
    size_t found_size;

    return json_pointer_find(&self->data, 0, object, size, &found, &found_size) &&
           *found == '[';
}

static enum tl_status each_row(struct json_row_sink *sink, const struct json_row_at *at,
                               enum json_row_end *end, size_t *used, struct tl_error *err)
{
    struct each *self = (struct each *)sink;
    struct json_lex lex = {.at = at->json, .end = at->json + at->size, .replace = true};
    struct json_span span;
    enum json_lexed lexed = json_lex_value(&lex, JSON_DEPTH_LIMIT, &span);

    *end = JSON_ROW_CUT;
    if (lexed == JSON_LEX_CUT)
        return TL_OK;
    if (lexed == JSON_LEX_BAD)
        return tl_fail(err, TL_DATA, "not valid JSON: %s", lex.why);
    *used = (size_t)(lex.at - at->json);
    if (at->may_be_wrapper && wraps_rows(self, at->json, *used)) {
        *end = JSON_ROW_WRAPPER;
        return TL_OK;
    }
    *end = JSON_ROW_TAKEN;
    return self->visitor->row(self->visitor, at->json, *used, err);
}

enum tl_status tl_json_rows(const char *json, size_t size, const char *rows,
                            struct tl_json_visitor *visitor, struct tl_error *err)
{
    struct each each = {.sink = {.row = each_row}, .visitor = visitor};
    struct json_reader_options options = {
        .rows = rows, .max_row_bytes = JSON_ROW_BYTES_LIMIT, .max_depth = JSON_DEPTH_LIMIT};
    struct json_reader *reader = NULL;
    enum tl_status status = json_pointer_parse("/data", &each.data, err);

    if (status == TL_OK)
        status = json_reader_new(&options, &each.sink, &reader, err);
    if (status == TL_OK)
        status = json_reader_feed(reader, json, size, err);
    if (status == TL_OK)
        status = json_reader_finish(reader, err);
    json_reader_free(reader);
    json_pointer_reset(&each.data);
    return status;
}
