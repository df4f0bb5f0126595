/* The rows of the field `http`: each of its keys once. */
#include "sources/http_settings.h"

static const struct tl_option auth_options[] = {
    {
        .name = "type",
        .kind = TL_OPTION_CHOICE,
        .fallback = "none",
        .help =
            "how to be let in: basic: username and password; bearer: token; apiKey: api_key; "
            "session: a token got by logging in",
        .choices = "none|basic|bearer|apiKey|session",
    },
    {
        .name = "username",
        .kind = TL_OPTION_TEXT,
        .help = "who logs in, with basic and session",
    },
    {
        .name = "password",
        .kind = TL_OPTION_TEXT,
        .help = "the password, with basic and session; may be empty",
        .flags = TL_OPTION_SECRET | TL_OPTION_EMPTY,
    },
    {
        .name = "token",
        .kind = TL_OPTION_TEXT,
        .help = "the bearer token",
        .flags = TL_OPTION_SECRET,
    },
    {
        .name = "api_key",
        .kind = TL_OPTION_TEXT,
        .help = "the key; when not given, the key api_key of the whole configuration",
        .flags = TL_OPTION_SECRET,
    },
    {
        .name = "header",
        .kind = TL_OPTION_TEXT,
        .fallback = "Authorization",
        .help = "the header that carries the API key or session token",
    },
    {
        .name = "prefix",
        .kind = TL_OPTION_TEXT,
        .help = "what stands before it there; when not given \"apiKey \" or \"Token \" in "
                "Authorization, and nothing in other headers",
        .flags = TL_OPTION_EMPTY,
    },
    {
        .name = "parameter",
        .kind = TL_OPTION_TEXT,
        .help = "the query parameter that carries the API key, instead of a header",
    },
    {
        .name = "login_url",
        .kind = TL_OPTION_TEXT,
        .help = "where to POST the login, with session; may be relative to url",
    },
    {
        .name = "login_body",
        .kind = TL_OPTION_JSON,
        .help = "what to POST there; when not given, username and password as a JSON object",
        .flags = TL_OPTION_SECRET,
    },
    {
        .name = "login_token",
        .kind = TL_OPTION_TEXT,
        .fallback = "/token",
        .help = "JSON Pointer to the token in the answer to the login",
        .flags = TL_OPTION_EMPTY,
    },
    {.name = NULL},
};

static const struct tl_option pagination_options[] = {
    {
        .name = "type",
        .kind = TL_OPTION_CHOICE,
        .fallback = "none",
        .help =
            "how pages follow each other: next_url: the body has the URL of the next; page: "
            "by number; offset: by rows before; keyset: by the last row's column; scroll: the "
            "body has a token; link: the header Link",
        .choices = "none|next_url|page|offset|keyset|scroll|link",
    },
    {
        .name = "parameter",
        .kind = TL_OPTION_TEXT,
        .help =
            "the query parameter for the page's number (page), offset (offset), key or token; "
            "{{next}} puts it anywhere else",
    },
    {
        .name = "next",
        .kind = TL_OPTION_TEXT,
        .help =
            "JSON Pointer to the next page's URL or token; where it is absent, null, false or "
            "empty, the page is the last",
    },
    {
        .name = "more",
        .kind = TL_OPTION_TEXT,
        .help = "JSON Pointer to whether another page follows; false, null, 0 or absent: none",
    },
    {
        .name = "last",
        .kind = TL_OPTION_TEXT,
        .help = "JSON Pointer to whether the page is the last; false, null, 0 or absent: not",
    },
    {
        .name = "total",
        .kind = TL_OPTION_TEXT,
        .help = "JSON Pointer to how many rows there are in all, with page and offset: once as "
                "many came, no further page is asked for",
    },
    {
        .name = "total_pages",
        .kind = TL_OPTION_TEXT,
        .help = "JSON Pointer to how many pages there are in all, with page",
    },
    {
        .name = "url",
        .kind = TL_OPTION_TEXT,
        .help = "what to ask for from the second page on, where that is another URL; may be "
                "relative to the first",
    },
    {
        .name = "body",
        .kind = TL_OPTION_JSON,
        .help = "what to send from the second page on, where that is another body",
    },
    {
        .name = "start",
        .kind = TL_OPTION_INTEGER,
        .help = "the first page's number (1), or the first offset (0)",
        .min = 0,
        .max = INT64_MAX,
    },
    {
        .name = "column",
        .kind = TL_OPTION_TEXT,
        .help = "the column whose value in the last row leads to the next page, with keyset",
    },
    {
        .name = "overlap",
        .kind = TL_OPTION_TEXT,
        .help = "how far before that value the next page starts, for rows that tie where the "
                "server leaves out equal ones: a number, or 1s, 15m, 2h, 1d for times",
    },
    {
        .name = "page_size",
        .kind = TL_OPTION_INTEGER,
        .help = "how many rows a full page has",
        .min = 1,
        .max = 1000000000,
    },
    {
        .name = "size_parameter",
        .kind = TL_OPTION_TEXT,
        .help = "the query parameter that asks for pages of page_size rows",
    },
    {
        .name = "first_only",
        .kind = TL_OPTION_LIST,
        .help = "query parameters that are sent for the first page only",
    },
    {
        .name = "max_pages",
        .kind = TL_OPTION_INTEGER,
        .fallback = "1000000",
        .help = "how many pages are taken for one that never ends",
        .flags = TL_OPTION_ADVANCED,
        .min = 1,
        .max = 1000000000,
    },
    {.name = NULL},
};

/* What a request is made of. */
#define REQUEST_OPTIONS                                                                        \
    {                                                                                          \
        .name = "url",                                                                         \
        .kind = TL_OPTION_TEXT,                                                                \
        .help = "what to ask for, as the SSH host would: http://127.0.0.1:5001/users",         \
        .flags = TL_OPTION_REQUIRED,                                                           \
    },                                                                                         \
        {                                                                                      \
            .name = "method",                                                                  \
            .kind = TL_OPTION_CHOICE,                                                          \
            .help = "when not given GET, or POST with a body",                                 \
            .choices = "GET|POST|PUT",                                                         \
        },                                                                                     \
        {                                                                                      \
            .name = "headers",                                                                 \
            .kind = TL_OPTION_MAP,                                                             \
            .help = "headers to send",                                                         \
        },                                                                                     \
        {                                                                                      \
            .name = "query",                                                                   \
            .kind = TL_OPTION_MAP,                                                             \
            .help = "query parameters; one whose placeholders come out empty is left out",     \
        },                                                                                     \
    {                                                                                          \
        .name = "body", .kind = TL_OPTION_JSON,                                                \
        .help =                                                                                \
            "what to send: JSON, or a text; placeholders are escaped as strings of JSON, in "  \
            "other texts URL-encoded",                                                         \
    }

/* The list that for_each goes through. */
static const struct tl_option each_options[] = {
    REQUEST_OPTIONS,
    {
        .name = "rows",
        .kind = TL_OPTION_TEXT,
        .help = "JSON Pointer to the list's rows, as of a stream's",
    },
    {
        .name = "pagination",
        .kind = TL_OPTION_OBJECTS,
        .help = "how the list's pages follow each other; all types but keyset",
        .flags = TL_OPTION_ONE,
        .fields = pagination_options,
    },
    {.name = NULL},
};

const struct tl_option http_options[] = {
    REQUEST_OPTIONS,
    {
        .name = "auth",
        .kind = TL_OPTION_OBJECTS,
        .help = "how to be let in",
        .flags = TL_OPTION_ONE,
        .fields = auth_options,
    },
    {
        .name = "pagination",
        .kind = TL_OPTION_OBJECTS,
        .help = "how pages follow each other",
        .flags = TL_OPTION_ONE,
        .fields = pagination_options,
    },
    {
        .name = "for_each",
        .kind = TL_OPTION_OBJECTS,
        .help = "a request for a list, asked first: the stream's own request is then made once "
                "for each of its rows, whose values are {{item.NAME}}",
        .flags = TL_OPTION_ONE,
        .fields = each_options,
    },
    {
        .name = "ca_file",
        .kind = TL_OPTION_TEXT,
        .help = "PEM file of the authorities that may vouch for the server, instead of the "
                "system's",
    },
    {
        .name = "connect_to",
        .kind = TL_OPTION_TEXT,
        .help = "host:port to connect to from the SSH host, where that is not the URL's; the "
                "certificate must still be that of the URL's host",
        .flags = TL_OPTION_ADVANCED,
    },
    {
        .name = "max_body_bytes",
        .kind = TL_OPTION_INTEGER,
        .fallback = "67108864",
        .help = "the largest page, or unpacked answer, that is taken",
        .flags = TL_OPTION_ADVANCED,
        .min = 1,
        .max = INT64_MAX,
    },
    {
        .name = "max_wait",
        .kind = TL_OPTION_SECONDS,
        .fallback = "300",
        .help = "the longest wait that the server may ask for by Retry-After",
        .flags = TL_OPTION_ADVANCED,
        .max = 86400,
    },
    {.name = NULL},
};
