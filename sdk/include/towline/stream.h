/* Streams: the unit of a sync. A stream fills one table and has one state. */
#ifndef TOWLINE_STREAM_H
#define TOWLINE_STREAM_H

#include "towline/option.h"
#include "towline/value.h"

#ifdef __cplusplus
extern "C" {
#endif

/* SINGER and AIRBYTE: the output is itself a tap's, or an Airbyte source's. */
enum tl_format {
    TL_FORMAT_AUTO,
    TL_FORMAT_JSON,
    TL_FORMAT_NDJSON,
    TL_FORMAT_CSV,
    TL_FORMAT_SINGER,
    TL_FORMAT_AIRBYTE
};
enum tl_deletes { TL_DELETES_IGNORE, TL_DELETES_SOFT, TL_DELETES_HARD };

enum { TL_PRECISION_MAX = 1000 };

struct tl_column {
    const char *name;
    enum tl_type type;
    uint32_t precision; /* DECIMAL: how many digits a value may have; 0: any number */
    uint32_t scale;     /* DECIMAL with a precision: how many of them after the point */
};

/* Gives the column the type that a configuration writes as "LONG" or "DECIMAL(10,2)", in any
 * letter case. False, with the column as it was, where that is none. */
bool tl_column_set_type(struct tl_column *column, const char *text);

/* What the runtime must know of a stream. Zero is the default of every field but table. All
 * pointers are borrowed for as long as the connector's instance lives. */
struct tl_stream {
    const char *table;               /* names the stream, too. SINGER, AIRBYTE: with a * in it
                                        a stream fills a table for each of the tap's streams,
                                        whose name stands for the * */
    const char *const *primary_key;  /* names or JSON Pointers, NULL-terminated; NULL: none */
    const struct tl_column *columns; /* declared types */
    size_t n_columns;
    const char *rows; /* JSON Pointer to the rows; NULL: the default rule */
    enum tl_format format;
    const char *tap_stream; /* SINGER, AIRBYTE: which of the tap's streams; NULL: the table's */
    enum tl_deletes deletes;
    const char *cursor;         /* a column whose highest value is kept as state */
    const char *cursor_start;   /* its value before the first sync */
    const char *cursor_overlap; /* how far before the highest value the next sync starts */
    bool ordered;               /* rows come in cursor order: commit as they come */
    uint64_t checkpoint_rows;   /* how often, when ordered; 0: 10,000 */
    bool fail_when_empty;
    bool replace_invalid_utf8;
    uint64_t max_row_bytes;  /* 0: 64 MiB */
    uint32_t max_depth;      /* 0: 1,000 */
    uint32_t max_name_bytes; /* of a column's name; 0: 1,024 */
};

/* The rows of these fields for a connector's own table of stream options; tl_stream_read reads
 * a stream from a configuration that has them. */
#define TL_STREAM_OPTIONS                                                                      \
    {                                                                                          \
        .name = "table",                                                                       \
        .ask = "The table to fill",                                                            \
        .kind = TL_OPTION_TEXT,                                                                \
        .help = "the table that the rows go to; names the stream. Where a tap's output fills " \
                "several, * stands for the name of each of its streams",                       \
        .flags = TL_OPTION_REQUIRED | TL_OPTION_TRY,                                           \
        .unless = "format=singer|airbyte",                                                     \
    },                                                                                         \
        {                                                                                      \
            .name = "primary_key",                                                             \
            .ask = "The columns that identify a row, with commas (empty: none)",               \
            .flags = TL_OPTION_TRY,                                                            \
            .kind = TL_OPTION_LIST,                                                            \
            .help =                                                                            \
                "columns or JSON Pointers that identify a row; none: a hash of its content",   \
        },                                                                                     \
        {                                                                                      \
            .name = "rows",                                                                    \
            .kind = TL_OPTION_TEXT,                                                            \
            .help =                                                                            \
                "JSON Pointer (RFC 6901) to the rows; * is every element, ~2 a * in a name",   \
        },                                                                                     \
        {                                                                                      \
            .name = "format",                                                                  \
            .kind = TL_OPTION_CHOICE,                                                          \
            .fallback = "auto",                                                                \
            .help = "how the output is laid out; auto: JSON in any layout, or CSV where the "  \
                    "source knows that it is",                                                 \
            .choices = "auto|json|ndjson|csv|singer|airbyte",                                  \
        },                                                                                     \
        {                                                                                      \
            .name = "tap_stream",                                                              \
            .kind = TL_OPTION_TEXT,                                                            \
            .help = "which stream of a tap or source the rows are of; if not given, the one "  \
                    "named as the table, or all of them if `table` has a * or is left out",    \
        },                                                                                     \
        {                                                                                      \
            .name = "columns",                                                                 \
            .kind = TL_OPTION_COLUMNS,                                                         \
            .help = "declared types of some columns, such as LONG or DECIMAL(10,2); the "      \
                    "others are inferred",                                                     \
        },                                                                                     \
        {                                                                                      \
            .name = "cursor",                                                                  \
            .kind = TL_OPTION_TEXT,                                                            \
            .help = "a column whose highest value is kept and replaces {{cursor}} in the "     \
                    "next sync",                                                               \
        },                                                                                     \
        {                                                                                      \
            .name = "cursor_start",                                                            \
            .kind = TL_OPTION_TEXT,                                                            \
            .help = "what {{cursor}} is in the first sync",                                    \
        },                                                                                     \
        {                                                                                      \
            .name = "cursor_overlap",                                                          \
            .kind = TL_OPTION_TEXT,                                                            \
            .help = "how far before the highest value the next sync starts: a number, or "     \
                    "90s, 15m, 2h, 1d for times",                                              \
        },                                                                                     \
        {                                                                                      \
            .name = "ordered",                                                                 \
            .kind = TL_OPTION_BOOLEAN,                                                         \
            .fallback = "false",                                                               \
            .help = "rows arrive in cursor order: commit as they come, resume from there",     \
        },                                                                                     \
        {                                                                                      \
            .name = "checkpoint_rows",                                                         \
            .kind = TL_OPTION_INTEGER,                                                         \
            .fallback = "10000",                                                               \
            .help = "how many rows make a checkpoint of an ordered stream",                    \
            .flags = TL_OPTION_ADVANCED,                                                       \
            .min = 1,                                                                          \
            .max = 1000000000,                                                                 \
        },                                                                                     \
        {                                                                                      \
            .name = "deletes",                                                                 \
            .kind = TL_OPTION_CHOICE,                                                          \
            .fallback = "ignore",                                                              \
            .help = "what becomes of rows that a complete output no longer holds",             \
            .choices = "ignore|soft|hard",                                                     \
        },                                                                                     \
        {                                                                                      \
            .name = "empty",                                                                   \
            .kind = TL_OPTION_CHOICE,                                                          \
            .fallback = "ok",                                                                  \
            .help = "what an empty output means",                                              \
            .choices = "ok|fail",                                                              \
        },                                                                                     \
        {                                                                                      \
            .name = "on_invalid_utf8",                                                         \
            .kind = TL_OPTION_CHOICE,                                                          \
            .fallback = "fail",                                                                \
            .help = "what to do with text that is not UTF-8",                                  \
            .flags = TL_OPTION_ADVANCED,                                                       \
            .choices = "fail|replace",                                                         \
        },                                                                                     \
        {                                                                                      \
            .name = "max_row_bytes",                                                           \
            .kind = TL_OPTION_INTEGER,                                                         \
            .fallback = "67108864",                                                            \
            .help = "the largest row taken",                                                   \
            .flags = TL_OPTION_ADVANCED,                                                       \
            .min = 1,                                                                          \
            .max = 2147483647,                                                                 \
        },                                                                                     \
        {                                                                                      \
            .name = "max_depth",                                                               \
            .kind = TL_OPTION_INTEGER,                                                         \
            .fallback = "1000",                                                                \
            .help = "the deepest nesting taken",                                               \
            .flags = TL_OPTION_ADVANCED,                                                       \
            .min = 1,                                                                          \
            .max = 16384,                                                                      \
        },                                                                                     \
    {                                                                                          \
        .name = "max_name_bytes", .kind = TL_OPTION_INTEGER, .fallback = "1024",               \
        .help = "the longest column name taken", .flags = TL_OPTION_ADVANCED, .min = 1,        \
        .max = 1048576,                                                                        \
    }

/* Reads the fields above. *columns is the memory of stream->columns: the caller frees it with
 * free(). Fails with TL_CONFIGURATION. */
TL_NODISCARD enum tl_status tl_stream_read(const struct tl_config *config,
                                           struct tl_stream *stream, struct tl_column **columns,
                                           struct tl_error *err);

#ifdef __cplusplus
}
#endif
#endif
