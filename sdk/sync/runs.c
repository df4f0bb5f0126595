/* Writing sorted runs to a temporary file, and merging them. */
#include "sync/runs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/temporary.h"
#include "sync/key_order.h"

enum {
    READ_BYTES = 2 * RUNS_ROW_MAX, /* of each run's buffer: there is always a whole row */
    WRITE_BYTES = 256 << 10,
    BATCH_ROWS = 4096,
    BATCH_BYTES = 1 << 20 /* of text; and of cells */
};

/* A run that is being read: its next row, and the bytes after it. */
struct run {
    off_t offset; /* of what has not been read yet */
    off_t end;
    char *bytes; /* READ_BYTES */
    size_t n_bytes;
    size_t at;              /* where the row after the next one begins */
    struct tl_value *cells; /* the next row; text is in bytes */
    uint64_t prefix;        /* of its key */
    size_t number;          /* of the run */
};

struct runs {
    int fd;
    off_t size;
    struct run *runs; /* while merging a heap: the run with the lowest next row is first */
    size_t n_runs;
    bool merging;
    struct key_order order;
    char *buffer; /* writing: WRITE_BYTES; merging: the batch's text, BATCH_BYTES */
    size_t n_buffer;
    struct block block; /* the batch's rows */
    uint32_t max_rows;
    struct batch_part part;
    uint32_t *source;
    struct batch_row *rows;
};

struct runs *runs_new(void)
{
    struct runs *runs = calloc(1, sizeof(*runs));

    if (runs != NULL)
        runs->fd = -1;
    return runs;
}

void runs_free(struct runs *runs)
{
    if (runs == NULL)
        return;
    for (size_t i = 0; i < runs->n_runs; i++) {
        free(runs->runs[i].bytes);
        free(runs->runs[i].cells);
    }
    if (runs->fd >= 0)
        close(runs->fd);
    free(runs->runs);
    free(runs->buffer);
    free(runs->block.cells);
    free(runs->source);
    free(runs->rows);
    free(runs);
}

static enum tl_status fail_file(const char *doing, struct tl_error *err)
{
    int error = errno;

    (void)tl_fail(err, TL_DESTINATION,
                  "cannot %s the temporary file that rows are sorted in: %s", doing,
                  strerror(error));
    return tl_remedy(err, "Set TMPDIR to a folder with room for all rows of a stream");
}

static enum tl_status fail_memory(struct tl_error *err)
{
    return tl_fail(err, TL_MEMORY, "out of memory for sorting rows");
}

/* How many bytes follow the type. Text has its size before it. */
static size_t cell_bytes(const struct tl_value *value)
{
    switch (value->type) {
    case TL_TYPE_ABSENT:
    case TL_TYPE_NULL:
        return 0;
    case TL_TYPE_BOOLEAN:
        return 1;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        return sizeof(value->as.integer);
    default:
        return sizeof(value->size) + value->size;
    }
}

static size_t row_bytes(const struct batch *batch, size_t row)
{
    size_t size = sizeof(uint32_t);

    for (uint32_t i = 0; i < batch->table->n_columns; i++)
        size += 1 + cell_bytes(batch_cell(batch, &batch->rows[row], i));
    return size;
}

static char *put(char *to, const void *from, size_t size)
{
    memcpy(to, from, size);
    return to + size;
}

static char *put_cell(char *to, const struct tl_value *value)
{
    *to++ = (char)value->type;
    if (types_is_text(value->type)) {
        to = put(to, &value->size, sizeof(value->size));
        return value->size > 0 ? put(to, value->as.text, value->size) : to;
    }
    return put(to, &value->as, cell_bytes(value));
}

static enum tl_status write_buffer(struct runs *runs, struct tl_error *err)
{
    size_t written = 0;

    while (written < runs->n_buffer) {
        ssize_t n = write(runs->fd, runs->buffer + written, runs->n_buffer - written);
        if (n < 0 && errno != EINTR)
            return fail_file("write", err);
        written += n > 0 ? (size_t)n : 0;
    }
    runs->size += (off_t)runs->n_buffer;
    runs->n_buffer = 0;
    return TL_OK;
}

static enum tl_status write_row(struct runs *runs, const struct batch *batch, size_t row,
                                struct tl_error *err)
{
    uint32_t size = (uint32_t)row_bytes(batch, row);
    char *to;

    if (runs->n_buffer + size > WRITE_BYTES && write_buffer(runs, err) != TL_OK)
        return err->status;
    to = put(runs->buffer + runs->n_buffer, &size, sizeof(size));
    for (uint32_t i = 0; i < batch->table->n_columns; i++)
        to = put_cell(to, batch_cell(batch, &batch->rows[row], i));
    runs->n_buffer += size;
    return TL_OK;
}

static bool fits_all(const struct runs *runs, const struct batch *batch)
{
    size_t bytes = READ_BYTES + batch->table->n_columns * sizeof(struct tl_value);

    if (runs->n_runs == RUNS_MAX || (runs->n_runs + 1) * bytes > RUNS_BYTES)
        return false;
    for (size_t row = 0; row < batch->n_rows; row++)
        if (row_bytes(batch, row) > RUNS_ROW_MAX)
            return false;
    return true;
}

static enum tl_status prepare_writing(struct runs *runs, struct tl_error *err)
{
    if (runs->fd >= 0)
        return TL_OK;
    runs->runs = calloc(RUNS_MAX, sizeof(*runs->runs));
    runs->buffer = malloc(WRITE_BYTES);
    if (runs->runs == NULL || runs->buffer == NULL)
        return fail_memory(err);
    runs->fd = temporary_open();
    return runs->fd >= 0 ? TL_OK : fail_file("make", err);
}

enum tl_status runs_add(struct runs *runs, const struct batch *batch, bool *fits,
                        struct tl_error *err)
{
    struct run *run;

    *fits = fits_all(runs, batch);
    if (!*fits)
        return TL_OK;
    if (prepare_writing(runs, err) != TL_OK)
        return err->status;
    run = &runs->runs[runs->n_runs];
    *run = (struct run){.offset = runs->size, .number = runs->n_runs};
    for (size_t row = 0; row < batch->n_rows; row++)
        if (write_row(runs, batch, row, err) != TL_OK)
            return err->status;
    if (write_buffer(runs, err) != TL_OK)
        return err->status;
    run->end = runs->size;
    runs->n_runs++;
    runs->order = key_order_of(batch->table);
    return TL_OK;
}

/* Moves the rest of the buffer to its start and reads on. */
static enum tl_status fill(const struct runs *runs, struct run *run, struct tl_error *err)
{
    memmove(run->bytes, run->bytes + run->at, run->n_bytes - run->at);
    run->n_bytes -= run->at;
    run->at = 0;
    while (run->n_bytes < READ_BYTES && run->offset < run->end) {
        size_t room = READ_BYTES - run->n_bytes;
        off_t left = run->end - run->offset;
        ssize_t n = pread(runs->fd, run->bytes + run->n_bytes,
                          (off_t)room < left ? room : (size_t)left, run->offset);
        if (n == 0)
            errno = EIO;
        if (n == 0 || (n < 0 && errno != EINTR))
            return fail_file("read", err);
        run->n_bytes += n > 0 ? (size_t)n : 0;
        run->offset += n > 0 ? n : 0;
    }
    return TL_OK;
}

static const char *get_cell(const char *from, struct tl_value *out)
{
    *out = (struct tl_value){.type = (enum tl_type) * from++};
    if (!types_is_text(out->type)) {
        size_t size = cell_bytes(out);
        memcpy(&out->as, from, size);
        return from + size;
    }
    memcpy(&out->size, from, sizeof(out->size));
    out->as.text = from + sizeof(out->size);
    return out->as.text + out->size;
}

/* Reads the run's next row. *ended: there is none. */
static enum tl_status advance(const struct runs *runs, struct run *run, bool *ended,
                              struct tl_error *err)
{
    const uint32_t n_columns = runs->order.table->n_columns;
    size_t left = run->n_bytes - run->at;
    uint32_t size = 0;
    const char *from;

    if (left >= sizeof(size))
        memcpy(&size, run->bytes + run->at, sizeof(size));
    if ((size == 0 || left < size) && fill(runs, run, err) != TL_OK)
        return err->status;
    *ended = run->n_bytes == run->at;
    if (*ended)
        return TL_OK;
    memcpy(&size, run->bytes + run->at, sizeof(size));
    from = run->bytes + run->at + sizeof(size);
    for (uint32_t i = 0; i < n_columns; i++)
        from = get_cell(from, &run->cells[i]);
    run->at += size;
    run->prefix = key_order_prefix(&run->cells[key_order_column(runs->order.table, 1)]);
    return TL_OK;
}

static bool comes_first(const struct runs *runs, const struct run *a, const struct run *b)
{
    const struct key_order *order = &runs->order;
    int result = (a->prefix > b->prefix) - (a->prefix < b->prefix);

    for (uint32_t n = 1; result == 0 && !order->prefix_decides && n <= order->table->n_key;
         n++) {
        uint32_t column = key_order_column(order->table, n);
        result = key_order_compare(&a->cells[column], &b->cells[column]);
    }
    return result != 0 ? result < 0 : a->number < b->number;
}

static void sift_down(struct runs *runs, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        struct run swapped = runs->runs[at];
        if (child + 1 < runs->n_runs &&
            comes_first(runs, &runs->runs[child + 1], &runs->runs[child]))
            child++;
        if (child >= runs->n_runs || !comes_first(runs, &runs->runs[child], &runs->runs[at]))
            return;
        runs->runs[at] = runs->runs[child];
        runs->runs[child] = swapped;
        at = child;
    }
}

/* The first run's row was taken. */
static enum tl_status take_first(struct runs *runs, struct tl_error *err)
{
    bool ended;

    if (advance(runs, &runs->runs[0], &ended, err) != TL_OK)
        return err->status;
    if (ended) {
        struct run last = runs->runs[--runs->n_runs];
        free(runs->runs[0].bytes);
        free(runs->runs[0].cells);
        runs->runs[0] = last;
    }
    if (runs->n_runs > 0)
        sift_down(runs, 0);
    return TL_OK;
}

static enum tl_status prepare_batch(struct runs *runs, struct tl_error *err)
{
    uint32_t n_columns = runs->order.table->n_columns;
    size_t row = n_columns * sizeof(*runs->block.cells);

    runs->max_rows =
        BATCH_BYTES / row < BATCH_ROWS ? (uint32_t)(BATCH_BYTES / row) : BATCH_ROWS;
    runs->max_rows += runs->max_rows == 0;
    free(runs->buffer);
    runs->buffer = malloc(BATCH_BYTES);
    runs->block = (struct block){.stride = n_columns};
    runs->block.cells = calloc(runs->max_rows, row);
    runs->source = calloc(n_columns, sizeof(*runs->source));
    runs->rows = calloc(runs->max_rows, sizeof(*runs->rows));
    if (runs->buffer == NULL || runs->block.cells == NULL || runs->source == NULL ||
        runs->rows == NULL)
        return fail_memory(err);
    for (uint32_t i = 0; i < n_columns; i++)
        runs->source[i] = i;
    for (uint32_t i = 0; i < runs->max_rows; i++)
        runs->rows[i].row = i;
    runs->part = (struct batch_part){.block = &runs->block, .source = runs->source};
    return TL_OK;
}

static enum tl_status prepare_merging(struct runs *runs, struct tl_error *err)
{
    uint32_t n_columns = runs->order.table->n_columns;
    bool ended;

    if (prepare_batch(runs, err) != TL_OK)
        return err->status;
    for (size_t i = 0; i < runs->n_runs; i++) {
        struct run *run = &runs->runs[i];
        run->bytes = malloc(READ_BYTES);
        run->cells = calloc(n_columns, sizeof(*run->cells));
        if (run->bytes == NULL || run->cells == NULL)
            return fail_memory(err);
        if (advance(runs, run, &ended, err) != TL_OK)
            return err->status;
    }
    for (size_t i = runs->n_runs / 2; i-- > 0;)
        sift_down(runs, i);
    runs->merging = true;
    return TL_OK;
}

/* Copies the first run's row to the batch. */
static void copy_row(struct runs *runs)
{
    uint32_t stride = runs->block.stride;
    struct tl_value *cells = runs->block.cells + (size_t)runs->block.n_rows++ * stride;

    memcpy(cells, runs->runs[0].cells, stride * sizeof(*cells));
    for (uint32_t i = 0; i < stride; i++)
        if (types_is_text(cells[i].type) && cells[i].size > 0) {
            char *text = runs->buffer + runs->n_buffer;
            memcpy(text, cells[i].as.text, cells[i].size);
            cells[i].as.text = text;
            runs->n_buffer += cells[i].size;
        }
}

enum tl_status runs_next(struct runs *runs, struct batch *out, struct tl_error *err)
{
    *out = (struct batch){.table = runs->order.table};
    if (runs->n_runs == 0)
        return TL_OK;
    if (!runs->merging && prepare_merging(runs, err) != TL_OK)
        return err->status;
    runs->block.n_rows = 0;
    runs->n_buffer = 0;
    while (runs->n_runs > 0 && runs->block.n_rows < runs->max_rows &&
           runs->n_buffer + RUNS_ROW_MAX <= BATCH_BYTES) {
        copy_row(runs);
        if (take_first(runs, err) != TL_OK)
            return err->status;
    }
    out->parts = &runs->part;
    out->n_parts = 1;
    out->rows = runs->rows;
    out->n_rows = runs->block.n_rows;
    return TL_OK;
}
