/* What a command writes to stderr: its last part kept, its lines logged. */
#include "sources/exec_stderr.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"
#include "towline/log.h"

enum { LOGGED_MAX_BYTES = 256 * 1024 };

void exec_stderr_init(struct exec_stderr *stream, const char *label)
{
    *stream = (struct exec_stderr){.label = label,
                                   .tail = BUF_INIT(2 * EXEC_STDERR_TAIL_BYTES),
                                   .line = BUF_INIT(EXEC_STDERR_LINE_BYTES + 1)};
}

void exec_stderr_free(struct exec_stderr *stream)
{
    buf_free(&stream->tail);
    buf_free(&stream->line);
}

static void keep(struct exec_stderr *stream, const char *data, size_t size)
{
    if (size > EXEC_STDERR_TAIL_BYTES) {
        data += size - EXEC_STDERR_TAIL_BYTES;
        size = EXEC_STDERR_TAIL_BYTES;
    }
    if (stream->tail.size + size > 2 * EXEC_STDERR_TAIL_BYTES - 1)
        buf_consume(&stream->tail, stream->tail.size - (EXEC_STDERR_TAIL_BYTES - size));
    buf_append(&stream->tail, data, size);
}

/* An endless stderr must not become an endless log. */
static void log_line(struct exec_stderr *stream)
{
    size_t size = stream->line.size;

    while (size > 0 && stream->line.data[size - 1] == '\r')
        size--;
    if (size > 0 && stream->logged_bytes <= LOGGED_MAX_BYTES) {
        tl_log(TL_LOG_INFO, "%s: stderr: %.*s", stream->label, (int)size, stream->line.data);
        stream->logged_bytes += size;
        if (stream->logged_bytes > LOGGED_MAX_BYTES)
            tl_log(TL_LOG_WARNING, "%s: stderr: more is not logged", stream->label);
    }
    buf_reset(&stream->line);
}

void exec_stderr_feed(struct exec_stderr *stream, const char *data, size_t size)
{
    const char *end = data + size;

    stream->bytes += size;
    keep(stream, data, size);
    while (data < end && stream->logged_bytes <= LOGGED_MAX_BYTES) {
        const char *newline = memchr(data, '\n', (size_t)(end - data));
        size_t length = (size_t)((newline != NULL ? newline : end) - data);
        size_t room = EXEC_STDERR_LINE_BYTES - stream->line.size;

        buf_append(&stream->line, data, length < room ? length : room);
        data += length + (newline != NULL);
        if (newline != NULL)
            log_line(stream);
    }
}

void exec_stderr_finish(struct exec_stderr *stream)
{
    log_line(stream);
    if (stream->tail.size > EXEC_STDERR_TAIL_BYTES)
        buf_consume(&stream->tail, stream->tail.size - EXEC_STDERR_TAIL_BYTES);
}

const char *exec_stderr_last_line(const struct exec_stderr *stream, char *out, size_t size)
{
    const char *text = buf_text(&stream->tail), *start, *end = text + stream->tail.size;

    while (end > text && !isalnum((unsigned char)end[-1])) /* underlines say nothing */
        end--;
    start = end;
    end += strcspn(end, "\r\n");
    while (start > text && start[-1] != '\n')
        start--;
    out[0] = '\0';
    if (start < end && size > 4) {
        memcpy(out, ": ", 3);
        text_safe(out + 2, size - 2, start, (size_t)(end - start));
    }
    return out;
}
