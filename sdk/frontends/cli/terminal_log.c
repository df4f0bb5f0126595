/* The log on standard error: text for people, JSON for machines. */
#include "frontends/cli/terminal_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "frontends/output.h"

enum { LINE_MAX_BYTES = 512 * 1024 };

static const char erase[] = "\r\033[K";

/* Whether it is a terminal that understands escape sequences. */
static bool is_capable(int fd)
{
    const char *kind = getenv("TERM");
    return isatty(fd) && kind != NULL && strcmp(kind, "dumb") != 0;
}

/* A line of its own, in one write: lines of several processes do not mix. */
static void write_line(struct terminal_log *log, const char *line, size_t size)
{
    struct buf out = BUF_INIT(LINE_MAX_BYTES + 1024);

    pthread_mutex_lock(&log->lock);
    if (log->status[0] != '\0')
        buf_append_string(&out, erase);
    buf_append(&out, line, size);
    buf_append_char(&out, '\n');
    buf_append_string(&out, log->status);
    (void)output_write(STDERR_FILENO, buf_text(&out), out.size);
    pthread_mutex_unlock(&log->lock);
    buf_free(&out);
}

static const char *colour_of(enum tl_log_level level)
{
    static const char *const colours[] = {
        [TL_LOG_DEBUG] = "\033[2m",
        [TL_LOG_INFO] = "\033[32m",
        [TL_LOG_WARNING] = "\033[33m",
        [TL_LOG_ERROR] = "\033[1;31m",
    };
    return colours[level];
}

static void append_text(struct terminal_log *log, enum tl_log_level level, int64_t utc_us,
                        struct buf *out)
{
    time_t seconds = (time_t)(utc_us / 1000000);
    struct tm tm;

    (void)localtime_r(&seconds, &tm);
    buf_printf(out, "%02d:%02d:%02d.%03d ", tm.tm_hour, tm.tm_min, tm.tm_sec,
               (int)(utc_us % 1000000 / 1000));
    if (log->colour)
        buf_printf(out, "%s%s\033[0m ", colour_of(level), log_level_name(level));
    else
        buf_printf(out, "%s ", log_level_name(level));
}

static void append_json(enum tl_log_level level, int64_t utc_us, const char *message,
                        struct buf *out)
{
    char time[CLOCK_UTC_SIZE];

    buf_printf(out,
               "{\"time\":\"%s\",\"level\":\"%s\",\"message\":", clock_format_utc(utc_us, time),
               log_level_name(level));
    text_append_json(out, message, strlen(message));
}

static void sink_line(struct log_sink *sink, enum tl_log_level level, int64_t utc_us,
                      const char *message)
{
    struct terminal_log *log = (struct terminal_log *)sink;
    struct buf out = BUF_INIT(LINE_MAX_BYTES);

    if (log->json) {
        append_json(level, utc_us, message, &out);
        buf_append_char(&out, '}');
    } else {
        append_text(log, level, utc_us, &out);
        buf_append_string(&out, message);
    }
    write_line(log, buf_text(&out), out.size);
    buf_free(&out);
}

void terminal_log_init(struct terminal_log *log, bool json, enum tl_log_level level)
{
    const char *no_colour = getenv("NO_COLOR");

    *log = (struct terminal_log){
        .sink = {.line = sink_line, .level = level},
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .json = json,
        .terminal = is_capable(STDERR_FILENO),
    };
    log->colour = log->terminal && (no_colour == NULL || *no_colour == '\0');
    log_set_sink(&log->sink);
}

/* How many bytes of text fit a line of the terminal: a line that wraps could not be erased. */
static size_t fitting(const char *text, size_t max_bytes)
{
    struct winsize window;
    size_t size = strlen(text);

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 &&
        max_bytes > (size_t)window.ws_col - 1)
        max_bytes = (size_t)window.ws_col - 1;
    return size <= max_bytes ? size : text_valid_utf8(text, max_bytes);
}

void terminal_log_status(struct terminal_log *log, const char *line)
{
    struct buf out = BUF_INIT(1024);
    size_t size;

    if (!log->terminal)
        return;
    pthread_mutex_lock(&log->lock);
    if (log->status[0] != '\0' || *line != '\0') {
        size = fitting(line, sizeof(log->status) - 1);
        memcpy(log->status, line, size);
        log->status[size] = '\0';
        buf_append_string(&out, erase);
        buf_append_string(&out, log->status);
        (void)output_write(STDERR_FILENO, buf_text(&out), out.size);
    }
    pthread_mutex_unlock(&log->lock);
    buf_free(&out);
}

static void error_as_json(struct terminal_log *log, const struct tl_error *err)
{
    struct buf out = BUF_INIT(LINE_MAX_BYTES), message = BUF_INIT(LINE_MAX_BYTES);

    output_append_safe(&message, err->message);
    append_json(TL_LOG_ERROR, clock_utc_us(), buf_text(&message), &out);
    buf_printf(&out,
               ",\"status\":\"%s\",\"exit_code\":%d,\"remedy\":", tl_status_name(err->status),
               tl_status_exit_code(err->status));
    output_append_json(&out, err->remedy);
    buf_append_char(&out, '}');
    write_line(log, buf_text(&out), out.size);
    buf_free(&message);
    buf_free(&out);
}

void terminal_log_error(struct terminal_log *log, const struct tl_error *err)
{
    char text[ERROR_TEXT_SIZE];

    if (log->json)
        error_as_json(log, err);
    else
        tl_log(TL_LOG_ERROR, "%s", error_text(err, text));
    if (err->trace[0] != '\0')
        tl_log(TL_LOG_DEBUG, "%s at %s", tl_status_name(err->status), err->trace);
}
