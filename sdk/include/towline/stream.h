/* Streams: the unit of a sync. A stream fills one table and has one state. */
#ifndef TOWLINE_STREAM_H
#define TOWLINE_STREAM_H

#include "towline/option.h"
#include "towline/value.h"

#ifdef __cplusplus
extern "C" {
#endif

enum tl_format { TL_FORMAT_AUTO, TL_FORMAT_JSON, TL_FORMAT_NDJSON };
enum tl_deletes { TL_DELETES_IGNORE, TL_DELETES_SOFT, TL_DELETES_HARD };

struct tl_column {
    const char *name;
    enum tl_type type;
};

/* What the runtime must know of a stream. Zero is the default of every field but table. All
 * pointers are borrowed for as long as the connector's instance lives. */
struct tl_stream {
    const char *table;               /* names the stream, too */
    const char *const *primary_key;  /* names or JSON Pointers, NULL-terminated; NULL: none */
    const struct tl_column *columns; /* declared types */
    size_t n_columns;
    const char *rows; /* JSON Pointer to the rows; NULL: the default rule */
    enum tl_format format;
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
    {"table",                                                                                  \
     TL_OPTION_TEXT,                                                                           \
     NULL,                                                                                     \
     "the table that the rows go to; names the stream",                                        \
     TL_OPTION_REQUIRED,                                                                       \
     NULL,                                                                                     \
     0,                                                                                        \
     0,                                                                                        \
     NULL},                                                                                    \
        {"primary_key",                                                                        \
         TL_OPTION_LIST,                                                                       \
         NULL,                                                                                 \
         "columns or JSON Pointers that identify a row; none: a hash of its content",          \
         0,                                                                                    \
         NULL,                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         NULL},                                                                                \
        {"rows", TL_OPTION_TEXT,                                                               \
         NULL,   "JSON Pointer (RFC 6901) to the rows; * is every element, ~2 a * in a name",  \
         0,      NULL,                                                                         \
         0,      0,                                                                            \
         NULL},                                                                                \
        {"format", TL_OPTION_CHOICE,   "auto", "how the output is laid out",                   \
         0,        "auto|json|ndjson", 0,      0,                                              \
         NULL},                                                                                \
        {"columns", TL_OPTION_COLUMNS,                                                         \
         NULL,      "declared types of some columns; the others are inferred",                 \
         0,         NULL,                                                                      \
         0,         0,                                                                         \
         NULL},                                                                                \
        {"cursor",                                                                             \
         TL_OPTION_TEXT,                                                                       \
         NULL,                                                                                 \
         "a column whose highest value is kept and replaces {{cursor}} in the next sync",      \
         0,                                                                                    \
         NULL,                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         NULL},                                                                                \
        {"cursor_start",                                                                       \
         TL_OPTION_TEXT,                                                                       \
         NULL,                                                                                 \
         "what {{cursor}} is in the first sync",                                               \
         0,                                                                                    \
         NULL,                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         NULL},                                                                                \
        {"cursor_overlap",                                                                     \
         TL_OPTION_TEXT,                                                                       \
         NULL,                                                                                 \
         "how far before the highest value the next sync starts: a number, or 90s, 15m, 2h, "  \
         "1d for times",                                                                       \
         0,                                                                                    \
         NULL,                                                                                 \
         0,                                                                                    \
         0,                                                                                    \
         NULL},                                                                                \
        {"ordered", TL_OPTION_BOOLEAN,                                                         \
         "false",   "rows arrive in cursor order: commit as they come, resume from there",     \
         0,         NULL,                                                                      \
         0,         0,                                                                         \
         NULL},                                                                                \
        {"checkpoint_rows",                                                                    \
         TL_OPTION_INTEGER,                                                                    \
         "10000",                                                                              \
         "how many rows make a checkpoint of an ordered stream",                               \
         TL_OPTION_ADVANCED,                                                                   \
         NULL,                                                                                 \
         1,                                                                                    \
         1000000000,                                                                           \
         NULL},                                                                                \
        {"deletes", TL_OPTION_CHOICE,                                                          \
         "ignore",  "what becomes of rows that a complete output no longer holds",             \
         0,         "ignore|soft|hard",                                                        \
         0,         0,                                                                         \
         NULL},                                                                                \
        {"empty", TL_OPTION_CHOICE, "ok", "what an empty output means", 0, "ok|fail", 0, 0,    \
         NULL},                                                                                \
        {"on_invalid_utf8",                                                                    \
         TL_OPTION_CHOICE,                                                                     \
         "fail",                                                                               \
         "what to do with text that is not UTF-8",                                             \
         TL_OPTION_ADVANCED,                                                                   \
         "fail|replace",                                                                       \
         0,                                                                                    \
         0,                                                                                    \
         NULL},                                                                                \
        {"max_row_bytes",                                                                      \
         TL_OPTION_INTEGER,                                                                    \
         "67108864",                                                                           \
         "the largest row taken",                                                              \
         TL_OPTION_ADVANCED,                                                                   \
         NULL,                                                                                 \
         1,                                                                                    \
         2147483647,                                                                           \
         NULL},                                                                                \
        {"max_depth",                                                                          \
         TL_OPTION_INTEGER,                                                                    \
         "1000",                                                                               \
         "the deepest nesting taken",                                                          \
         TL_OPTION_ADVANCED,                                                                   \
         NULL,                                                                                 \
         1,                                                                                    \
         16384,                                                                                \
         NULL},                                                                                \
    {                                                                                          \
        "max_name_bytes", TL_OPTION_INTEGER, "1024", "the longest column name taken",          \
            TL_OPTION_ADVANCED, NULL, 1, 1048576, NULL                                         \
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
