/* The texts of an HTTP request with their placeholders filled in. */
#ifndef SOURCES_HTTP_EXPAND_H
#define SOURCES_HTTP_EXPAND_H

#include "base/buf.h"
#include "sources/http_items.h"
#include "towline/sync.h"

/* What a value must look like where it stands. */
enum http_encoding {
    HTTP_RAW,        /* as it is */
    HTTP_IN_URL,     /* %XX */
    HTTP_IN_JSON,    /* escaped as within a string of JSON */
    HTTP_IN_A_HEADER /* as it is, and without a line's end, which could begin another header */
};

struct script_secret;

/* Where values come from. */
struct http_values {
    struct tl_sync *sync;
    const struct tl_config *config;
    const char *next;               /* {{next}} */
    const struct http_items *items; /* {{item.NAME}}; NULL: none */
    struct script_secret *secret;   /* stands for {{config.NAME}} and {{item.NAME}} in a script;
                                       NULL: a request */
};

/* Appends the text. *vacant, which may be NULL, tells whether it has placeholders and all that
 * came of it is nothing. */
TL_NODISCARD enum tl_status http_expand(const struct http_values *values, const char *text,
                                        enum http_encoding encoding, struct buf *out,
                                        bool *vacant, struct tl_error *err);

/* How placeholders within this body are written: JSON if it begins as an object or array. */
enum http_encoding http_body_encoding(const char *body);

#endif
