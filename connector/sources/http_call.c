/* A request put together from the settings. */
#include "sources/http_call.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "base/text.h"
#include "sources/http_place.h"
#include "towline/log.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

void http_call_init(struct http_call *call)
{
    *call = (struct http_call){.url = BUF_INIT(HTTP_URL_MAX_BYTES),
                               .body = BUF_INIT(HTTP_BODY_MAX_BYTES)};
}

void http_call_reset(struct http_call *call)
{
    buf_wipe(&call->url);
    buf_wipe(&call->body);
    curl_slist_free_all(call->headers);
    http_call_init(call);
}

static enum tl_status add_header(struct http_call *call, const struct buf *line,
                                 struct tl_error *err)
{
    struct curl_slist *longer =
        line->failed ? NULL : curl_slist_append(call->headers, buf_text(line));

    if (longer == NULL)
        return tl_fail(err, TL_CONFIGURATION, "http: a header is too long");
    call->headers = call->request.headers = longer;
    return TL_OK;
}

static enum tl_status add_plain_header(struct http_call *call, const char *text,
                                       struct tl_error *err)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    enum tl_status status;

    buf_append_string(&line, text);
    status = add_header(call, &line, err);
    buf_free(&line);
    return status;
}

/* Its value is what `text` stands for, be it nothing. */
static enum tl_status add_expanded_header(struct http_call *call,
                                          const struct http_values *values, const char *name,
                                          const char *prefix, const char *text,
                                          struct tl_error *err)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    enum tl_status status;
    size_t before;

    buf_printf(&line, "%s: %s", name, prefix);
    before = line.size;
    status = http_expand(values, text, HTTP_IN_A_HEADER, &line, NULL, err);
    if (status == TL_OK && line.size == before && *prefix == '\0') {
        buf_reset(&line);
        buf_printf(&line, "%s;", name); /* which to libcurl is one without a value */
    }
    if (status == TL_OK)
        status = add_header(call, &line, err);
    buf_wipe(&line);
    return status;
}

static bool has_header(const struct http_settings *settings, const char *name)
{
    const char *given, *text;

    for (size_t i = 0; http_settings_pair(settings, "headers", i, &given, &text); i++)
        if (strcasecmp(given, name) == 0)
            return true;
    return false;
}

static enum tl_status add_headers(struct http_call *call, const struct http_settings *settings,
                                  const struct http_values *values, struct tl_error *err)
{
    bool csv = !settings->is_list && tl_sync_stream(values->sync)->format == TL_FORMAT_CSV;
    const char *name, *text;

    if (!has_header(settings, "Accept") &&
        add_plain_header(
            call,
            csv ? "Accept: text/csv, */*;q=0.1"
                : "Accept: application/json, application/x-ndjson;q=0.9, */*;q=0.1",
            err) != TL_OK)
        return err->status;
    for (size_t i = 0; http_settings_pair(settings, "headers", i, &name, &text); i++) {
        if (strpbrk(name, ": \t\r\n") != NULL || *name == '\0')
            return tl_fail(err, TL_CONFIGURATION, "http: \"%.80s\" is no name of a header",
                           name);
        if (add_expanded_header(call, values, name, "", text, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

static enum tl_status add_basic(struct http_call *call, const struct http_settings *settings,
                                const struct http_values *values, struct tl_error *err)
{
    struct buf pair = BUF_INIT(LINE_MAX_BYTES), line = BUF_INIT(LINE_MAX_BYTES);
    enum tl_status status = http_expand(values, settings->username, HTTP_RAW, &pair, NULL, err);

    buf_append_char(&pair, ':');
    if (status == TL_OK)
        status = http_expand(values, settings->password, HTTP_RAW, &pair, NULL, err);
    if (status == TL_OK) {
        buf_append_string(&line, "Authorization: Basic ");
        base64_encode(&line, buf_text(&pair), pair.size);
        tl_log_add_secret(buf_text(&line) + 21, line.size > 21 ? line.size - 21 : 0);
        status = add_header(call, &line, err);
    }
    buf_wipe(&pair);
    buf_wipe(&line);
    return status;
}

static enum tl_status add_auth(struct http_call *call, const struct http_settings *settings,
                               const struct http_values *values, const char *token,
                               struct tl_error *err)
{
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    enum tl_status status = TL_OK;

    switch (settings->auth) {
    case HTTP_AUTH_BASIC:
        return add_basic(call, settings, values, err);
    case HTTP_AUTH_BEARER:
        return add_expanded_header(call, values, "Authorization", "Bearer ", settings->token,
                                   err);
    case HTTP_AUTH_API_KEY:
        if (settings->auth_parameter != NULL)
            return TL_OK;
        return add_expanded_header(call, values, settings->auth_header, settings->auth_prefix,
                                   settings->api_key, err);
    case HTTP_AUTH_SESSION:
        buf_printf(&line, "%s: %s%s", settings->auth_header, settings->auth_prefix,
                   token ? token : "");
        status = add_header(call, &line, err);
        buf_wipe(&line);
        return status;
    case HTTP_AUTH_NONE:
        break;
    }
    return TL_OK;
}

/* Appends "?name=value" or "&name=value"; a fragment would swallow it, so there must be none.
 */
static void append_parameter(struct buf *url, const char *name, const char *value)
{
    buf_append_char(url, strchr(buf_text(url), '?') != NULL ? '&' : '?');
    text_append_url_encoded(url, name, strlen(name));
    buf_append_char(url, '=');
    text_append_url_encoded(url, value, strlen(value));
}

static bool is_first_only(const struct http_settings *settings, const char *name)
{
    const char *const *other = settings->first_only;

    while (other != NULL && *other != NULL && strcmp(*other, name) != 0)
        other++;
    return other != NULL && *other != NULL;
}

static bool is_named(const char *parameter, const char *name)
{
    return strncmp(parameter, name, strlen(name)) == 0 &&
           strchr("=&", parameter[strlen(name)]) != NULL;
}

/* Takes parameters of that name out of the URL, written as it is or encoded. */
static void drop_parameter(struct buf *url, const char *name)
{
    struct buf kept = BUF_INIT(HTTP_URL_MAX_BYTES), encoded = BUF_INIT(HTTP_URL_MAX_BYTES);
    const char *at = buf_text(url), *separator = "?";
    size_t size = strcspn(at, "?");

    text_append_url_encoded(&encoded, name, strlen(name));
    buf_append(&kept, at, size);
    while (at[size] != '\0') {
        at += size + 1;
        size = strcspn(at, "&");
        if (is_named(at, name) || is_named(at, buf_text(&encoded)))
            continue;
        buf_append_string(&kept, separator);
        buf_append(&kept, at, size);
        separator = "&";
    }
    kept.failed = kept.failed || url->failed;
    buf_free(&encoded);
    buf_wipe(url);
    *url = kept;
}

/* Sets what may be there already: in `url`, in `query`, or in a next page's URL. */
static void set_parameter(struct buf *url, const char *name, const char *value)
{
    drop_parameter(url, name);
    append_parameter(url, name, value);
}

static enum tl_status append_query(struct http_call *call, const struct http_settings *settings,
                                   const struct http_values *values, bool first,
                                   struct tl_error *err)
{
    struct buf value = BUF_INIT(HTTP_URL_MAX_BYTES);
    enum tl_status status = TL_OK;
    const char *name, *text;
    bool vacant = false;

    for (size_t i = 0;
         status == TL_OK && http_settings_pair(settings, "query", i, &name, &text); i++) {
        if (!first && is_first_only(settings, name))
            continue;
        buf_reset(&value);
        status = http_expand(values, text, HTTP_RAW, &value, &vacant, err);
        if (status == TL_OK && !vacant)
            append_parameter(&call->url, name, buf_text(&value));
    }
    buf_wipe(&value);
    if (settings->parameter != NULL && values->next != NULL && *values->next != '\0')
        set_parameter(&call->url, settings->parameter, values->next);
    if (settings->size_parameter != NULL) {
        char size[24];
        (void)snprintf(size, sizeof(size), "%" PRIu64, settings->page_size);
        set_parameter(&call->url, settings->size_parameter, size);
    }
    return status;
}

static enum tl_status append_key(struct http_call *call, const struct http_settings *settings,
                                 const struct http_values *values, struct tl_error *err)
{
    struct buf key = BUF_INIT(LINE_MAX_BYTES);
    enum tl_status status;

    if (settings->auth != HTTP_AUTH_API_KEY || settings->auth_parameter == NULL)
        return TL_OK;
    status = http_expand(values, settings->api_key, HTTP_RAW, &key, NULL, err);
    set_parameter(&call->url, settings->auth_parameter, buf_text(&key));
    buf_wipe(&key);
    return status;
}

static enum tl_status expand_part(const struct http_values *values, const char *text,
                                  size_t size, struct buf *out, bool *vacant,
                                  struct tl_error *err)
{
    struct buf part = BUF_INIT(HTTP_URL_MAX_BYTES);
    enum tl_status status;

    buf_append(&part, text, size);
    status = buf_check(&part, "a URL", err);
    if (status == TL_OK)
        status = http_expand(values, buf_text(&part), HTTP_IN_URL, out, vacant, err);
    buf_free(&part);
    return status;
}

/* "name={{cursor}}" in the URL itself: left out when vacant, as in `query`. */
static enum tl_status append_own(struct http_call *call, const struct http_values *values,
                                 const char *text, size_t size, struct tl_error *err)
{
    const char *equals = memchr(text, '=', size);
    size_t name = equals != NULL ? (size_t)(equals - text) + 1 : size;
    struct buf value = BUF_INIT(HTTP_URL_MAX_BYTES);
    bool vacant = false;
    enum tl_status status = expand_part(values, text + name, size - name, &value, &vacant, err);

    if (status == TL_OK && !vacant) {
        buf_append_char(&call->url, strchr(buf_text(&call->url), '?') != NULL ? '&' : '?');
        status = expand_part(values, text, name, &call->url, NULL, err);
        buf_append_string(&call->url, buf_text(&value));
    }
    buf_wipe(&value);
    return status;
}

static enum tl_status expand_url(struct http_call *call, const char *url,
                                 const struct http_values *values, struct tl_error *err)
{
    size_t size = strcspn(url, "?");
    enum tl_status status = expand_part(values, url, size, &call->url, NULL, err);

    while (status == TL_OK && url[size] != '\0') {
        url += size + 1;
        size = strcspn(url, "&");
        status = append_own(call, values, url, size, err);
    }
    return status;
}

/* Pages after the first may have a URL of their own, relative to the first's. */
static enum tl_status take_further_url(struct http_call *call,
                                       const struct http_settings *settings,
                                       const struct http_values *values, struct tl_error *err)
{
    struct buf base = call->url, further;
    enum tl_status status;

    if (settings->further_url == NULL)
        return TL_OK;
    call->url = BUF_INIT(HTTP_URL_MAX_BYTES);
    status = expand_url(call, settings->further_url, values, err);
    further = call->url;
    call->url = BUF_INIT(HTTP_URL_MAX_BYTES);
    if (status == TL_OK)
        status = http_url_resolve(buf_text(&base), buf_text(&further), &call->url, err);
    buf_wipe(&base);
    buf_wipe(&further);
    return status;
}

static enum tl_status compose_url(struct http_call *call, const struct http_settings *settings,
                                  const struct http_values *values,
                                  const struct http_asked *asked, struct tl_error *err)
{
    char *fragment;

    if (asked->url != NULL)
        buf_append_string(&call->url, asked->url);
    else if (expand_url(call, settings->url, values, err) != TL_OK ||
             (!asked->first && take_further_url(call, settings, values, err) != TL_OK))
        return err->status;
    fragment = call->url.size > 0 ? strchr(call->url.data, '#') : NULL;
    if (fragment != NULL) {
        *fragment = '\0';
        call->url.size = (size_t)(fragment - call->url.data);
    }
    if ((asked->url == NULL &&
         append_query(call, settings, values, asked->first, err) != TL_OK) ||
        append_key(call, settings, values, err) != TL_OK)
        return err->status;
    call->request.url = buf_text(&call->url);
    return call->url.failed ? tl_fail(err, TL_CONFIGURATION, "http: the URL is too long")
                            : TL_OK;
}

/* Sends what call->body holds. */
static enum tl_status take_body(struct http_call *call, enum http_encoding encoding, bool typed,
                                struct tl_error *err)
{
    if (call->body.failed)
        return tl_fail(err, TL_CONFIGURATION, "http: the body has more than %d bytes",
                       HTTP_BODY_MAX_BYTES);
    call->request.body = buf_text(&call->body);
    call->request.body_size = call->body.size;
    if (add_plain_header(call, "Expect:", err) != TL_OK)
        return err->status;
    if (typed)
        return TL_OK;
    return add_plain_header(call,
                            encoding == HTTP_IN_JSON
                                ? "Content-Type: application/json"
                                : "Content-Type: application/x-www-form-urlencoded",
                            err);
}

static enum tl_status compose_body(struct http_call *call, const struct http_values *values,
                                   const char *body, bool typed, struct tl_error *err)
{
    enum http_encoding encoding = http_body_encoding(body);

    if (http_expand(values, body, encoding, &call->body, NULL, err) != TL_OK)
        return err->status;
    return take_body(call, encoding, typed, err);
}

enum tl_status http_call_compose(struct http_call *call, const struct http_settings *settings,
                                 const struct http_values *values,
                                 const struct http_asked *asked, const char *token,
                                 struct tl_error *err)
{
    const char *body = asked->first || settings->further_body == NULL ? settings->body
                                                                      : settings->further_body;

    http_call_reset(call);
    call->request.method = settings->method != NULL ? settings->method
                           : body != NULL           ? "POST"
                                                    : "GET";
    call->request.is_list = settings->is_list;
    call->request.feed = settings->paging == HTTP_PAGING_NONE && !settings->is_list;
    if (compose_url(call, settings, values, asked, err) != TL_OK ||
        add_headers(call, settings, values, err) != TL_OK ||
        add_auth(call, settings, values, token, err) != TL_OK)
        return err->status;
    if (body == NULL) /* libcurl would say nothing of it, and some servers insist (411) */
        return strcmp(call->request.method, "GET") == 0
                   ? TL_OK
                   : add_plain_header(call, "Content-Length: 0", err);
    return compose_body(call, values, body, has_header(settings, "Content-Type"), err);
}

/* Appends "name":"what text stands for". */
static enum tl_status append_member(struct buf *body, const char *name, const char *text,
                                    const struct http_values *values, struct tl_error *err)
{
    struct buf value = BUF_INIT(LINE_MAX_BYTES);
    enum tl_status status = http_expand(values, text, HTTP_RAW, &value, NULL, err);

    if (status == TL_OK)
        status = buf_check(&value, name, err);
    buf_printf(body, "\"%s\":", name);
    text_append_json(body, buf_text(&value), value.size);
    buf_wipe(&value);
    return status;
}

/* {"username": ..., "password": ...}, unless the user says otherwise. */
static enum tl_status compose_login_body(struct http_call *call,
                                         const struct http_settings *settings,
                                         const struct http_values *values, struct tl_error *err)
{
    struct buf *body = &call->body;

    if (settings->login_body != NULL)
        return compose_body(call, values, settings->login_body, false, err);
    buf_append_char(body, '{');
    if (append_member(body, "username", settings->username, values, err) != TL_OK)
        return err->status;
    buf_append_char(body, ',');
    if (append_member(body, "password", settings->password, values, err) != TL_OK)
        return err->status;
    buf_append_char(body, '}');
    return take_body(call, HTTP_IN_JSON, false, err);
}

enum tl_status http_call_compose_login(struct http_call *call,
                                       const struct http_settings *settings,
                                       const struct http_values *values, struct tl_error *err)
{
    struct buf base = BUF_INIT(HTTP_URL_MAX_BYTES), login = BUF_INIT(HTTP_URL_MAX_BYTES);
    enum tl_status status;

    http_call_reset(call);
    call->request.method = "POST";
    status = http_expand(values, settings->url, HTTP_IN_URL, &base, NULL, err);
    if (status == TL_OK)
        status = http_expand(values, settings->login_url, HTTP_IN_URL, &login, NULL, err);
    if (status == TL_OK)
        status = http_url_resolve(buf_text(&base), buf_text(&login), &call->url, err);
    call->request.url = buf_text(&call->url);
    if (status == TL_OK)
        status = compose_login_body(call, settings, values, err);
    buf_free(&base);
    buf_free(&login);
    return status;
}

enum tl_status http_call_redirect(struct http_call *call, long status, const char *url,
                                  struct tl_error *err)
{
    struct buf copy = BUF_INIT(HTTP_URL_MAX_BYTES);

    buf_append_string(&copy, url);
    buf_free(&call->url);
    call->url = copy;
    call->request.url = buf_text(&call->url);
    if (status != 307 && status != 308) {
        call->request.method = "GET";
        call->request.body = NULL;
        call->request.body_size = 0;
    }
    return buf_check(&call->url, "a redirect's URL", err);
}
