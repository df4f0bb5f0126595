/* A request and all that it takes to have its answer. */
#include "sources/http_exchange.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/text.h"
#include "sources/http_place.h"
#include "towline/json.h"
#include "towline/log.h"

enum {
    TOKEN_MAX_BYTES = 32 * 1024,
    REDIRECTS_MAX = 10,
    BACKOFF_FIRST_MS = 500,
    BACKOFF_LAST_MS = 30000,
    LONG_WAIT_MS = 5000 /* from here on it is worth a line of the log */
};

void http_exchange_init(struct http_exchange *exchange, struct http_client *client,
                        const struct http_settings *settings, struct tl_sync *sync,
                        const struct tl_config *config)
{
    *exchange = (struct http_exchange){.client = client,
                                       .settings = settings,
                                       .values = {.sync = sync, .config = config},
                                       .table = tl_sync_stream(sync)->table,
                                       .token = BUF_INIT(TOKEN_MAX_BYTES)};
    http_call_init(&exchange->call);
}

void http_exchange_reset(struct http_exchange *exchange)
{
    http_call_reset(&exchange->call);
    buf_wipe(&exchange->token);
}

/* Says of an error which request it is about. */
static enum tl_status about(const struct http_call *call, struct tl_error *err)
{
    char url[300];

    return tl_context(
        err, "%s %s", call->request.method,
        text_safe(url, sizeof(url), call->request.url, strlen(call->request.url)));
}

static bool is_redirect(long status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static enum tl_status redirect(struct http_call *call, const struct http_answer *answer,
                               int *redirects, struct tl_error *err)
{
    const char *location = buf_text(&answer->location);
    struct http_place here, there;
    char shown[200];

    if (*location == '\0')
        return tl_fail(err, TL_COMMAND, "the answer %ld leads nowhere", answer->status);
    if (++*redirects > REDIRECTS_MAX) {
        (void)tl_fail(err, TL_COMMAND, "more than %d redirects, now to %s", REDIRECTS_MAX,
                      text_safe(shown, sizeof(shown), location, strlen(location)));
        return tl_remedy(err, "Give as `url` the one that is redirected to in the end");
    }
    if (http_place_of(call->request.url, &here, err) != TL_OK)
        return err->status;
    if (http_place_of(location, &there, err) != TL_OK || !http_place_may_lead(&here, &there)) {
        (void)tl_fail(err, TL_COMMAND,
                      "it redirects to another place, %s, which is not followed",
                      text_safe(shown, sizeof(shown), location, strlen(location)));
        return tl_remedy(err, "If that place is the right one, give it as `url`");
    }
    return http_call_redirect(call, answer->status, location, err);
}

/* A 403 that says when to come back is a limit on how often one may ask, as at GitHub. */
static bool is_busy(const struct http_answer *answer)
{
    long status = answer->status;

    return status == 408 || status == 425 || status == 429 || status >= 500 ||
           (status == 403 && answer->wait_ms >= 0);
}

static bool is_html(const struct http_answer *answer)
{
    return http_answer_is_page(answer, buf_text(&answer->body), answer->body.size);
}

/* The beginning of an error's body, for people: on one line, of HTML only the words. */
static const char *excerpt(const struct http_answer *answer, char *out, size_t size)
{
    const char *text = buf_text(&answer->body), *end = text + answer->body.size;
    struct buf words = BUF_INIT(512);
    bool html = is_html(answer), tag = false, blank = false;

    for (; text < end && !words.failed; text++) {
        bool opens = html && *text == '<';
        if (opens || tag || *text == ' ' || (*text >= '\t' && *text <= '\r')) {
            tag = opens || (tag && *text != '>');
            blank = true;
            continue;
        }
        if (blank && words.size > 0)
            buf_append_char(&words, ' ');
        buf_append_char(&words, *text);
        blank = false;
    }
    (void)text_safe(out, size, buf_text(&words), words.size);
    buf_free(&words);
    return out;
}

static enum tl_status refused(const struct http_answer *answer, int attempts,
                              struct tl_error *err)
{
    bool login = answer->status == 401 || answer->status == 403;
    char shown[240], times[32] = "";

    if (attempts > 1)
        (void)snprintf(times, sizeof(times), ", %d times", attempts);
    (void)tl_fail(err, login ? TL_AUTHENTICATION : TL_COMMAND,
                  "the server answers %ld%s%s%s%s%s", answer->status,
                  *answer->reason ? " " : "", answer->reason, times,
                  answer->body.size > 0 ? ": " : "", excerpt(answer, shown, sizeof(shown)));
    if (login)
        return tl_remedy(err, "Look at the credentials in `auth`, and at what they may read");
    if (is_busy(answer))
        return tl_remedy(err, "Try again later, or raise retry_attempts");
    return tl_remedy(err, "Try the URL by hand on the SSH host: curl -i");
}

static enum tl_status not_rows(const struct http_exchange *exchange,
                               const struct http_answer *answer, struct tl_error *err)
{
    bool html = is_html(answer);
    bool csv = !exchange->settings->is_list &&
               tl_sync_stream(exchange->values.sync)->format == TL_FORMAT_CSV;
    char shown[160], kind[80];

    (void)tl_fail(err, TL_DATA, "the answer is %s, not %s%s%s%s: it begins with \"%s\"",
                  html ? "a web page (HTML)" : "something else", csv ? "CSV" : "JSON",
                  *answer->kind ? " (" : "",
                  text_safe(kind, sizeof(kind), answer->kind, strlen(answer->kind)),
                  *answer->kind ? ")" : "", excerpt(answer, shown, sizeof(shown)));
    if (html)
        return tl_remedy(err, "Look at `url` and `auth`: login pages and proxies answer so");
    if (http_answer_is_csv(answer))
        return tl_remedy(err, "Set `format` to \"csv\", with a pagination that does not look "
                              "into the body");
    return tl_remedy(err, "Give a URL that answers in JSON, or set `format` to \"csv\"");
}

/* Waits before attempt + 1. */
static enum tl_status wait_again(struct http_exchange *exchange, int64_t asked_ms, int attempt,
                                 const char *why, struct tl_error *err)
{
    int64_t limit_ms = exchange->settings->max_wait_ms;
    int64_t wait_ms = asked_ms >= 0
                          ? asked_ms
                          : backoff_ms(BACKOFF_FIRST_MS, BACKOFF_LAST_MS, (uint64_t)attempt);

    if (asked_ms >= 0 && limit_ms >= 0 && asked_ms > limit_ms) {
        (void)tl_fail(err, TL_COMMAND, "the server asks to wait for %" PRId64 " s (%s)",
                      asked_ms / 1000, why);
        return tl_remedy(err, "Try again then, or raise max_wait of `http` (%" PRId64 " s)",
                         limit_ms / 1000);
    }
    tl_log(wait_ms >= LONG_WAIT_MS ? TL_LOG_INFO : TL_LOG_DEBUG,
           "%s: %s; asking again in %.1f s (attempt %d of %" PRId64 ")", exchange->table, why,
           (double)wait_ms / 1000, attempt + 1, exchange->settings->retry_attempts + 1);
    return http_client_wait(exchange->client, clock_now_ms() + wait_ms, err);
}

/* Whether the same request may succeed after a failure in which nothing was fed. */
static bool may_mend(const struct http_exchange *exchange, const struct http_answer *answer,
                     enum tl_status status)
{
    return exchange->persistent && !answer->fed && http_client_is_alive(exchange->client) &&
           (tl_status_is_transient(status) || (status == TL_DATA && answer->status != 0));
}

/* Asks until there is an answer that is neither a redirect nor the word of a busy server. */
static enum tl_status converse(struct http_exchange *exchange, struct http_call *call,
                               struct http_answer *answer, int *attempts, struct tl_error *err)
{
    int redirects = 0;
    char why[64];

    for (*attempts = 1;;) {
        bool last = *attempts > exchange->settings->retry_attempts;
        enum tl_status status;
        if (!http_client_is_busy(exchange->client) &&
            http_client_begin(exchange->client, &call->request, answer, err) != TL_OK)
            return err->status;
        status = http_client_finish(exchange->client, err);
        if (status == TL_OK && is_redirect(answer->status)) {
            if (redirect(call, answer, &redirects, err) != TL_OK)
                return err->status;
            continue;
        }
        if (status == TL_OK && (!is_busy(answer) || last))
            return TL_OK;
        if (status != TL_OK && (last || !may_mend(exchange, answer, status)))
            return status;
        (void)snprintf(why, sizeof(why), "the server answers %ld", answer->status);
        if (wait_again(exchange, status == TL_OK ? answer->wait_ms : -1, *attempts,
                       status == TL_OK ? why : err->message, err) != TL_OK)
            return err->status;
        ++*attempts;
    }
}

static enum tl_status take_token(struct http_exchange *exchange,
                                 const struct http_answer *answer, struct tl_error *err)
{
    const char *pointer = exchange->settings->login_token;
    char *token;
    enum tl_status status =
        tl_json_find(buf_text(&answer->body), answer->body.size, pointer, &token, err);

    if (status == TL_OK &&
        (token == NULL || *token == '\0' || strpbrk(token, "\r\n") != NULL)) {
        (void)tl_fail(err, TL_DATA, "the answer to the login has no token at \"%s\"", pointer);
        status = tl_remedy(err, "Say in login_token of `auth` where it is");
    }
    if (status == TL_OK) {
        tl_log_add_secret(token, strlen(token));
        buf_reset(&exchange->token);
        buf_append_string(&exchange->token, token);
        status = buf_check(&exchange->token, "a session's token", err);
    }
    if (token != NULL)
        text_wipe(token, strlen(token));
    free(token);
    return status;
}

static enum tl_status login(struct http_exchange *exchange, struct tl_error *err)
{
    struct http_answer answer;
    struct http_call call;
    int attempts;
    enum tl_status status;

    http_call_init(&call);
    http_answer_init(&answer, exchange->settings->max_body_bytes);
    status = http_call_compose_login(&call, exchange->settings, &exchange->values, err);
    if (status == TL_OK)
        status = converse(exchange, &call, &answer, &attempts, err);
    if (status == TL_OK)
        status = http_answer_is_good(&answer) ? take_token(exchange, &answer, err)
                                              : refused(&answer, attempts, err);
    if (status != TL_OK)
        status = about(&call, err);
    buf_wipe(&answer.body);
    http_answer_reset(&answer);
    http_call_reset(&call);
    return status;
}

static enum tl_status compose(struct http_exchange *exchange, struct tl_error *err)
{
    const char *token = NULL;

    if (exchange->settings->auth == HTTP_AUTH_SESSION) {
        if (exchange->token.size == 0 && login(exchange, err) != TL_OK)
            return err->status;
        token = buf_text(&exchange->token);
    }
    return http_call_compose(&exchange->call, exchange->settings, &exchange->values,
                             &exchange->asked, token, err);
}

enum tl_status http_exchange_begin(struct http_exchange *exchange, struct http_answer *answer,
                                   const char *next, const char *url, bool first,
                                   struct tl_error *err)
{
    exchange->values.next = next;
    exchange->asked = (struct http_asked){.url = url, .first = first};
    if (compose(exchange, err) != TL_OK)
        return err->status;
    tl_log(TL_LOG_DEBUG, "%s: %s %s", exchange->table, exchange->call.request.method,
           exchange->call.request.url);
    if (http_client_begin(exchange->client, &exchange->call.request, answer, err) != TL_OK)
        return about(&exchange->call, err);
    return TL_OK;
}

/* The token may have run out in the middle: once a new one is worth a try. */
static enum tl_status renew(struct http_exchange *exchange, struct http_answer *answer,
                            int *attempts, struct tl_error *err)
{
    buf_reset(&exchange->token);
    if (compose(exchange, err) != TL_OK)
        return err->status;
    return converse(exchange, &exchange->call, answer, attempts, err);
}

enum tl_status http_exchange_finish(struct http_exchange *exchange, struct http_answer *answer,
                                    struct tl_error *err)
{
    int attempts;
    enum tl_status status = converse(exchange, &exchange->call, answer, &attempts, err);

    if (status == TL_OK && answer->status == 401 &&
        exchange->settings->auth == HTTP_AUTH_SESSION)
        status = renew(exchange, answer, &attempts, err);
    if (status == TL_OK && !http_answer_is_good(answer))
        status = refused(answer, attempts, err);
    if (status == TL_OK && answer->foreign)
        status = not_rows(exchange, answer, err);
    return status == TL_OK ? TL_OK : about(&exchange->call, err);
}
