/* What the benchmarks of single stages share: a file in memory, read as rows, and a clock. */
#ifndef BENCH_INPUT_H
#define BENCH_INPUT_H

#include "base/buf.h"
#include "rows/builder.h"

/* Reads the whole file into *out, which the caller frees. */
TL_NODISCARD enum tl_status input_load(const char *path, struct buf *out, struct tl_error *err);

/* Hands the rows of text to the sink in blocks, as a sync does: text arrives in pieces of the
 * size in which SSH delivers it, and the key is the column `id`. */
TL_NODISCARD enum tl_status input_read(const struct buf *text, struct builder_sink *sink,
                                       uint64_t *rows, struct tl_error *err);

/* Seconds on the monotonic clock. */
double input_seconds(void);

/* What stands after "bench_NAME: " when a stage fails; returns the exit code. */
int input_complain(const char *program, const struct tl_error *err);

#endif
