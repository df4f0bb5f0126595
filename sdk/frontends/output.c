/* Standard output: results, made safe for the terminal they may land on. */
#include "frontends/output.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

bool output_write(int fd, const char *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EAGAIN) { /* whoever shares the terminal made it so */
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            (void)poll(&ready, 1, -1);
        } else if (written < 0 && errno != EINTR) {
            return false;
        } else if (written > 0) {
            data += written;
            size -= (size_t)written;
        }
    }
    return true;
}

static enum tl_status fail_print(struct tl_error *err)
{
    (void)tl_fail(err, TL_DESTINATION, "cannot write to standard output: %s", strerror(errno));
    return tl_remedy(err, "See to the file or device that standard output goes to");
}

enum tl_status output_print(struct buf *text, struct tl_error *err)
{
    enum tl_status status = buf_check(text, "the output", err);

    if (status == TL_OK && !output_write(STDOUT_FILENO, buf_text(text), text->size) &&
        errno != EPIPE)
        status = fail_print(err);
    buf_reset(text);
    return status;
}

void output_append_safe(struct buf *out, const char *text)
{
    struct buf masked = BUF_INIT(OUTPUT_MAX_BYTES);

    log_append_masked(&masked, text, strlen(text));
    text_append_safe(out, buf_text(&masked), masked.size);
    out->failed = out->failed || masked.failed;
    buf_free(&masked);
}

void output_append_lines(struct buf *out, const char *text)
{
    struct buf masked = BUF_INIT(OUTPUT_MAX_BYTES);

    log_append_masked(&masked, text, strlen(text));
    text_append_safe_lines(out, buf_text(&masked), masked.size);
    out->failed = out->failed || masked.failed;
    buf_free(&masked);
}

void output_append_json(struct buf *out, const char *text)
{
    struct buf masked = BUF_INIT(OUTPUT_MAX_BYTES), json = BUF_INIT(OUTPUT_MAX_BYTES);

    if (text == NULL) {
        buf_append_string(out, "null");
        return;
    }
    log_append_masked(&masked, text, strlen(text));
    text_append_json(&json, buf_text(&masked), masked.size);
    text_append_json_safe(out, buf_text(&json), json.size);
    out->failed = out->failed || masked.failed || json.failed;
    buf_free(&masked);
    buf_free(&json);
}

static size_t count_characters(const char *text, size_t size)
{
    size_t count = 0;

    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xc0) != 0x80;
    return count;
}

void output_append_cell(struct buf *out, const char *text, size_t width)
{
    size_t before = out->size, count;

    output_append_safe(out, text);
    if (out->failed)
        return;
    for (count = count_characters(buf_text(out) + before, out->size - before); count < width;
         count++)
        buf_append_char(out, ' ');
}

bool output_shows_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    if (!isatty(STDOUT_FILENO))
        return false;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *locale = getenv(names[i]);
        if (locale != NULL && *locale != '\0')
            return strcasestr(locale, "UTF-8") != NULL || strcasestr(locale, "utf8") != NULL;
    }
    return false;
}
