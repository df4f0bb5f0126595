/* The bytes of a stream's output into rows. */
#include "sync/input.h"

#include "sync/tap.h"

enum { INPUT_ROW_BYTES = 64 * 1024 * 1024, INPUT_DEPTH = 1000, INPUT_NAME_BYTES = 1024 };

static size_t max_row_bytes(const struct tl_stream *stream)
{
    return stream->max_row_bytes ? stream->max_row_bytes : INPUT_ROW_BYTES;
}

static uint32_t max_name_bytes(const struct tl_stream *stream)
{
    return stream->max_name_bytes ? stream->max_name_bytes : INPUT_NAME_BYTES;
}

static enum tl_status open_json(struct input *input, const struct tl_stream *stream,
                                const char *const *key, const char *name,
                                struct builder *builder, struct tl_error *err)
{
    bool tap = tap_speaks(input->format);
    enum json_invalid_utf8 invalid_utf8 =
        stream->replace_invalid_utf8 ? JSON_UTF8_REPLACE : JSON_UTF8_FAIL;
    uint32_t max_depth = stream->max_depth ? stream->max_depth : INPUT_DEPTH;
    struct json_reader_options options = {
        .format = tap ? JSON_FORMAT_NDJSON : (enum json_format)input->format,
        .invalid_utf8 = invalid_utf8,
        .rows = tap ? tap_rows(input->format) : stream->rows,
        .key_columns = key,
        .max_row_bytes = max_row_bytes(stream),
        .max_depth = max_depth,
    };
    struct json_row_limits limits = {.max_depth = max_depth,
                                     .max_name_bytes = max_name_bytes(stream),
                                     .invalid_utf8 = invalid_utf8,
                                     .stream = name};

    json_rows_init(&input->json_rows, builder, &limits);
    return json_reader_new(&options, &input->json_rows.sink, &input->json, err);
}

static enum tl_status open_csv(struct input *input, const struct tl_stream *stream,
                               const char *const *key, const char *name,
                               struct builder *builder, struct tl_error *err)
{
    struct csv_limits limits = {.max_row_bytes = max_row_bytes(stream),
                                .max_name_bytes = max_name_bytes(stream),
                                .replace_invalid_utf8 = stream->replace_invalid_utf8,
                                .key_columns = key,
                                .stream = name};

    return csv_reader_new(&limits, builder, &input->csv, err);
}

enum tl_status input_open(struct input *input, const struct tl_stream *stream,
                          enum tl_format format, const char *const *key, const char *name,
                          struct builder *builder, struct tl_error *err)
{
    enum tl_status status;

    input->format = format;
    status = format == TL_FORMAT_CSV ? open_csv(input, stream, key, name, builder, err)
                                     : open_json(input, stream, key, name, builder, err);
    input->open = status == TL_OK;
    return status;
}

void input_reset(struct input *input)
{
    json_reader_free(input->json);
    json_rows_reset(&input->json_rows);
    csv_reader_free(input->csv);
    *input = (struct input){0};
}

enum tl_status input_feed(struct input *input, const char *bytes, size_t size,
                          struct tl_error *err)
{
    return input->csv != NULL ? csv_reader_feed(input->csv, bytes, size, err)
                              : json_reader_feed(input->json, bytes, size, err);
}

void input_seek(struct input *input, uint64_t offset)
{
    if (input->json != NULL)
        json_reader_seek(input->json, offset);
}

enum tl_status input_finish(struct input *input, struct tl_error *err)
{
    return input->csv != NULL ? csv_reader_finish_part(input->csv, err)
                              : json_reader_finish(input->json, err);
}

enum tl_status input_finish_part(struct input *input, struct tl_error *err)
{
    return input->csv != NULL ? csv_reader_finish_part(input->csv, err)
                              : json_reader_finish_part(input->json, err);
}

uint64_t input_rows(const struct input *input)
{
    return input->csv != NULL ? csv_reader_rows(input->csv) : json_reader_rows(input->json);
}

bool input_is_empty(const struct input *input)
{
    return (input->csv != NULL ? csv_reader_headers(input->csv)
                               : json_reader_documents(input->json)) == 0;
}
