/* What went wrong: the table of statuses and the making of errors. */
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct status_row {
    const char *name;
    const char *text;
    int exit_code;
    bool transient;
    enum tl_actor actor;
};

static const struct status_row status_table[] = {
#define X(name, text, exit_code, transient, actor)                                             \
    [TL_##name] = {#name, text, exit_code, transient, TL_ACTOR_##actor},
    TL_STATUS_MAP(X)
#undef X
};

static const struct status_row *status_row(enum tl_status status)
{
    size_t count = sizeof(status_table) / sizeof(status_table[0]);
    return &status_table[(size_t)status < count ? (size_t)status : TL_INTERNAL];
}

const char *tl_status_name(enum tl_status status)
{
    return status_row(status)->name;
}

const char *tl_status_text(enum tl_status status)
{
    return status_row(status)->text;
}

int tl_status_exit_code(enum tl_status status)
{
    return status_row(status)->exit_code;
}

bool tl_status_is_transient(enum tl_status status)
{
    return status_row(status)->transient;
}

enum tl_actor tl_status_actor(enum tl_status status)
{
    return status_row(status)->actor;
}

/* A text that was cut may end within a character: the rest of that goes too. */
static void end_whole(char *text)
{
    size_t size = strlen(text), whole = text_valid_utf8(text, size);

    if (size - whole < 4)
        text[whole] = '\0';
}

static void trace_add(struct tl_error *err, const char *file, int line)
{
    size_t used = strlen(err->trace);
    const char *base = strrchr(file, '/');
    snprintf(err->trace + used, sizeof(err->trace) - used, "%s%s:%d", used ? " < " : "",
             base ? base + 1 : file, line);
}

enum tl_status tl_error_set(struct tl_error *err, enum tl_status status, const char *file,
                            int line, const char *format, ...)
{
    char message[sizeof(err->message)]; /* the arguments may point into err itself */
    va_list arguments;

    if (err == NULL)
        return status;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    end_whole(message);
    memcpy(err->message, message, sizeof(message));
    err->status = status;
    err->remedy[0] = '\0';
    err->trace[0] = '\0';
    trace_add(err, file, line);
    return status;
}

enum tl_status tl_error_prepend(struct tl_error *err, const char *file, int line,
                                const char *format, ...)
{
    char message[sizeof(err->message)];
    va_list arguments;
    size_t used, rest;

    if (err == NULL)
        return TL_INTERNAL;
    va_start(arguments, format);
    vsnprintf(message, sizeof(message) - 2, format, arguments);
    va_end(arguments);
    strcat(message, ": ");
    used = strlen(message);
    rest = strnlen(err->message, sizeof(message) - used - 1);
    memcpy(message + used, err->message, rest);
    message[used + rest] = '\0';
    end_whole(message);
    memcpy(err->message, message, sizeof(message));
    trace_add(err, file, line);
    return err->status;
}

enum tl_status tl_remedy(struct tl_error *err, const char *format, ...)
{
    va_list arguments;

    if (err == NULL)
        return TL_INTERNAL;
    va_start(arguments, format);
    vsnprintf(err->remedy, sizeof(err->remedy), format, arguments);
    va_end(arguments);
    return err->status;
}

const char *error_text(const struct tl_error *err, char out[ERROR_TEXT_SIZE])
{
    size_t size = strlen(err->message);
    bool stopped = size > 0 && strchr(".?!", err->message[size - 1]) != NULL;
    const char *stop = err->remedy[0] == '\0' ? "" : stopped ? " " : ". ";

    snprintf(out, ERROR_TEXT_SIZE, "%s%s%s", err->message, stop, err->remedy);
    return out;
}
