/* What a command writes to stderr: its last part kept, its lines logged. */
#include "sources/exec_stderr.h"

#include <ctype.h>
#include <stdbool.h>
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

static void take(struct exec_stderr *stream, const char *data, size_t size)
{
    const char *end = data + size;

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

/* RFC 3629. */
static size_t put_utf8(unsigned code, char out[4])
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

/* A surrogate without its other half becomes U+FFFD. */
static void take_unit(struct exec_stderr *stream, unsigned unit)
{
    bool is_low = unit >= 0xdc00 && unit < 0xe000;
    char text[8];
    size_t size = 0;

    if (stream->high != 0 && is_low) {
        unit = 0x10000 + ((stream->high - 0xd800) << 10) + (unit - 0xdc00);
        stream->high = 0;
        is_low = false;
    } else if (stream->high != 0) {
        size = put_utf8(0xfffd, text);
        stream->high = 0;
    }
    if (unit >= 0xd800 && unit < 0xdc00)
        stream->high = unit;
    else
        size += put_utf8(is_low ? 0xfffd : unit, text + size);
    take(stream, text, size);
}

static void decode(struct exec_stderr *stream, const unsigned char *data, size_t size)
{
    int first = stream->encoding == STDERR_UTF16_BE ? 0 : 1;

    for (size_t i = 0; i < size; i++) {
        stream->held[stream->n_held++] = data[i];
        if (stream->n_held < 2)
            continue;
        stream->n_held = 0;
        take_unit(stream, (unsigned)stream->held[first] << 8 | stream->held[!first]);
    }
}

/* Looks for a byte order mark, byte by byte. */
static void find_mark(struct exec_stderr *stream, unsigned char byte)
{
    static const unsigned char le[] = {0xff, 0xfe}, be[] = {0xfe, 0xff};

    stream->held[stream->n_held++] = byte;
    if (stream->n_held == 1 && (byte == le[0] || byte == be[0]))
        return;
    stream->encoding = STDERR_BYTES;
    if (stream->n_held == 2 && memcmp(stream->held, le, 2) == 0)
        stream->encoding = STDERR_UTF16_LE;
    else if (stream->n_held == 2 && memcmp(stream->held, be, 2) == 0)
        stream->encoding = STDERR_UTF16_BE;
    else
        take(stream, (const char *)stream->held, stream->n_held);
    stream->n_held = 0;
}

void exec_stderr_feed(struct exec_stderr *stream, const char *data, size_t size)
{
    stream->bytes += size;
    for (; stream->encoding == STDERR_BEGINS && size > 0; data++, size--)
        find_mark(stream, (unsigned char)*data);
    if (stream->encoding == STDERR_BYTES)
        take(stream, data, size);
    else if (size > 0)
        decode(stream, (const unsigned char *)data, size);
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
