/* The emitter: a platform's protocol on standard output. Whole lines only, from whichever
 * thread, written in large pieces. */
#ifndef PLATFORM_EMITTER_H
#define PLATFORM_EMITTER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct emitter {
    int fd;
    pthread_mutex_t lock;
    struct buf text;    /* lines that are not written yet */
    int64_t touched_ms; /* when a line last came */
    int error;    /* errno of the write that failed; 0: none. Nothing is written after it */
    bool hung_up; /* the reader is gone: who still has something to say fails */
    void (*failed)(void); /* called when a write has failed, or would; may be NULL */
};

void emitter_init(struct emitter *emitter, int fd);
void emitter_reset(struct emitter *emitter);

/* Lends the buffer to append lines to, until emitter_end. Nothing may be logged or masked in
 * between: the log, which holds its lock meanwhile, may write its lines here. */
struct buf *emitter_begin(struct emitter *emitter);

/* Between two lines of those: writes them if they are many. */
void emitter_spill(struct emitter *emitter);

/* Takes the lines; `now`: and writes everything. TL_DESTINATION if a write failed, now or
 * before: whoever read hung up, the disk is full; TL_MEMORY for lines that did not fit. */
TL_NODISCARD enum tl_status emitter_end(struct emitter *emitter, bool now,
                                        struct tl_error *err);

/* The reader is gone, and nobody is writing. */
void emitter_hang_up(struct emitter *emitter);

/* Whether a write failed, or would. */
bool emitter_is_broken(struct emitter *emitter);

/* For how long no line has come. */
int64_t emitter_silent_ms(struct emitter *emitter);

#endif
