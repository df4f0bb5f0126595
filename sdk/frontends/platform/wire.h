/* The wire: a platform's protocol on standard output. Whole lines only, from whichever thread,
 * written in large pieces. */
#ifndef PLATFORM_WIRE_H
#define PLATFORM_WIRE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct wire {
    int fd;
    pthread_mutex_t lock;
    struct buf text;    /* lines that are not written yet */
    int64_t touched_ms; /* when a line last came */
    int error;    /* errno of the write that failed; 0: none. Nothing is written after it */
    bool hung_up; /* the reader is gone: who still has something to say fails */
    void (*failed)(void); /* called when a write has failed, or would; may be NULL */
};

void wire_init(struct wire *wire, int fd);
void wire_reset(struct wire *wire);

/* Lends the buffer to append lines to, until wire_end. Nothing may be logged or masked in
 * between: the log, which holds its lock meanwhile, may write its lines here. */
struct buf *wire_begin(struct wire *wire);

/* Between two lines of those: writes them if they are many. */
void wire_spill(struct wire *wire);

/* Takes the lines; `now`: and writes everything. TL_DESTINATION if a write failed, now or
 * before: whoever read hung up, the disk is full; TL_MEMORY for lines that did not fit. */
TL_NODISCARD enum tl_status wire_end(struct wire *wire, bool now, struct tl_error *err);

/* The reader is gone, and nobody is writing. */
void wire_hang_up(struct wire *wire);

/* Whether a write failed, or would. */
bool wire_is_broken(struct wire *wire);

/* For how long no line has come. */
int64_t wire_silent_ms(struct wire *wire);

#endif
