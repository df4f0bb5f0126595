/* The field `http` of a stream: what to ask for, how to be let in, how its pages follow each
 * other. */
#ifndef SOURCES_HTTP_SETTINGS_H
#define SOURCES_HTTP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/option.h"

/* The rows of the field. */
extern const struct tl_option http_options[];

enum http_auth {
    HTTP_AUTH_NONE,
    HTTP_AUTH_BASIC,
    HTTP_AUTH_BEARER,
    HTTP_AUTH_API_KEY,
    HTTP_AUTH_SESSION
};

enum http_paging {
    HTTP_PAGING_NONE,
    HTTP_PAGING_NEXT_URL, /* the body names the next page's URL */
    HTTP_PAGING_PAGE,     /* by number */
    HTTP_PAGING_OFFSET,   /* by how many rows came before */
    HTTP_PAGING_KEYSET,   /* by a column's value in the last row */
    HTTP_PAGING_SCROLL,   /* by a token in the body */
    HTTP_PAGING_LINK      /* by the header Link */
};

/* Which requests must use TLS: the key require_tls_through_tunnel. */
enum http_tls {
    HTTP_TLS_BEYOND_HOST, /* not given: all but those to the SSH host's own loopback address */
    HTTP_TLS_ALWAYS,      /* true */
    HTTP_TLS_IF_SPOKEN    /* false: it is tried first, then clear text */
};

/* All texts are the configuration's, with their placeholders; NULL: not given. */
struct http_settings {
    struct http_settings *each;   /* owned: the list whose rows this is asked for; NULL: once */
    bool is_list;                 /* it is that of for_each */
    const char *rows;             /* of a list: JSON Pointer to its rows */
    const struct tl_config *maps; /* where headers and query lie; NULL: there are none */
    const char *url;
    const char *method; /* NULL: GET, or POST with a body */
    const char *body;
    const char *ca_file;
    const char *connect_to; /* host:port to connect to in place of the URL's */
    uint64_t max_body_bytes;
    int64_t max_wait_ms; /* the longest that a server may ask us to wait; -1: any */
    int64_t idle_timeout_ms, connect_timeout_ms, command_timeout_ms; /* -1: none */
    int64_t retry_attempts;
    enum http_tls tls;

    enum http_auth auth;
    const char *username, *password, *token, *api_key;
    const char *auth_header, *auth_prefix, *auth_parameter;
    const char *login_url, *login_body, *login_token;

    enum http_paging paging;
    const char *parameter;           /* of the query, for the number, offset, key or token */
    const char *next;                /* JSON Pointer to the next page's URL or token */
    const char *more;                /* JSON Pointer to whether there is another page */
    const char *last;                /* JSON Pointer to whether there is none */
    const char *total, *total_pages; /* JSON Pointers to how many there are in all */
    const char *further_url, *further_body; /* of the pages after the first */
    const char *column;                     /* of the key */
    const char *overlap;                    /* NULL: none */
    bool gives_ties; /* an overlap of 0: the server gives rows that equal the key again */
    const char *size_parameter;
    const char *const *first_only; /* parameters of the query for the first page alone */
    int64_t start;
    uint64_t page_size; /* 0: not given */
    uint64_t max_pages;

    char upstream_url[64]; /* memory of url in a configuration without streams */
};

/* Reads the field from its object; `whole` is the configuration that it is part of. Both
 * outlive the settings, which are to be freed with http_settings_reset, after a failure too.
 * TL_CONFIGURATION naming what is missing or does not fit. */
TL_NODISCARD enum tl_status http_settings_read(const struct tl_config *config,
                                               const struct tl_config *whole,
                                               struct http_settings *out, struct tl_error *err);

void http_settings_reset(struct http_settings *settings);

/* What Fivetran's example of an SSH tunnel does with its configuration, which names no streams:
 * GET /auth/api_key from remote_port on the SSH host's loopback address. */
void http_settings_upstream(const struct tl_config *whole, struct http_settings *out);

/* Calls `visit` with each text of the request, not of its list, that may hold placeholders;
 * stops at its first failure. */
struct http_text_visitor {
    enum tl_status (*visit)(struct http_text_visitor *self, const char *text,
                            struct tl_error *err);
};
TL_NODISCARD enum tl_status http_settings_visit(const struct http_settings *settings,
                                                struct http_text_visitor *visitor,
                                                struct tl_error *err);

/* Whether what leads from page to page is looked for in the body, which must be JSON then. */
bool http_settings_look_into_body(const struct http_settings *settings);

/* The pairs of "headers" or "query", in order; false past the end. */
bool http_settings_pair(const struct http_settings *settings, const char *map, size_t index,
                        const char **name, const char **text);

#endif
