/* How fast bytes become rows: bench_tokenizer FILE [PASSES], the median of the passes. The
 * file lies in memory before the clock starts. */
#include <stdio.h>
#include <stdlib.h>

#include "bench/input.h"

enum { DEFAULT_PASSES = 7, MAX_PASSES = 99 };

static enum tl_status drop(struct builder_sink *sink, struct block *block, struct tl_error *err)
{
    (void)sink;
    (void)err;
    block_free(block);
    return TL_OK;
}

static int compare(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;
    return (a > b) - (a < b);
}

/* Reads the text as often as asked; the median of the seconds that took. */
static enum tl_status measure(const struct buf *text, int passes, uint64_t *rows,
                              double *seconds, struct tl_error *err)
{
    struct builder_sink sink = {.block = drop};
    double took[MAX_PASSES];

    for (int i = 0; i < passes; i++) {
        double start = input_seconds();
        if (input_read(text, &sink, rows, err) != TL_OK)
            return err->status;
        took[i] = input_seconds() - start;
    }
    qsort(took, (size_t)passes, sizeof(*took), compare);
    *seconds = took[passes / 2];
    return TL_OK;
}

int main(int argc, char **argv)
{
    int passes = argc == 3 ? atoi(argv[2]) : DEFAULT_PASSES;
    struct buf text = BUF_INIT(0);
    struct tl_error err = {0};
    uint64_t rows = 0;
    double seconds = 0;
    enum tl_status status;

    if (argc < 2 || argc > 3 || passes < 1 || passes > MAX_PASSES) {
        fprintf(stderr, "Usage: bench_tokenizer FILE [PASSES, 1 to %d]\n", MAX_PASSES);
        return 2;
    }
    if ((status = input_load(argv[1], &text, &err)) == TL_OK &&
        (status = measure(&text, passes, &rows, &seconds, &err)) == TL_OK)
        printf("%.4f s, %.0f MB/s, %.2f M rows/s\n", seconds, (double)text.size / seconds / 1e6,
               (double)rows / seconds / 1e6);
    buf_free(&text);
    return status == TL_OK ? EXIT_SUCCESS : input_complain("bench_tokenizer", &err);
}
