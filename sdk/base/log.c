/* The log: levels, masking of secrets, one sink. */
#include "base/log.h"

#include <pthread.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/text.h"

enum { LINE_MAX_BYTES = 16 * 1024, SECRETS_MAX = 256, SECRET_MIN_BYTES = 4 };

static struct {
    pthread_mutex_t lock;
    struct log_sink *sink;
    struct buf secrets[SECRETS_MAX];
    size_t n_secrets;
} the_log = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct log_sink *the_listener;

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

const char *log_level_name(enum tl_log_level level)
{
    return level_names[level];
}

void log_set_sink(struct log_sink *sink)
{
    pthread_mutex_lock(&the_log.lock);
    the_log.sink = sink;
    pthread_mutex_unlock(&the_log.lock);
}

void log_set_listener(struct log_sink *listener)
{
    the_listener = listener;
}

struct log_sink *log_listener(void)
{
    return the_listener;
}

static bool hears(const struct log_sink *sink, enum tl_log_level level)
{
    return sink != NULL && level >= sink->level;
}

/* Under the lock. Keeps the longest first, so that a secret within a secret hides nothing less.
 */
static void secret_insert(const char *value, size_t size)
{
    size_t at = 0;
    struct buf secret = BUF_INIT(size);

    if (size < SECRET_MIN_BYTES || the_log.n_secrets == SECRETS_MAX)
        return;
    for (size_t i = 0; i < the_log.n_secrets; i++)
        if (the_log.secrets[i].size == size && !memcmp(the_log.secrets[i].data, value, size))
            return;
    buf_append(&secret, value, size);
    if (secret.failed)
        return;
    while (at < the_log.n_secrets && the_log.secrets[at].size > size)
        at++;
    memmove(&the_log.secrets[at + 1], &the_log.secrets[at],
            (the_log.n_secrets - at) * sizeof(secret));
    the_log.secrets[at] = secret;
    the_log.n_secrets++;
}

/* Each line of a secret of several lines is a secret too: a key cut up by a log is still a key.
 */
static void secret_insert_lines(const char *value, size_t size)
{
    const char *end = value + size;
    while (value < end) {
        const char *newline = memchr(value, '\n', (size_t)(end - value));
        const char *stop = newline ? newline : end;
        if (stop > value && stop[-1] == '\r')
            stop--;
        if (stop - value >= 16)
            secret_insert(value, (size_t)(stop - value));
        value = newline ? newline + 1 : end;
    }
}

void tl_log_add_secret(const char *value, size_t size)
{
    struct buf form = BUF_INIT(8 * size + 64);

    if (value == NULL || size < SECRET_MIN_BYTES)
        return;
    pthread_mutex_lock(&the_log.lock);
    secret_insert(value, size);
    if (memchr(value, '\n', size) != NULL)
        secret_insert_lines(value, size);
    text_append_json(&form, value, size);
    if (form.size > 2)
        secret_insert(form.data + 1, form.size - 2);
    buf_reset(&form);
    text_append_url_encoded(&form, value, size);
    secret_insert(buf_text(&form), form.size);
    buf_reset(&form);
    base64_encode(&form, value, size / 3 * 3); /* what follows, the padding too, varies */
    if (form.size >= 8)
        secret_insert(buf_text(&form), form.size);
    pthread_mutex_unlock(&the_log.lock);
    buf_wipe(&form);
}

void log_forget_secrets(void)
{
    pthread_mutex_lock(&the_log.lock);
    for (size_t i = 0; i < the_log.n_secrets; i++)
        buf_wipe(&the_log.secrets[i]);
    the_log.n_secrets = 0;
    pthread_mutex_unlock(&the_log.lock);
}

/* Under the lock. The length of the secret that starts at text, or 0. */
static size_t secret_at(const char *text, size_t size)
{
    for (size_t i = 0; i < the_log.n_secrets; i++) {
        const struct buf *secret = &the_log.secrets[i];
        if (secret->size <= size && memcmp(secret->data, text, secret->size) == 0)
            return secret->size;
    }
    return 0;
}

static void append_masked(struct buf *out, const char *text, size_t size)
{
    size_t at = 0;
    while (at < size) {
        size_t length = secret_at(text + at, size - at);
        if (length > 0)
            buf_append_string(out, "****");
        else
            buf_append_char(out, text[at]);
        at += length ? length : 1;
    }
}

void log_append_masked(struct buf *out, const char *text, size_t size)
{
    pthread_mutex_lock(&the_log.lock);
    append_masked(out, text, size);
    pthread_mutex_unlock(&the_log.lock);
}

void tl_log(enum tl_log_level level, const char *format, ...)
{
    struct buf raw = BUF_INIT(LINE_MAX_BYTES), masked = BUF_INIT(2 * LINE_MAX_BYTES),
               safe = BUF_INIT(8 * LINE_MAX_BYTES);
    va_list arguments;

    pthread_mutex_lock(&the_log.lock);
    if (hears(the_log.sink, level) || hears(the_listener, level)) {
        va_start(arguments, format);
        buf_vprintf(&raw, format, arguments);
        va_end(arguments);
        if (raw.failed)
            buf_append_string(&safe, "(a log line that did not fit was left out)");
        append_masked(&masked, buf_text(&raw), raw.size);
        text_append_safe(&safe, buf_text(&masked), masked.size);
    }
    if (hears(the_log.sink, level))
        the_log.sink->line(the_log.sink, level, clock_utc_us(), buf_text(&safe));
    pthread_mutex_unlock(&the_log.lock);
    if (hears(the_listener, level))
        the_listener->line(the_listener, level, clock_utc_us(), buf_text(&safe));
    buf_free(&raw);
    buf_free(&masked);
    buf_free(&safe);
}
