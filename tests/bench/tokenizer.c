/* How fast bytes become rows: two workloads made in memory, MB/s of each. Not part of ctest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "json/row.h"

#define PIECE_BYTES ((size_t)32 << 10)

static void make_w1(struct buf *out, size_t size)
{
    for (unsigned i = 0; out->size < size; i++)
        buf_printf(out,
                   "{\"id\":%u,\"name\":\"user "
                   "%07u\",\"email\":\"user%u@example.org\",\"amount\":%u.%02u,"
                   "\"active\":%s,\"updated_at\":\"2026-01-%02uT%02u:00:00Z\"}\n",
                   i, i * 7919 % 10000000, i, i % 5000, i % 100, i % 3 ? "true" : "false",
                   i % 28 + 1, i % 24);
}

static void make_w3(struct buf *out, size_t size)
{
    for (unsigned i = 0; out->size < size; i++) {
        buf_printf(out, "{\"id\":%u", i);
        for (unsigned c = 1; c < 40; c++) {
            if (c % 5 == 0)
                buf_printf(out, ",\"nested_%u\":{\"a\":[%u,2,3],\"b\":\"x\\ny\"}", c, i);
            else if (c % 5 == 1)
                buf_printf(out, ",\"text_%u\":\"line %u\\nwith \\\"quotes\\\" \\u00e9\"", c, i);
            else if (c % 5 == 2)
                buf_printf(out, ",\"big_%u\":9007199254%06u", c, i % 1000000);
            else if (c % 5 == 3)
                buf_printf(out, ",\"decimal_%u\":12345.6789012345678%02u", c, i % 100);
            else
                buf_printf(out, ",\"plain_%u\":\"some ordinary text of a column\"", c);
        }
        buf_append_string(out, "}\n");
    }
}

static enum tl_status drop(struct builder_sink *sink, struct block *block, struct tl_error *err)
{
    (void)sink;
    (void)err;
    block_free(block);
    return TL_OK;
}

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static enum tl_status read_all(const struct buf *text, uint64_t *rows_read,
                               struct tl_error *err)
{
    struct json_reader_options options = {.max_row_bytes = (size_t)64 << 20, .max_depth = 1000};
    struct json_row_limits row_limits = {.max_depth = 1000, .max_name_bytes = 1024};
    struct builder_limits limits = {
        .max_columns = 2000, .block_bytes = (size_t)256 << 10, .block_rows = 10000};
    struct builder_sink sink = {.block = drop};
    struct builder builder;
    struct json_rows rows;
    struct json_reader *reader = NULL;
    enum tl_status status;

    builder_init(&builder, &sink, &limits);
    json_rows_init(&rows, &builder, &row_limits);
    status = json_reader_new(&options, &rows.sink, &reader, err);
    for (size_t at = 0; status == TL_OK && at < text->size; at += PIECE_BYTES) {
        size_t left = text->size - at;
        status = json_reader_feed(reader, text->data + at,
                                  left < PIECE_BYTES ? left : PIECE_BYTES, err);
    }
    if (status == TL_OK)
        status = json_reader_finish(reader, err);
    *rows_read = builder.rows;
    json_reader_free(reader);
    json_rows_reset(&rows);
    builder_reset(&builder);
    return status;
}

static int measure(const char *name, void (*make)(struct buf *, size_t))
{
    struct buf text = BUF_INIT((size_t)1 << 30);
    struct tl_error err = {0};
    double best = 1e9;
    uint64_t rows = 0;

    make(&text, (size_t)64 << 20);
    for (int i = 0; i < 7; i++) {
        double start = now(), took;
        if (read_all(&text, &rows, &err) != TL_OK) {
            fprintf(stderr, "%s: %s\n", name, err.message);
            buf_free(&text);
            return 1;
        }
        took = now() - start;
        best = took < best ? took : best;
    }
    printf("%s: %.0f MB/s, %.2f M rows/s, %.0f bytes a row\n", name,
           (double)text.size / best / 1e6, (double)rows / best / 1e6,
           (double)text.size / (double)rows);
    buf_free(&text);
    return 0;
}

int main(void)
{
    return measure("W1, six plain columns", make_w1) | measure("W3, forty columns", make_w3);
}
