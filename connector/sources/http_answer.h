/* What a server answered, as it comes. */
#ifndef SOURCES_HTTP_ANSWER_H
#define SOURCES_HTTP_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

struct http_answer {
    long status;         /* 0: none came */
    char reason[64];     /* the words behind the status, as they came */
    char kind[128];      /* Content-Type, as it came */
    struct buf body;     /* of what was not fed: all of a page, the beginning of an error */
    struct buf link;     /* header Link; several with commas between */
    struct buf location; /* where a redirect leads, as a whole URL */
    int64_t wait_ms;     /* Retry-After; -1: not said */
    uint64_t taken;      /* bytes of the body, unpacked */
    bool packed;         /* the body came compressed */
    bool foreign;        /* the body begins as no rows do */
    bool fed;            /* some of it */
};

void http_answer_init(struct http_answer *answer, uint64_t max_body_bytes);
void http_answer_reset(struct http_answer *answer);

/* Whether the status says that the request was carried out: 200 to 299. */
bool http_answer_is_good(const struct http_answer *answer);

/* Makes it empty, and keeps its memory for the next. */
void http_answer_clear(struct http_answer *answer);

/* Takes a line of the head. A status line begins a new answer. */
void http_answer_take_header(struct http_answer *answer, const char *line, size_t size);

/* Whether its type is that of CSV. */
bool http_answer_is_csv(const struct http_answer *answer);

/* Whether a body that begins so is a web page, by its type or by how it begins; JSON is none.
 */
bool http_answer_is_page(const struct http_answer *answer, const char *data, size_t size);

/* Whether a body that begins so is no JSON: a web page, told apart by its type or by how it
 * begins, or other text. A byte order mark may come first. */
bool http_answer_is_foreign(const struct http_answer *answer, const char *data, size_t size);

/* Of what is no page keeps the beginning, to be shown. */
void http_answer_keep(struct http_answer *answer, const char *data, size_t size);

#endif
