/* Where a URL leads. */
#include "sources/http_place.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

static enum tl_status refuse(const char *url, const char *why, struct tl_error *err)
{
    char shown[160];

    (void)tl_fail(err, TL_CONFIGURATION, "\"%s\" %s",
                  text_safe(shown, sizeof(shown), url, strlen(url)), why);
    return tl_remedy(err, "Write it as http://127.0.0.1:8080/path or https://example.com/path");
}

/* Copies a part of the URL; false if it has none or it does not fit. */
static bool take_part(CURLU *url, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    bool ok = curl_url_get(url, part, &text, flags) == CURLUE_OK && strlen(text) < size;

    if (ok)
        memcpy(out, text, strlen(text) + 1);
    curl_free(text);
    return ok;
}

/* "[::1]" becomes "::1", as the SSH server takes it. */
static void drop_brackets(char *host)
{
    size_t size = strlen(host);

    if (size < 2 || host[0] != '[' || host[size - 1] != ']')
        return;
    memmove(host, host + 1, size - 2);
    host[size - 2] = '\0';
}

static enum tl_status read_place(CURLU *parts, const char *url, struct http_place *out,
                                 struct tl_error *err)
{
    char scheme[16], port[8];
    CURLUcode code = curl_url_set(parts, CURLUPART_URL, url, CURLU_DISALLOW_USER);

    if (code == CURLUE_USER_NOT_ALLOWED) { /* and perhaps a password: it is not shown */
        (void)tl_fail(err, TL_CONFIGURATION, "a URL holds a user's name");
        return tl_remedy(err, "Give name and password in `auth`, with the type basic");
    }
    if (code != CURLUE_OK ||
        !take_part(parts, CURLUPART_HOST, 0, out->host, sizeof(out->host)) ||
        !take_part(parts, CURLUPART_PORT, CURLU_DEFAULT_PORT, port, sizeof(port)))
        return refuse(url, "is no URL", err);
    if (!take_part(parts, CURLUPART_SCHEME, 0, scheme, sizeof(scheme)) ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0))
        return refuse(url, "is a URL of neither http nor https", err);
    drop_brackets(out->host);
    out->tls = strcmp(scheme, "https") == 0;
    out->port = (uint16_t)strtoul(port, NULL, 10);
    return TL_OK;
}

enum tl_status http_place_of(const char *url, struct http_place *out, struct tl_error *err)
{
    CURLU *parts = curl_url();
    enum tl_status status;

    *out = (struct http_place){0};
    if (parts == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a URL");
    status = read_place(parts, url, out, err);
    curl_url_cleanup(parts);
    return status;
}

enum tl_status http_place_of_pair(const char *pair, struct http_place *out,
                                  struct tl_error *err)
{
    const char *colon = strrchr(pair, ':');
    char *end = NULL;
    unsigned long port = colon != NULL ? strtoul(colon + 1, &end, 10) : 0;
    size_t size = colon != NULL ? (size_t)(colon - pair) : 0;

    if (port == 0 || port > 65535 || *end != '\0' || size == 0 || size >= sizeof(out->host)) {
        (void)tl_fail(err, TL_CONFIGURATION, "http: connect_to \"%.200s\" is no host:port",
                      pair);
        return tl_remedy(err, "Write it as 10.0.0.5:8443 or [fd00::5]:8443");
    }
    memcpy(out->host, pair, size);
    out->host[size] = '\0';
    out->port = (uint16_t)port;
    drop_brackets(out->host);
    return TL_OK;
}

static bool is_loopback(const char *host)
{
    unsigned a, b, c, d;
    char rest;

    if (strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
        return true;
    return sscanf(host, "%3u.%3u.%3u.%3u%c", &a, &b, &c, &d, &rest) == 4 && a == 127;
}

enum tl_status http_place_check(const struct http_place *place,
                                const struct http_settings *settings, struct tl_error *err)
{
    struct http_place other = *place;
    bool local;

    if (settings->connect_to != NULL &&
        http_place_of_pair(settings->connect_to, &other, err) != TL_OK)
        return err->status;
    if (place->tls || settings->tls == HTTP_TLS_IF_SPOKEN)
        return TL_OK;
    local = is_loopback(other.host);
    if (local && settings->tls == HTTP_TLS_BEYOND_HOST)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION, "http: from the SSH host on, http://%s:%u %s",
                  place->host, place->port,
                  local ? "is clear text, which require_tls_through_tunnel refuses"
                        : "would be clear text on the network");
    return tl_remedy(err,
                     "Use https://, or %sset require_tls_through_tunnel to false to fall back "
                     "to clear text with a warning",
                     local ? "leave that key out, since this never leaves the host, or " : "");
}

bool http_place_may_lead(const struct http_place *from, const struct http_place *to)
{
    if (strcasecmp(from->host, to->host) != 0)
        return false;
    if (from->tls == to->tls)
        return from->port == to->port;
    return to->tls && from->port == 80 && to->port == 443;
}

enum tl_status http_url_resolve(const char *base, const char *reference, struct buf *out,
                                struct tl_error *err)
{
    CURLU *parts = curl_url();
    char *url = NULL, shown[160];
    bool ok = parts != NULL && curl_url_set(parts, CURLUPART_URL, base, 0) == CURLUE_OK &&
              curl_url_set(parts, CURLUPART_URL, reference, 0) == CURLUE_OK &&
              curl_url_get(parts, CURLUPART_URL, &url, 0) == CURLUE_OK;

    if (ok)
        buf_append_string(out, url);
    curl_free(url);
    curl_url_cleanup(parts);
    if (!ok)
        return tl_fail(err, TL_DATA, "\"%s\" is no URL",
                       text_safe(shown, sizeof(shown), reference, strlen(reference)));
    return buf_check(out, "a URL", err);
}

enum tl_status http_url_with_tls(const char *url, bool tls, struct buf *out,
                                 struct tl_error *err)
{
    struct http_place place;
    CURLU *parts = curl_url();
    char port[8], *changed = NULL;
    bool ok;

    if (http_place_of(url, &place, err) != TL_OK) {
        curl_url_cleanup(parts);
        return err->status;
    }
    (void)snprintf(port, sizeof(port), "%u", place.port);
    ok = parts != NULL && curl_url_set(parts, CURLUPART_URL, url, 0) == CURLUE_OK &&
         curl_url_set(parts, CURLUPART_PORT, port, 0) == CURLUE_OK &&
         curl_url_set(parts, CURLUPART_SCHEME, tls ? "https" : "http", 0) == CURLUE_OK &&
         curl_url_get(parts, CURLUPART_URL, &changed, 0) == CURLUE_OK;
    if (ok)
        buf_append_string(out, changed);
    curl_free(changed);
    curl_url_cleanup(parts);
    return ok ? buf_check(out, "a URL", err)
              : tl_fail(err, TL_MEMORY, "out of memory for a URL");
}
