/* A growing byte buffer with a maximum. Failure is sticky: append, append, check once. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

#include "towline/error.h"

struct buf {
    char *data; /* NUL-terminated once anything was appended; NULL before */
    size_t size;
    size_t capacity;
    size_t max_size;
    bool failed; /* an append did not fit or memory ran out; data holds what fitted before */
};

/* A buffer that never holds more than max_size bytes. Allocates nothing yet. */
#define BUF_INIT(max) ((struct buf){.max_size = (max)})

void buf_append(struct buf *buf, const void *data, size_t size);
void buf_append_char(struct buf *buf, char c);
void buf_append_string(struct buf *buf, const char *string);
void buf_printf(struct buf *buf, const char *format, ...) TL_PRINTF(2, 3);
void buf_vprintf(struct buf *buf, const char *format, va_list arguments) TL_PRINTF(2, 0);

/* Room for size bytes at the end, to be filled and then counted with buf_commit. NULL on
 * failure. */
char *buf_reserve(struct buf *buf, size_t size);
void buf_commit(struct buf *buf, size_t size);

/* Forgets the first size bytes. */
void buf_consume(struct buf *buf, size_t size);

/* Empties, keeps the memory, forgets the failure. */
void buf_reset(struct buf *buf);

/* The text, never NULL ("" when empty). Lent until the next call on buf. */
const char *buf_text(const struct buf *buf);

/* Gives the memory away as a NUL-terminated string and leaves buf empty; NULL if buf failed. */
char *buf_take(struct buf *buf);

/* TL_MEMORY with a message naming `what` if any append failed. */
TL_NODISCARD enum tl_status buf_check(const struct buf *buf, const char *what,
                                      struct tl_error *err);

void buf_free(struct buf *buf);

/* Like buf_free, but wipes the bytes first: for secrets. */
void buf_wipe(struct buf *buf);

#endif
