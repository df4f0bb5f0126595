/* Writes the health file. */
#include "commands/health.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

enum { WRITE_EVERY_MS = 5000, FILE_MAX_BYTES = 16 * 1024 };

void health_enter(struct health *self, const char *state, const struct tl_error *error)
{
    self->state = state;
    self->since_utc_us = clock_utc_us();
    if (error != NULL)
        health_note(self, error);
}

void health_note(struct health *self, const struct tl_error *error)
{
    self->last_error = *error;
    self->last_error_utc_us = clock_utc_us();
}

static void append_text(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static void append_error(struct buf *out, const struct health *self)
{
    char at[CLOCK_UTC_SIZE];

    if (self->last_error.status == TL_OK) {
        buf_append_string(out, "null");
        return;
    }
    buf_printf(out, "{\"at\": \"%s\", \"code\": %d, \"message\": ",
               clock_format_utc(self->last_error_utc_us, at),
               tl_status_exit_code(self->last_error.status));
    append_text(out, self->last_error.message);
    buf_append_string(out, ", \"remedy\": ");
    append_text(out, self->last_error.remedy);
    buf_append_string(out, "}");
}

static void compose(const struct health *self, const struct forwarder_counts *counts,
                    struct buf *out)
{
    char since[CLOCK_UTC_SIZE], now[CLOCK_UTC_SIZE];

    buf_printf(out, "{\n  \"state\": \"%s\",\n  \"since\": \"%s\",\n  \"updated\": \"%s\",\n",
               self->state, clock_format_utc(self->since_utc_us, since),
               clock_format_utc(clock_utc_us(), now));
    buf_printf(out, "  \"pid\": %ld,\n  \"host\": ", (long)getpid());
    append_text(out, self->host);
    buf_printf(out,
               ",\n  \"connections\": %zu,\n  \"sessions\": %zu,\n  \"opened\": %" PRIu64
               ",\n  \"refused\": %" PRIu64 ",\n  \"lost\": %" PRIu64
               ",\n  \"received_bytes\": %" PRIu64 ",\n  \"sent_bytes\": %" PRIu64
               ",\n  \"reconnects\": %" PRIu64 ",\n  \"last_error\": ",
               counts->active, counts->sessions, counts->opened, counts->refused, counts->lost,
               counts->received_bytes, counts->sent_bytes, self->reconnects);
    append_error(out, self);
    buf_append_string(out, "\n}\n");
}

/* A reader sees the old file or the new one. */
static bool replace(const char *path, const struct buf *text)
{
    char draft[4096];
    int fd, error;
    bool written;

    if (snprintf(draft, sizeof(draft), "%s.%ld.tmp", path, (long)getpid()) >=
        (int)sizeof(draft)) {
        errno = ENAMETOOLONG;
        return false;
    }
    fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0)
        return false;
    written = write(fd, text->data, text->size) == (ssize_t)text->size;
    written = close(fd) == 0 && written && rename(draft, path) == 0;
    error = errno;
    if (!written)
        (void)unlink(draft);
    errno = error;
    return written;
}

enum tl_status health_write(struct health *self, const struct forwarder_counts *counts,
                            bool now, struct tl_error *err)
{
    struct buf text = BUF_INIT(FILE_MAX_BYTES);
    enum tl_status status;

    if (self->path == NULL || (!now && clock_now_ms() < self->write_after_ms))
        return TL_OK;
    self->write_after_ms = clock_now_ms() + WRITE_EVERY_MS;
    compose(self, counts, &text);
    status = buf_check(&text, "the health file", err);
    if (status == TL_OK && !replace(self->path, &text)) {
        tl_fail(err, TL_CONFIGURATION, "cannot write the health file %s: %s", self->path,
                strerror(errno));
        status = tl_remedy(err, "Give --health a file in a folder that this user may write to");
    }
    buf_free(&text);
    return status;
}
