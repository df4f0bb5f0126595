/* The log: levels, masking of secrets, one sink. */
#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/text.h"

enum {
    LINE_MAX_BYTES = 16 * 1024,
    SECRET_MIN_BYTES = 4,
    SECRET_CHAIN_BITS = 12,
    SECRETS_MAX_BYTES = 128 * 1024 * 1024 /* a configuration's, in all forms */
};

/* One of those that begin with the same bytes, the longest of them first: so that a secret
 * within a secret hides nothing less. */
struct secret {
    struct secret *next;
    size_t size;
    char text[];
};

static struct {
    pthread_mutex_t lock;
    struct log_sink *sink;
    struct secret *chains[1 << SECRET_CHAIN_BITS]; /* by the first SECRET_MIN_BYTES */
    size_t secret_bytes;
    bool blind; /* there is a secret that could not be kept: any text may have it */
} the_log = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct log_sink *the_listener;

static const char *const level_names[] = {"DEBUG", "INFO", "WARNING", "ERROR"};

const char *log_level_name(enum tl_log_level level)
{
    return level_names[level];
}

enum tl_log_level log_level_of(const char *name, enum tl_log_level otherwise)
{
    for (int level = TL_LOG_DEBUG; name != NULL && level <= TL_LOG_ERROR; level++)
        if (strcasecmp(name, level_names[level]) == 0)
            return (enum tl_log_level)level;
    return otherwise;
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

/* Under the lock. The chain of the secrets that begin as text does, of SECRET_MIN_BYTES. */
static struct secret **secret_chain(const char *text)
{
    uint32_t start;

    memcpy(&start, text, sizeof(start));
    return &the_log.chains[start * UINT32_C(2654435761) >> (32 - SECRET_CHAIN_BITS)];
}

/* Under the lock. */
static void secret_insert(const char *value, size_t size)
{
    struct secret **at, *secret;

    if (size < SECRET_MIN_BYTES)
        return;
    for (at = secret_chain(value); *at != NULL && (*at)->size >= size; at = &(*at)->next)
        if ((*at)->size == size && memcmp((*at)->text, value, size) == 0)
            return;
    secret = the_log.secret_bytes + size <= SECRETS_MAX_BYTES ? malloc(sizeof(*secret) + size)
                                                              : NULL;
    if (secret == NULL) {
        the_log.blind = true;
        return;
    }
    secret->next = *at;
    secret->size = size;
    memcpy(secret->text, value, size);
    *at = secret;
    the_log.secret_bytes += sizeof(*secret) + size;
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

static void secrets_free(struct secret **chain)
{
    struct secret *secret;

    while ((secret = *chain) != NULL) {
        *chain = secret->next;
        text_wipe(secret->text, secret->size);
        free(secret);
    }
}

void log_forget_secrets(void)
{
    pthread_mutex_lock(&the_log.lock);
    for (size_t i = 0; i < sizeof(the_log.chains) / sizeof(the_log.chains[0]); i++)
        secrets_free(&the_log.chains[i]);
    the_log.secret_bytes = 0;
    the_log.blind = false;
    pthread_mutex_unlock(&the_log.lock);
}

/* Under the lock. The length of the secret that starts at text, or 0. */
static size_t secret_at(const char *text, size_t size)
{
    const struct secret *secret = size < SECRET_MIN_BYTES ? NULL : *secret_chain(text);

    for (; secret != NULL; secret = secret->next)
        if (secret->size <= size && memcmp(secret->text, text, secret->size) == 0)
            return secret->size;
    return 0;
}

static void append_masked(struct buf *out, const char *text, size_t size)
{
    size_t at = 0;

    if (the_log.blind) {
        buf_append_string(out, "****");
        return;
    }
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
