/* A file in memory, read as rows. */
#include "bench/input.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json/row.h"

/* The limits of the SDK's own streams. */
enum { PIECE_BYTES = 32 * 1024, BLOCK_BYTES = 256 * 1024, BLOCK_ROWS = 10000 };
enum { MAX_COLUMNS = 2000, MAX_DEPTH = 1000, MAX_NAME_BYTES = 1024, MAX_ROW_BYTES = 64 << 20 };

enum tl_status input_load(const char *path, struct buf *out, struct tl_error *err)
{
    FILE *file = fopen(path, "rb");
    size_t got = 1;
    enum tl_status status;

    *out = BUF_INIT((size_t)1 << 40);
    if (file == NULL)
        return tl_fail(err, TL_CONFIGURATION, "cannot open %s: %s", path, strerror(errno));
    while (got > 0) {
        char *room = buf_reserve(out, PIECE_BYTES);
        got = room != NULL ? fread(room, 1, PIECE_BYTES, file) : 0;
        buf_commit(out, got);
    }
    status = buf_check(out, path, err);
    if (ferror(file))
        status = tl_fail(err, TL_CONFIGURATION, "cannot read %s: %s", path, strerror(errno));
    fclose(file);
    return status;
}

enum tl_status input_read(const struct buf *text, struct builder_sink *sink, uint64_t *rows,
                          struct tl_error *err)
{
    static const char *const key[] = {"id", NULL};
    struct json_reader_options options = {
        .key_columns = key, .max_row_bytes = MAX_ROW_BYTES, .max_depth = MAX_DEPTH};
    struct json_row_limits row_limits = {.max_depth = MAX_DEPTH,
                                         .max_name_bytes = MAX_NAME_BYTES};
    struct builder_limits limits = {
        .max_columns = MAX_COLUMNS, .block_bytes = BLOCK_BYTES, .block_rows = BLOCK_ROWS};
    struct builder builder;
    struct json_rows json_rows;
    struct json_reader *reader = NULL;
    enum tl_status status;

    builder_init(&builder, sink, &limits);
    json_rows_init(&json_rows, &builder, &row_limits);
    status = json_reader_new(&options, &json_rows.sink, &reader, err);
    for (size_t at = 0; status == TL_OK && at < text->size; at += PIECE_BYTES) {
        size_t left = text->size - at;
        status = json_reader_feed(reader, text->data + at,
                                  left < PIECE_BYTES ? left : PIECE_BYTES, err);
    }
    if (status == TL_OK)
        status = json_reader_finish(reader, err);
    if (status == TL_OK)
        status = builder_flush(&builder, err);
    *rows = builder.rows;
    json_reader_free(reader);
    json_rows_reset(&json_rows);
    builder_reset(&builder);
    return status;
}

double input_seconds(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int input_complain(const char *program, const struct tl_error *err)
{
    fprintf(stderr, "%s: %s\n", program, err->message);
    return EXIT_FAILURE;
}
