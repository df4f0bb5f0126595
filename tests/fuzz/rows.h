/* What the fuzz targets of the readers share: texts cut into pieces, and what is read of them.
 */
#ifndef FUZZ_ROWS_H
#define FUZZ_ROWS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

enum { FUZZ_PIECES = 16, FUZZ_TEXT_BYTES = 1 << 28 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_fail(const char *what, const char *text, size_t size)
{
    fprintf(stderr, "%s\n", what);
    fwrite(text, 1, size, stderr);
    fputc('\n', stderr);
    abort();
}

/* Sizes of pieces, most of them short. */
static void fuzz_cut(uint32_t seed, size_t pieces[FUZZ_PIECES])
{
    for (size_t i = 0; i < FUZZ_PIECES; i++) {
        seed = seed * 1664525 + 1013904223;
        pieces[i] = 1 + (seed >> 16) % ((seed >> 8 & 3) != 0 ? 9 : 200);
    }
}

/* Whether the rows, as text, end in a failure. */
static bool fuzz_is_refused(const struct buf *rows)
{
    return strstr(buf_text(rows), "! ") != NULL;
}

/* Rows read of the text whole and in pieces are the same, unless it is refused both ways. */
static void fuzz_compare(const struct buf *whole, const struct buf *cut, const char *text,
                         size_t size)
{
    bool refused = fuzz_is_refused(whole);

    if (refused != fuzz_is_refused(cut))
        fuzz_fail("cut into pieces it is judged otherwise", text, size);
    if (!refused &&
        (whole->size != cut->size || memcmp(whole->data, cut->data, cut->size) != 0))
        fuzz_fail("cut into pieces it gives other rows", text, size);
}

#endif
