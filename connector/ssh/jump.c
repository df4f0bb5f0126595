/* A link over a channel of another session. */
#include "ssh/jump.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "ssh/forward.h"
#include "ssh/handle.h"

struct jump {
    struct ssh_link base;
    struct ssh_channel *channel;
    uint32_t round_trip_us;
};

static ssize_t jump_receive(struct ssh_link *self, void *data, size_t size)
{
    ssize_t rc = channel_take(((struct jump *)self)->channel, SSH_STDOUT, data, size);

    if (rc == LIBSSH2_ERROR_EAGAIN)
        return -EAGAIN;
    return rc < 0 ? -ECONNRESET : rc;
}

/* What the jump host's connection does not take now would only pile up before it. */
static ssize_t jump_send(struct ssh_link *self, const void *data, size_t size)
{
    struct ssh_channel *channel = ((struct jump *)self)->channel;
    ssize_t rc;

    pump_slice(channel->session);
    if (channel->session->outgoing.size > 0)
        return -EAGAIN;
    rc = libssh2_channel_write_ex(channel->channel, 0, data, size);
    if (rc == LIBSSH2_ERROR_EAGAIN || rc == 0)
        return -EAGAIN;
    return rc < 0 ? -EPIPE : rc;
}

/* The jump host's session may have received more than was asked of it so far. */
static bool jump_is_ready(struct ssh_link *self)
{
    struct ssh_channel *channel = ((struct jump *)self)->channel;
    struct ssh_link *below = channel->session->link;
    unsigned long available = 0;

    (void)libssh2_channel_window_read_ex(channel->channel, &available, NULL);
    return available > 0 || libssh2_channel_eof(channel->channel) == 1 || below->ready(below);
}

static uint32_t jump_round_trip_us(struct ssh_link *self)
{
    return ((struct jump *)self)->round_trip_us;
}

static void jump_close(struct ssh_link *self)
{
    if (self == NULL)
        return;
    ssh_channel_close(((struct jump *)self)->channel);
    free(self);
}

enum tl_status ssh_jump_open(struct ssh_session *through, const struct ssh_target *target,
                             const struct ssh_patience *patience, struct ssh_link **out,
                             char where[SSH_ADDRESS_SIZE], struct tl_error *err)
{
    int64_t start_ms = clock_now_ms();
    struct ssh_channel *channel = NULL;
    struct jump *jump;

    snprintf(where, SSH_ADDRESS_SIZE, "%.60s port %u", target->host, target->port);
    if (ssh_forward_open(through, target, patience->deadline_ms, &channel, err) != TL_OK)
        return err->status;
    jump = calloc(1, sizeof(*jump));
    if (jump == NULL) {
        ssh_channel_close(channel);
        return tl_fail(err, TL_MEMORY, "connecting to %s: out of memory", target->host);
    }
    *jump = (struct jump){
        .base = {.receive = jump_receive,
                 .send = jump_send,
                 .ready = jump_is_ready,
                 .round_trip_us = jump_round_trip_us,
                 .close = jump_close,
                 .fd = through->link->fd},
        .channel = channel,
        /* the consent came after a round trip to the host, and one more on the way to it */
        .round_trip_us = (uint32_t)(clock_now_ms() - start_ms) * 1000,
    };
    *out = &jump->base;
    return TL_OK;
}
