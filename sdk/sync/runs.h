/* Sorted runs of rows in a temporary file, merged when they are asked for.
 *
 * Rows in random key order would each touch another page of the table. Sorted in memory, they
 * still pass over all of the table once for every memory's worth; merged from runs, once. A run
 * is read through a buffer of fixed size, so memory grows with the number of runs only.
 *
 * A row in the file: its size (uint32), then for each column of the table the type (uint8) and
 * what it needs: nothing, one byte, eight bytes, or a size (uint32) and text; in the machine's
 * byte order, for the file never leaves the process. */
#ifndef SYNC_RUNS_H
#define SYNC_RUNS_H

#include "destinations/destination.h"

struct runs;

enum {
    RUNS_MAX = 256,         /* more cannot be added */
    RUNS_BYTES = 8 << 20,   /* nor more than can be read at once with this much memory */
    RUNS_ROW_MAX = 16 << 10 /* bytes of a row in the file */
};

/* NULL when memory ran out. */
struct runs *runs_new(void);
void runs_free(struct runs *runs); /* NULL is fine */

/* Adds a run: the batch's rows, which are in key order. *fits is false, with nothing added, if
 * there are too many runs or a row is too large. All batches have the same table with the same
 * columns. TL_DESTINATION if the file cannot be written, TL_MEMORY. */
TL_NODISCARD enum tl_status runs_add(struct runs *runs, const struct batch *batch, bool *fits,
                                     struct tl_error *err);

/* The next rows in key order, those of an earlier run first where keys are equal; none when all
 * were given. Lent until the next call; nothing can be added any more. */
TL_NODISCARD enum tl_status runs_next(struct runs *runs, struct batch *out,
                                      struct tl_error *err);

#endif
