/* Proof of completion: the marks around a command's output, found in any chunking.
 *
 * The remote shell prints RS nonce "b" pid LF before the output, pid being its own, and RS
 * nonce "e" status LF after it; before that, to stderr, RS nonce "s" LF, so that where a server
 * merges the streams it is dropped with what else came before the output. RS is the byte 0x1e,
 * which cannot stand raw in JSON; the nonce is random, so that no output can hold the marks by
 * accident or on purpose. */
#ifndef EXEC_MARKER_H
#define EXEC_MARKER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { EXEC_NONCE_SIZE = 33, EXEC_MARK_MAX_BYTES = 64, EXEC_NOISE_MAX_BYTES = 1024 };

struct exec_marker {
    char nonce[EXEC_NONCE_SIZE]; /* 32 hexadecimal digits */
    enum { EXEC_BEFORE, EXEC_INSIDE, EXEC_AFTER } place;
    int pid;          /* of the shell, which leads its process group; 0: not known */
    int status;       /* of the command; valid in EXEC_AFTER */
    char begin;       /* the letter of the mark at the begin */
    struct buf noise; /* the first bytes that came before the output */

    char held[EXEC_MARK_MAX_BYTES]; /* may be the start of a mark */
    size_t n_held;
};

/* nonce: 32 hexadecimal digits. begin: 'b' for stdout, 's' for stderr. */
void exec_marker_init(struct exec_marker *marker, const char *nonce, char begin);
void exec_marker_free(struct exec_marker *marker);

/* Takes bytes from *data, which it advances, and gives the next piece of output: true with *out
 * and *out_size, lent until the next call; false when *data is used up or the end mark was
 * seen. */
bool exec_marker_next(struct exec_marker *marker, const char **data, size_t *size,
                      const char **out, size_t *out_size);

#endif
