/* The emitter: a platform's protocol on standard output. */
#include "frontends/platform/emitter.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "frontends/output.h"

/* A line holds a row, escaped, at the most. */
#define LINES_MAX_BYTES ((size_t)1 << 30)

enum { LINES_SPILL_BYTES = 128 * 1024 };

void emitter_init(struct emitter *emitter, int fd)
{
    *emitter = (struct emitter){
        .fd = fd, .text = BUF_INIT(LINES_MAX_BYTES), .touched_ms = clock_now_ms()};
    pthread_mutex_init(&emitter->lock, NULL);
}

void emitter_reset(struct emitter *emitter)
{
    buf_free(&emitter->text);
    pthread_mutex_destroy(&emitter->lock);
}

struct buf *emitter_begin(struct emitter *emitter)
{
    pthread_mutex_lock(&emitter->lock);
    return &emitter->text;
}

static void emitter_write(struct emitter *emitter)
{
    if (emitter->text.failed)
        return;
    if (emitter->error == 0 &&
        !output_write(emitter->fd, buf_text(&emitter->text), emitter->text.size)) {
        emitter->error = errno;
        if (emitter->failed != NULL)
            emitter->failed();
    }
    buf_reset(&emitter->text);
}

void emitter_spill(struct emitter *emitter)
{
    if (emitter->text.size >= LINES_SPILL_BYTES)
        emitter_write(emitter);
}

static enum tl_status emitter_fail(const struct emitter *emitter, struct tl_error *err)
{
    if (emitter->error == EPIPE)
        return tl_fail(err, TL_DESTINATION, "whoever read standard output hung up");
    (void)tl_fail(err, TL_DESTINATION, "cannot write to standard output: %s",
                  strerror(emitter->error));
    return tl_remedy(err, "See to the file or device that standard output goes to");
}

enum tl_status emitter_end(struct emitter *emitter, bool now, struct tl_error *err)
{
    enum tl_status status = buf_check(&emitter->text, "a message", err);

    if (status != TL_OK)
        buf_reset(&emitter->text);
    else if (now)
        emitter_write(emitter);
    else
        emitter_spill(emitter);
    if (status == TL_OK && emitter->error != 0)
        status = emitter_fail(emitter, err);
    emitter->touched_ms = clock_now_ms();
    pthread_mutex_unlock(&emitter->lock);
    return status;
}

void emitter_hang_up(struct emitter *emitter)
{
    pthread_mutex_lock(&emitter->lock);
    emitter->hung_up = true;
    if (emitter->error == 0 && emitter->failed != NULL)
        emitter->failed();
    pthread_mutex_unlock(&emitter->lock);
}

bool emitter_is_broken(struct emitter *emitter)
{
    bool broken;

    pthread_mutex_lock(&emitter->lock);
    if (emitter->hung_up && emitter->error == 0)
        emitter->error = EPIPE;
    broken = emitter->error != 0;
    pthread_mutex_unlock(&emitter->lock);
    return broken;
}

int64_t emitter_silent_ms(struct emitter *emitter)
{
    int64_t touched_ms;

    pthread_mutex_lock(&emitter->lock);
    touched_ms = emitter->touched_ms;
    pthread_mutex_unlock(&emitter->lock);
    return clock_now_ms() - touched_ms;
}
