/* Which page comes next, and whether one does: the state of a pagination.
 *
 *   for each page:  ask for it, with http_pages_next or http_pages_url
 *                   http_pages_look   what the answer says of the next one
 *                   (feed its rows)
 *                   http_pages_turn   what the rows say; on to the next, or the end */
#ifndef SOURCES_HTTP_PAGES_H
#define SOURCES_HTTP_PAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sources/http_settings.h"
#include "towline/sync.h"

/* A set of 64-bit numbers. */
struct http_seen {
    uint64_t *slots; /* 0: empty */
    size_t n_slots, count;
};

struct http_pages {
    const struct http_settings *settings;
    struct buf next;      /* the number, offset, key or token of the page asked for */
    struct buf url;       /* its URL, where the answer before gave one; else empty */
    struct buf coming;    /* next or url of the page after, once http_pages_look knows it */
    uint64_t count;       /* pages taken */
    uint64_t content;     /* fingerprint of the page taken last; 0: it had no rows */
    uint64_t offset;      /* rows taken */
    uint64_t rows_before; /* of the page before, with keyset */
    uint64_t largest;     /* rows of the largest page after which the key moved on */
    bool told_more;       /* `more` points to something true */
    struct http_seen seen;
};

/* What of an answer matters here. */
struct http_page {
    const char *body;
    size_t size;
    const char *url;  /* that the page was got from */
    const char *link; /* header Link, NULL: none */
};

void http_pages_init(struct http_pages *pages, const struct http_settings *settings);
void http_pages_reset(struct http_pages *pages);

/* After http_pages_look has told that it is known: those of the page after. */
const char *http_pages_coming_next(const struct http_pages *pages);
const char *http_pages_coming_url(const struct http_pages *pages);

/* The number, offset, key or token of the page to ask for; "" for a first page that has none.
 */
const char *http_pages_next(const struct http_pages *pages);

/* The whole URL of the page to ask for; NULL: that of the settings. */
const char *http_pages_url(const struct http_pages *pages);

/* Reads from the answer what leads to the next page. *known: it does, and so the next page can
 * be asked for already (*next or *url, by the kind of pagination). TL_DATA for a URL that may
 * not be followed. */
TL_NODISCARD enum tl_status http_pages_look(struct http_pages *pages,
                                            const struct http_page *page, bool *known,
                                            struct tl_error *err);

/* After the page's rows, of which there were n_rows, have been fed: moves on. *more: there is
 * another page. TL_DATA where pages repeat themselves, or there are more than max_pages. */
TL_NODISCARD enum tl_status http_pages_turn(struct http_pages *pages,
                                            const struct http_page *page, uint64_t n_rows,
                                            struct tl_sync *sync, bool *more,
                                            struct tl_error *err);

#endif
