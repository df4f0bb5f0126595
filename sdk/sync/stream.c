/* Streams read from a configuration that has TL_STREAM_OPTIONS. */
#include <stdlib.h>
#include <string.h>

#include "json/pointer.h"
#include "sync/cursor.h"
#include "sync/schema.h"
#include "sync/stream_run.h"
#include "towline/stream.h"

static enum tl_status stream_read_columns(const struct tl_config *config,
                                          struct tl_stream *stream, struct tl_column **columns,
                                          struct tl_error *err)
{
    const char *name, *type;
    size_t count = 0;

    while (tl_config_pair(config, "columns", count, &name, &type))
        count++;
    *columns = calloc(count + 1, sizeof(**columns));
    if (*columns == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the declared columns");
    for (size_t i = 0; i < count; i++) {
        (void)tl_config_pair(config, "columns", i, &name, &type);
        (*columns)[i].name = name;
        if (!tl_column_set_type(&(*columns)[i], type)) {
            (void)tl_fail(err, TL_CONFIGURATION,
                          "columns: \"%s\" is no type, for column \"%s\"", type, name);
            return tl_remedy(err,
                             "Types are BOOLEAN SHORT INT LONG DECIMAL FLOAT DOUBLE "
                             "NAIVE_DATE NAIVE_DATETIME UTC_DATETIME BINARY XML STRING JSON, "
                             "and DECIMAL(10,2) for ten digits, at most %d, two of them after "
                             "the point",
                             TL_PRECISION_MAX);
        }
    }
    stream->columns = *columns;
    stream->n_columns = count;
    return TL_OK;
}

/* Of a stream that fills all tables of a tap. */
static enum tl_status stream_check_pattern(const struct tl_stream *stream, struct tl_error *err)
{
    if (strchr(stream->table, '*') != strrchr(stream->table, '*'))
        return tl_fail(err, TL_CONFIGURATION, "its table has more than one *");
    if (stream->tap_stream != NULL) {
        (void)tl_fail(
            err, TL_CONFIGURATION,
            "`tap_stream` names one of the tap's streams, and `table` stands for all");
        return tl_remedy(err, "Give `table` a name without *, or leave out `tap_stream`");
    }
    if (stream->cursor != NULL) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "`cursor` has no meaning where a tap fills several tables");
        return tl_remedy(err, "Leave it out: the tap keeps a state of its own, {{state}}");
    }
    return TL_OK;
}

const struct tl_column *stream_column(const struct tl_stream *stream, const char *name,
                                      size_t size)
{
    for (size_t i = 0; i < stream->n_columns; i++) {
        const char *declared = stream->columns[i].name;
        if (strlen(declared) == size && memcmp(declared, name, size) == 0)
            return &stream->columns[i];
    }
    return NULL;
}

static enum tl_status stream_check(const struct tl_stream *stream, struct tl_error *err)
{
    struct json_pointer pointer = {0};

    if (stream->rows != NULL) {
        if (json_pointer_parse(stream->rows, &pointer, err) != TL_OK)
            return tl_context(err, "rows");
        json_pointer_reset(&pointer);
    }
    if (stream->ordered && stream->cursor == NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "`ordered` needs a `cursor`: the order is the cursor's");
    if (stream->deletes != TL_DELETES_IGNORE && stream->cursor != NULL) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "`deletes` and `cursor` exclude each other: what an "
                      "incremental output leaves out is not gone");
        return tl_remedy(err, "Leave out one of the two");
    }
    if (stream->cursor_overlap != NULL && !cursor_overlap_is_valid(stream->cursor_overlap)) {
        (void)tl_fail(err, TL_CONFIGURATION, "cursor_overlap \"%s\" is no distance",
                      stream->cursor_overlap);
        return tl_remedy(err,
                         "Write a number for number cursors, or 90s, 15m, 2h, 1d for times");
    }
    if (stream->format >= TL_FORMAT_SINGER && stream->rows != NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "`rows` has no meaning where the output is a tap's: its records are");
    if (stream->format == TL_FORMAT_CSV && stream->rows != NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "`rows` has no meaning where the output is CSV: its lines are");
    if (schema_is_pattern(stream) && stream_check_pattern(stream, err) != TL_OK)
        return err->status;
    if (stream->format < TL_FORMAT_SINGER && stream->tap_stream != NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "`tap_stream` needs a `format` of singer or airbyte");
    if (stream->cursor == NULL && (stream->cursor_start || stream->cursor_overlap))
        return tl_fail(err, TL_CONFIGURATION, "`%s` needs a `cursor`",
                       stream->cursor_start ? "cursor_start" : "cursor_overlap");
    return TL_OK;
}

static int stream_choice(const char *value, const char *const *names)
{
    int i = 0;
    while (names[i + 1] != NULL && strcmp(names[i], value) != 0)
        i++;
    return i;
}

enum tl_status tl_stream_read(const struct tl_config *config, struct tl_stream *stream,
                              struct tl_column **columns, struct tl_error *err)
{
    static const char *const formats[] = {"auto",   "json",    "ndjson", "csv",
                                          "singer", "airbyte", NULL};
    static const char *const deletes[] = {"ignore", "soft", "hard", NULL};

    *stream = (struct tl_stream){
        .table = tl_config_text(config, "table"),
        .primary_key = tl_config_list(config, "primary_key"),
        .rows = tl_config_text(config, "rows"),
        .format = (enum tl_format)stream_choice(tl_config_text(config, "format"), formats),
        .tap_stream = tl_config_text(config, "tap_stream"),
        .deletes = (enum tl_deletes)stream_choice(tl_config_text(config, "deletes"), deletes),
        .cursor = tl_config_text(config, "cursor"),
        .cursor_start = tl_config_text(config, "cursor_start"),
        .cursor_overlap = tl_config_text(config, "cursor_overlap"),
        .ordered = tl_config_boolean(config, "ordered"),
        .checkpoint_rows = (uint64_t)tl_config_integer(config, "checkpoint_rows"),
        .fail_when_empty = strcmp(tl_config_text(config, "empty"), "fail") == 0,
        .replace_invalid_utf8 =
            strcmp(tl_config_text(config, "on_invalid_utf8"), "replace") == 0,
        .max_row_bytes = (uint64_t)tl_config_integer(config, "max_row_bytes"),
        .max_depth = (uint32_t)tl_config_integer(config, "max_depth"),
        .max_name_bytes = (uint32_t)tl_config_integer(config, "max_name_bytes"),
    };
    if (stream->table == NULL)
        stream->table = "*"; /* only where a tap's streams have names of their own */
    if (stream_read_columns(config, stream, columns, err) != TL_OK ||
        stream_check(stream, err) != TL_OK)
        return tl_context(err, "stream %s", stream->table);
    return TL_OK;
}
