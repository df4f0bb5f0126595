/* The wire: a platform's protocol on standard output. */
#include "frontends/platform/wire.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "frontends/output.h"

/* A line holds a row, escaped, at the most. */
#define WIRE_MAX_BYTES ((size_t)1 << 30)

enum { WIRE_SPILL_BYTES = 128 * 1024 };

void wire_init(struct wire *wire, int fd)
{
    *wire =
        (struct wire){.fd = fd, .text = BUF_INIT(WIRE_MAX_BYTES), .touched_ms = clock_now_ms()};
    pthread_mutex_init(&wire->lock, NULL);
}

void wire_reset(struct wire *wire)
{
    buf_free(&wire->text);
    pthread_mutex_destroy(&wire->lock);
}

struct buf *wire_begin(struct wire *wire)
{
    pthread_mutex_lock(&wire->lock);
    return &wire->text;
}

static void wire_write(struct wire *wire)
{
    if (wire->text.failed)
        return;
    if (wire->error == 0 && !output_write(wire->fd, buf_text(&wire->text), wire->text.size)) {
        wire->error = errno;
        if (wire->failed != NULL)
            wire->failed();
    }
    buf_reset(&wire->text);
}

void wire_spill(struct wire *wire)
{
    if (wire->text.size >= WIRE_SPILL_BYTES)
        wire_write(wire);
}

static enum tl_status wire_fail(const struct wire *wire, struct tl_error *err)
{
    if (wire->error == EPIPE)
        return tl_fail(err, TL_DESTINATION, "whoever read standard output hung up");
    (void)tl_fail(err, TL_DESTINATION, "cannot write to standard output: %s",
                  strerror(wire->error));
    return tl_remedy(err, "See to the file or device that standard output goes to");
}

enum tl_status wire_end(struct wire *wire, bool now, struct tl_error *err)
{
    enum tl_status status = buf_check(&wire->text, "a message", err);

    if (status != TL_OK)
        buf_reset(&wire->text);
    else if (now)
        wire_write(wire);
    else
        wire_spill(wire);
    if (status == TL_OK && wire->error != 0)
        status = wire_fail(wire, err);
    wire->touched_ms = clock_now_ms();
    pthread_mutex_unlock(&wire->lock);
    return status;
}

void wire_hang_up(struct wire *wire)
{
    pthread_mutex_lock(&wire->lock);
    wire->hung_up = true;
    if (wire->error == 0 && wire->failed != NULL)
        wire->failed();
    pthread_mutex_unlock(&wire->lock);
}

bool wire_is_broken(struct wire *wire)
{
    bool broken;

    pthread_mutex_lock(&wire->lock);
    if (wire->hung_up && wire->error == 0)
        wire->error = EPIPE;
    broken = wire->error != 0;
    pthread_mutex_unlock(&wire->lock);
    return broken;
}

int64_t wire_silent_ms(struct wire *wire)
{
    int64_t touched_ms;

    pthread_mutex_lock(&wire->lock);
    touched_ms = wire->touched_ms;
    pthread_mutex_unlock(&wire->lock);
    return clock_now_ms() - touched_ms;
}
