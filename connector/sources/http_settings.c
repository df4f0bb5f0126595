/* The field `http`, read and checked. */
#include "sources/http_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "sources/http_place.h"
#include "ssh/local_user.h"
#include "towline/json.h"

/* The names' order is that of the enums. */
static size_t choice_index(const char *name, const char *const *names)
{
    size_t index = 0;

    while (names[index] != NULL && strcmp(names[index], name) != 0)
        index++;
    return index;
}

static const char *text_or(const char *text, const char *fallback)
{
    return text != NULL ? text : fallback;
}

static enum tl_status need(const char *value, const char *key, const char *type,
                           struct tl_error *err)
{
    if (value != NULL)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION, "http: %s needs \"%s\"", type, key);
    return tl_remedy(err, "Give \"%s\": see `towline help configuration`", key);
}

static enum tl_status check_pointer(const char *pointer, const char *key, struct tl_error *err)
{
    char *found = NULL;

    if (pointer != NULL && tl_json_find("", 0, pointer, &found, err) != TL_OK)
        return tl_context(err, "http: \"%s\"", key);
    free(found);
    return TL_OK;
}

static void auth_prefix(struct http_settings *out)
{
    bool usual = strcasecmp(out->auth_header, "Authorization") == 0;

    if (out->auth_prefix == NULL)
        out->auth_prefix = !usual ? "" : out->auth == HTTP_AUTH_API_KEY ? "apiKey " : "Token ";
}

static enum tl_status check_auth(const struct http_settings *out, struct tl_error *err)
{
    bool by_name = out->auth == HTTP_AUTH_BASIC ||
                   (out->auth == HTTP_AUTH_SESSION && out->login_body == NULL);

    if (by_name && (need(out->username, "username", "this auth", err) != TL_OK ||
                    need(out->password, "password", "this auth", err) != TL_OK))
        return err->status;
    if (out->auth == HTTP_AUTH_BEARER)
        return need(out->token, "token", "auth bearer", err);
    if (out->auth == HTTP_AUTH_API_KEY)
        return need(out->api_key, "api_key", "auth apiKey", err);
    if (out->auth == HTTP_AUTH_SESSION &&
        need(out->login_url, "login_url", "auth session", err) != TL_OK)
        return err->status;
    return check_pointer(out->login_token, "login_token", err);
}

static enum tl_status read_auth(const struct tl_config *auth, const struct tl_config *whole,
                                struct http_settings *out, struct tl_error *err)
{
    static const char *const types[] = {"none", "basic", "bearer", "apiKey", "session", NULL};

    if (auth == NULL)
        return TL_OK;
    out->auth = (enum http_auth)choice_index(tl_config_text(auth, "type"), types);
    out->username = tl_config_text(auth, "username");
    out->password = tl_config_text(auth, "password");
    out->token = tl_config_text(auth, "token");
    out->api_key = text_or(tl_config_text(auth, "api_key"), tl_config_text(whole, "api_key"));
    out->auth_header = tl_config_text(auth, "header");
    out->auth_prefix = tl_config_text(auth, "prefix");
    out->auth_parameter = tl_config_text(auth, "parameter");
    out->login_url = tl_config_text(auth, "login_url");
    out->login_body = tl_config_text(auth, "login_body");
    out->login_token = tl_config_text(auth, "login_token");
    auth_prefix(out);
    return check_auth(out, err);
}

struct next_finder {
    struct http_text_visitor base;
    bool found;
};

static enum tl_status find_next(struct http_text_visitor *visitor, const char *text,
                                struct tl_error *err)
{
    struct next_finder *self = (struct next_finder *)visitor;

    (void)err;
    self->found = self->found || strstr(text, "{{next}}") != NULL;
    return TL_OK;
}

/* Where the key or token is to go. */
static enum tl_status check_parameter(const struct http_settings *out, const char *type,
                                      struct tl_error *err)
{
    struct next_finder finder = {.base = {find_next}};

    if (out->parameter != NULL)
        return TL_OK;
    if (http_settings_visit(out, &finder.base, err) != TL_OK)
        return err->status;
    return finder.found ? TL_OK : need(NULL, "parameter", type, err);
}

/* What would be of no effect. */
static enum tl_status check_fit(const struct http_settings *out, const char *type,
                                struct tl_error *err)
{
    bool by_page = out->paging == HTTP_PAGING_PAGE;
    bool by_url = out->paging == HTTP_PAGING_NEXT_URL || out->paging == HTTP_PAGING_LINK;
    const char *key = NULL;

    if (out->total != NULL && !by_page && out->paging != HTTP_PAGING_OFFSET)
        key = "total";
    else if (out->total_pages != NULL && !by_page)
        key = "total_pages";
    else if (out->further_url != NULL && by_url)
        key = "url";
    if (key == NULL)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION, "http: \"%s\" does not go with pagination by %s", key,
                  type);
    return tl_remedy(err, "Leave it out: see `towline help configuration`");
}

static enum tl_status check_paging(const struct http_settings *out, const char *type,
                                   struct tl_error *err)
{
    bool by_answer = out->paging == HTTP_PAGING_NEXT_URL || out->paging == HTTP_PAGING_SCROLL;
    bool keyset = out->paging == HTTP_PAGING_KEYSET;

    if ((by_answer && need(out->next, "next", type, err) != TL_OK) ||
        (keyset && need(out->column, "column", type, err) != TL_OK) ||
        ((keyset || out->paging == HTTP_PAGING_SCROLL) &&
         check_parameter(out, type, err) != TL_OK) ||
        check_pointer(out->next, "next", err) != TL_OK ||
        check_pointer(out->more, "more", err) != TL_OK ||
        check_pointer(out->last, "last", err) != TL_OK ||
        check_pointer(out->total, "total", err) != TL_OK ||
        check_pointer(out->total_pages, "total_pages", err) != TL_OK ||
        check_fit(out, type, err) != TL_OK)
        return err->status;
    if (out->overlap != NULL && out->page_size == 0) {
        (void)tl_fail(err, TL_CONFIGURATION, "http: \"overlap\" needs \"page_size\"");
        return tl_remedy(err,
                         "Say how many rows a full page has, so that more ties than a page "
                         "holds are noticed");
    }
    if (out->size_parameter != NULL && out->page_size == 0)
        return tl_fail(err, TL_CONFIGURATION, "http: \"size_parameter\" needs \"page_size\"");
    return TL_OK;
}

static enum tl_status read_paging(const struct tl_config *paging, struct http_settings *out,
                                  struct tl_error *err)
{
    static const char *const types[] = {"none",   "next_url", "page", "offset",
                                        "keyset", "scroll",   "link", NULL};
    const char *type;

    out->max_pages = 1;
    if (paging == NULL)
        return TL_OK;
    type = tl_config_text(paging, "type");
    out->paging = (enum http_paging)choice_index(type, types);
    out->parameter = tl_config_text(paging, "parameter");
    if (out->parameter == NULL &&
        (out->paging == HTTP_PAGING_PAGE || out->paging == HTTP_PAGING_OFFSET))
        out->parameter = type;
    out->next = tl_config_text(paging, "next");
    out->more = tl_config_text(paging, "more");
    out->last = tl_config_text(paging, "last");
    out->total = tl_config_text(paging, "total");
    out->total_pages = tl_config_text(paging, "total_pages");
    out->further_url = tl_config_text(paging, "url");
    out->further_body = tl_config_text(paging, "body");
    out->column = tl_config_text(paging, "column");
    out->overlap = tl_config_text(paging, "overlap");
    out->gives_ties = out->overlap != NULL && strcmp(out->overlap, "0") == 0;
    if (out->gives_ties)
        out->overlap = NULL;
    out->size_parameter = tl_config_text(paging, "size_parameter");
    out->first_only = tl_config_list(paging, "first_only");
    out->start = tl_config_given(paging, "start") ? tl_config_integer(paging, "start")
                                                  : out->paging == HTTP_PAGING_PAGE;
    out->page_size = (uint64_t)tl_config_integer(paging, "page_size");
    out->max_pages = (uint64_t)tl_config_integer(paging, "max_pages");
    return check_paging(out, type, err);
}

/* The limits that a request has from the whole configuration. */
static void read_limits(const struct tl_config *whole, struct http_settings *out)
{
    out->idle_timeout_ms = tl_config_ms(whole, "idle_timeout");
    out->command_timeout_ms = tl_config_ms(whole, "command_timeout");
    out->connect_timeout_ms = tl_config_ms(whole, "ssh_connect_timeout");
    out->retry_attempts = tl_config_integer(whole, "retry_attempts");
    if (tl_config_given(whole, "require_tls_through_tunnel"))
        out->tls = tl_config_boolean(whole, "require_tls_through_tunnel") ? HTTP_TLS_ALWAYS
                                                                          : HTTP_TLS_IF_SPOKEN;
}

/* Better now than after the login. */
static enum tl_status check_ca_file(const struct http_settings *settings, struct tl_error *err)
{
    char *path = settings->ca_file ? local_user_path(settings->ca_file) : NULL;
    bool readable = path != NULL && access(path, R_OK) == 0;

    free(path);
    if (settings->ca_file == NULL || readable)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION, "http: ca_file %s cannot be read: %s",
                  settings->ca_file, strerror(errno));
    return tl_remedy(err, "Give a PEM file with the certificates of authorities");
}

/* Where the URL has no placeholder it can be judged before anything is done. */
static enum tl_status check_url(const struct http_settings *settings, struct tl_error *err)
{
    struct http_place place;

    if (strstr(settings->url, "{{") != NULL)
        return TL_OK;
    if (http_place_of(settings->url, &place, err) != TL_OK)
        return tl_context(err, "http");
    return http_place_check(&place, settings, err);
}

static void read_request(const struct tl_config *config, struct http_settings *out)
{
    out->maps = config;
    out->url = tl_config_text(config, "url");
    out->method = tl_config_text(config, "method");
    out->body = tl_config_text(config, "body");
}

/* A list is asked for as the request itself is: the same login, the same limits. */
static enum tl_status read_each(const struct tl_config *config, struct http_settings *out,
                                struct tl_error *err)
{
    struct http_settings *each;

    if (config == NULL)
        return TL_OK;
    out->each = each = malloc(sizeof(*each));
    if (each == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for for_each");
    *each = *out;
    each->each = NULL;
    each->is_list = true;
    each->rows = tl_config_text(config, "rows");
    read_request(config, each);
    if (read_paging(tl_config_item(config, "pagination", 0), each, err) != TL_OK ||
        check_pointer(each->rows, "rows", err) != TL_OK || check_url(each, err) != TL_OK)
        return tl_context(err, "for_each");
    if (each->paging == HTTP_PAGING_KEYSET) {
        (void)tl_fail(err, TL_CONFIGURATION, "http: for_each: its list cannot page by keyset");
        return tl_remedy(err, "Page by number, offset, token, next URL or Link header");
    }
    return TL_OK;
}

void http_settings_reset(struct http_settings *settings)
{
    free(settings->each);
    settings->each = NULL;
}

enum tl_status http_settings_read(const struct tl_config *config, const struct tl_config *whole,
                                  struct http_settings *out, struct tl_error *err)
{
    const struct tl_config *auth = tl_config_item(config, "auth", 0);
    const struct tl_config *paging = tl_config_item(config, "pagination", 0);

    *out = (struct http_settings){
        .ca_file = tl_config_text(config, "ca_file"),
        .connect_to = tl_config_text(config, "connect_to"),
        .max_body_bytes = (uint64_t)tl_config_integer(config, "max_body_bytes"),
        .max_wait_ms = tl_config_ms(config, "max_wait"),
    };
    read_request(config, out);
    read_limits(whole, out);
    if (check_ca_file(out, err) != TL_OK || read_auth(auth, whole, out, err) != TL_OK ||
        read_each(tl_config_item(config, "for_each", 0), out, err) != TL_OK ||
        read_paging(paging, out, err) != TL_OK)
        return err->status;
    return check_url(out, err);
}

void http_settings_upstream(const struct tl_config *whole, struct http_settings *out)
{
    *out = (struct http_settings){
        .max_body_bytes = 64 << 20,
        .max_wait_ms = 300000,
        .auth = HTTP_AUTH_API_KEY,
        .api_key = tl_config_text(whole, "api_key"),
        .auth_header = "Authorization",
        .auth_prefix = "apiKey ",
        .max_pages = 1,
    };
    (void)snprintf(out->upstream_url, sizeof(out->upstream_url),
                   "http://127.0.0.1:%" PRId64 "/auth/api_key",
                   tl_config_integer(whole, "remote_port"));
    out->url = out->upstream_url;
    read_limits(whole, out);
}

bool http_settings_look_into_body(const struct http_settings *settings)
{
    return settings->next != NULL || settings->more != NULL || settings->last != NULL ||
           settings->total != NULL || settings->total_pages != NULL;
}

bool http_settings_pair(const struct http_settings *settings, const char *map, size_t index,
                        const char **name, const char **text)
{
    return settings->maps != NULL && tl_config_pair(settings->maps, map, index, name, text);
}

enum tl_status http_settings_visit(const struct http_settings *settings,
                                   struct http_text_visitor *visitor, struct tl_error *err)
{
    const char *const texts[] = {
        settings->url,          settings->body,       settings->username,
        settings->password,     settings->token,      settings->api_key,
        settings->login_url,    settings->login_body, settings->further_url,
        settings->further_body,
    };
    static const char *const maps[] = {"headers", "query"};
    const char *name, *text;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (texts[i] != NULL && visitor->visit(visitor, texts[i], err) != TL_OK)
            return err->status;
    for (size_t m = 0; m < 2; m++)
        for (size_t i = 0; http_settings_pair(settings, maps[m], i, &name, &text); i++)
            if (visitor->visit(visitor, text, err) != TL_OK)
                return err->status;
    return TL_OK;
}
