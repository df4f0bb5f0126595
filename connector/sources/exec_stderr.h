/* What a command writes to stderr: its last part kept, its lines logged. UTF-16 with a byte
 * order mark, as Windows programs write it, becomes UTF-8. */
#ifndef EXEC_STDERR_H
#define EXEC_STDERR_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum { EXEC_STDERR_TAIL_BYTES = 64 * 1024, EXEC_STDERR_LINE_BYTES = 2048 };

struct exec_stderr {
    const char *label; /* borrowed: put before each line */
    struct buf tail;   /* at most twice what is kept, to move seldom */
    struct buf line;   /* the one not yet ended */
    uint64_t bytes;
    size_t logged_bytes;

    enum { STDERR_BEGINS, STDERR_BYTES, STDERR_UTF16_LE, STDERR_UTF16_BE } encoding;
    unsigned char held[2]; /* of a byte order mark, or of a code unit */
    size_t n_held;
    unsigned high; /* the first half of a surrogate pair, or 0 */
};

void exec_stderr_init(struct exec_stderr *stream, const char *label);
void exec_stderr_free(struct exec_stderr *stream);

void exec_stderr_feed(struct exec_stderr *stream, const char *data, size_t size);

/* Logs what stands after the last line end, and cuts the tail to its size. */
void exec_stderr_finish(struct exec_stderr *stream);

/* ": <last line that has a word in it>", safe to show, or "" into out; returns out. */
const char *exec_stderr_last_line(const struct exec_stderr *stream, char *out, size_t size);

#endif
