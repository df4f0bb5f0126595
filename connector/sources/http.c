/* The source of streams with `http`: what a web service reachable from the SSH host answers. */
#include <string.h>

#include "sources/http_exchange.h"
#include "sources/http_explain.h"
#include "sources/http_pages.h"
#include "sources/source.h"

/* A stream under way. There are two answers, so that the next page is on its way while the rows
 * of one are read. */
struct fetch {
    struct tl_sync *sync;
    struct http_client *client;
    struct http_exchange exchange;
    struct http_pages pages;
    struct http_items items;
    struct http_answer answers[2];
    int turn;       /* which of them is the page's */
    uint64_t begun; /* pages asked for, of one list of them */
    uint64_t rows;
    bool turned; /* pages of rows */
};

static bool http_serves(const struct stream *stream)
{
    return stream->http != NULL;
}

static enum tl_status begin_page(struct fetch *fetch, const char *next, const char *url,
                                 struct tl_error *err)
{
    struct http_answer *answer = &fetch->answers[fetch->turn];
    bool first = fetch->begun++ == 0;

    return http_exchange_begin(&fetch->exchange, answer, next, url, first, err);
}

static struct http_page page_of(struct fetch *fetch, const struct http_answer *answer,
                                struct buf *url)
{
    buf_reset(url);
    buf_append_string(url, fetch->exchange.call.request.url);
    return (struct http_page){.body = buf_text(&answer->body),
                              .size = answer->body.size,
                              .url = buf_text(url),
                              .link = answer->link.size > 0 ? buf_text(&answer->link) : NULL};
}

/* Hands the page's rows on; what was fed while it came is only counted. */
static enum tl_status feed_page(struct fetch *fetch, const struct http_page *page,
                                uint64_t *n_rows, struct tl_error *err)
{
    const struct http_settings *settings = fetch->exchange.settings;
    uint64_t before = fetch->rows;

    if (settings->is_list)
        return http_items_add(&fetch->items, settings->rows, page->body, page->size, n_rows,
                              err);

    if (page->size > 0 && (http_client_wait_ready(fetch->client, err) != TL_OK ||
                           tl_feed(fetch->sync, page->body, page->size, err) != TL_OK))
        return err->status;
    if (tl_feed_page(fetch->sync, &fetch->rows, err) != TL_OK)
        return err->status;
    *n_rows = fetch->rows - before;
    return TL_OK;
}

/* Takes a page whose answer has come, and sends for the next one as soon as it is known. */
static enum tl_status take_page(struct fetch *fetch, struct buf *url, bool *more,
                                struct tl_error *err)
{
    struct http_pages *pages = &fetch->pages;
    const struct http_page page = page_of(fetch, &fetch->answers[fetch->turn], url);
    bool known;
    uint64_t n_rows = 0;

    if (http_pages_look(pages, &page, &known, err) != TL_OK)
        return tl_context(err, "%s", page.url);
    fetch->turn = !fetch->turn;
    fetch->exchange.persistent = true;
    if (known && begin_page(fetch, http_pages_coming_next(pages), http_pages_coming_url(pages),
                            err) != TL_OK)
        return err->status;
    if (feed_page(fetch, &page, &n_rows, err) != TL_OK ||
        http_pages_turn(pages, &page, n_rows, fetch->sync, more, err) != TL_OK)
        return tl_context(err, "%s", page.url);
    if (!*more || known)
        return TL_OK;
    return begin_page(fetch, http_pages_next(pages), http_pages_url(pages), err);
}

/* One page after the other. */
static enum tl_status fetch_pages(struct fetch *fetch, const struct http_settings *settings,
                                  struct tl_error *err)
{
    struct buf url = BUF_INIT(HTTP_URL_MAX_BYTES);
    enum tl_status status;
    bool more = true;

    fetch->begun = 0;
    fetch->exchange.settings = settings;
    http_pages_init(&fetch->pages, settings);
    status = begin_page(fetch, http_pages_next(&fetch->pages), NULL, err);
    while (status == TL_OK && more) {
        status = http_exchange_finish(&fetch->exchange, &fetch->answers[fetch->turn], err);
        if (status == TL_OK)
            status = take_page(fetch, &url, &more, err);
    }
    fetch->turned = fetch->turned || (fetch->begun > 1 && !settings->is_list);
    http_pages_reset(&fetch->pages);
    buf_wipe(&url);
    return status;
}

/* With for_each the list comes first, as a whole: it may change while its items are read. */
static enum tl_status fetch_all(struct fetch *fetch, const struct http_settings *settings,
                                struct tl_error *err)
{
    if (settings->each == NULL)
        return fetch_pages(fetch, settings, err);
    if (fetch_pages(fetch, settings->each, err) != TL_OK)
        return tl_context(err, "for_each");
    while (http_items_next(&fetch->items))
        if (fetch_pages(fetch, settings, err) != TL_OK)
            return err->status;
    return TL_OK;
}

static bool is_key(const struct stream *stream, const char *column)
{
    const char *const *key = stream->base.primary_key;

    return key != NULL && key[0] != NULL && key[1] == NULL && strcmp(key[0], column) == 0;
}

/* Which rows a server leaves out for a tie does not show in what it sends. */
static void warn_of_ties(const struct fetch *fetch, const struct stream *stream)
{
    const struct http_settings *settings = stream->http;

    if (settings->paging == HTTP_PAGING_KEYSET && settings->overlap == NULL &&
        !settings->gives_ties && fetch->turned && !is_key(stream, settings->column))
        tl_warn(
            fetch->sync,
            "keyset by \"%s\": rows that tie with the last one of a page are missing if the "
            "server leaves out equal ones; give pagination's overlap and page_size, or "
            "overlap 0 if it does not",
            settings->column);
}

static enum tl_status http_run(struct ssh_session *session, const struct stream *stream,
                               const struct tl_config *config, struct tl_sync *sync,
                               struct tl_error *err)
{
    struct fetch fetch = {.sync = sync};
    const struct http_settings *settings = stream->http;
    enum tl_status status;

    if (http_client_open(session, settings, sync, &fetch.client, err) != TL_OK)
        return err->status;
    http_exchange_init(&fetch.exchange, fetch.client, settings, sync, config);
    fetch.exchange.values.items = &fetch.items;
    for (size_t i = 0; i < 2; i++)
        http_answer_init(&fetch.answers[i], settings->max_body_bytes);
    tl_sync_from(sync, ssh_session_label(session));
    if (settings->paging == HTTP_PAGING_KEYSET)
        tl_sync_keep_last(sync, settings->column);
    status = http_items_init(&fetch.items, settings, err);
    if (status == TL_OK)
        status = tl_feed(sync, "", 0, err);
    if (status == TL_OK)
        status = fetch_all(&fetch, settings, err);
    if (status == TL_OK)
        warn_of_ties(&fetch, stream);
    /* Data errors are told of with the host anyway, and the session's own name it. */
    if (status != TL_OK && status != TL_DATA &&
        strstr(err->message, ssh_session_label(session)) == NULL)
        (void)tl_context(err, "%s", ssh_session_label(session));
    http_exchange_reset(&fetch.exchange);
    http_items_reset(&fetch.items);
    for (size_t i = 0; i < 2; i++)
        http_answer_reset(&fetch.answers[i]);
    http_client_close(fetch.client);
    return status;
}

extern const struct source source_http;
const struct source source_http = {
    .serves = http_serves, .run = http_run, .explain = http_explain};
