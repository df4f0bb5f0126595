/* Which page comes next. */
#include "sources/http_pages.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sources/http_link.h"
#include "sources/http_place.h"
#include "towline/json.h"

enum { NEXT_MAX_BYTES = 64 * 1024 };

/* FNV-1a; never 0. */
static uint64_t fingerprint(const char *bytes, size_t size)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash ? hash : 1;
}

static bool seen_grow(struct http_seen *seen)
{
    struct http_seen larger = {.n_slots = seen->n_slots ? 2 * seen->n_slots : 64};

    larger.slots = calloc(larger.n_slots, sizeof(*larger.slots));
    if (larger.slots == NULL)
        return false;
    for (size_t i = 0; i < seen->n_slots; i++) {
        size_t slot = seen->slots[i] % larger.n_slots;
        if (seen->slots[i] == 0)
            continue;
        while (larger.slots[slot] != 0)
            slot = (slot + 1) % larger.n_slots;
        larger.slots[slot] = seen->slots[i];
        larger.count++;
    }
    free(seen->slots);
    *seen = larger;
    return true;
}

/* Adds the number; *before tells whether it was there. */
static enum tl_status seen_add(struct http_seen *seen, uint64_t number, bool *before,
                               struct tl_error *err)
{
    size_t slot;

    if (2 * seen->count >= seen->n_slots && !seen_grow(seen))
        return tl_fail(err, TL_MEMORY, "out of memory for the pages seen so far");
    for (slot = number % seen->n_slots; seen->slots[slot] != 0;
         slot = (slot + 1) % seen->n_slots)
        if (seen->slots[slot] == number) {
            *before = true;
            return TL_OK;
        }
    seen->slots[slot] = number;
    seen->count++;
    *before = false;
    return TL_OK;
}

void http_pages_init(struct http_pages *pages, const struct http_settings *settings)
{
    *pages = (struct http_pages){.settings = settings,
                                 .next = BUF_INIT(NEXT_MAX_BYTES),
                                 .url = BUF_INIT(NEXT_MAX_BYTES),
                                 .coming = BUF_INIT(NEXT_MAX_BYTES)};
    if (settings->paging == HTTP_PAGING_PAGE || settings->paging == HTTP_PAGING_OFFSET)
        buf_printf(&pages->next, "%" PRId64, settings->start);
}

void http_pages_reset(struct http_pages *pages)
{
    buf_free(&pages->next);
    buf_free(&pages->url);
    buf_free(&pages->coming);
    free(pages->seen.slots);
}

const char *http_pages_next(const struct http_pages *pages)
{
    return buf_text(&pages->next);
}

const char *http_pages_url(const struct http_pages *pages)
{
    return pages->url.size > 0 ? buf_text(&pages->url) : NULL;
}

const char *http_pages_coming_next(const struct http_pages *pages)
{
    return pages->settings->paging == HTTP_PAGING_SCROLL ? buf_text(&pages->coming) : "";
}

const char *http_pages_coming_url(const struct http_pages *pages)
{
    return pages->settings->paging == HTTP_PAGING_SCROLL ? NULL : buf_text(&pages->coming);
}

/* Appends the text that the pointer finds; nothing where there is none. */
static enum tl_status find(const struct http_page *page, const char *pointer, struct buf *out,
                           struct tl_error *err)
{
    char *found;

    if (tl_json_find(page->body, page->size, pointer, &found, err) != TL_OK)
        return err->status;
    if (found != NULL && strcmp(found, "false") != 0)
        buf_append_string(out, found);
    free(found);
    return buf_check(out, "what leads to the next page", err);
}

/* *out stays as it is without a pointer. */
static enum tl_status find_truth(const struct http_page *page, const char *pointer, bool *out,
                                 struct tl_error *err)
{
    char *found;

    if (pointer == NULL)
        return TL_OK;
    if (tl_json_find(page->body, page->size, pointer, &found, err) != TL_OK)
        return err->status;
    *out = found != NULL && *found != '\0' && strcmp(found, "false") != 0 &&
           strcmp(found, "0") != 0;
    free(found);
    return TL_OK;
}

static enum tl_status look_for_more(struct http_pages *pages, const struct http_page *page,
                                    struct tl_error *err)
{
    const struct http_settings *settings = pages->settings;
    bool more = true, last = false;

    if (find_truth(page, settings->more, &more, err) != TL_OK ||
        find_truth(page, settings->last, &last, err) != TL_OK)
        return err->status;
    pages->told_more = more && !last;
    return TL_OK;
}

/* The next page's URL, which may be relative, must lead to where this one came from: the host
 * that was configured, and no other that an answer may name. */
static enum tl_status follow_url(struct http_pages *pages, const struct http_page *page,
                                 const char *reference, struct tl_error *err)
{
    struct http_place here, there;

    if (http_url_resolve(page->url, reference, &pages->coming, err) != TL_OK ||
        http_place_of(page->url, &here, err) != TL_OK)
        return tl_context(err, "the next page");
    if (http_place_of(buf_text(&pages->coming), &there, err) != TL_OK) {
        err->status = TL_DATA;
        return tl_context(err, "the next page");
    }
    if (http_place_may_lead(&here, &there))
        return TL_OK;
    (void)tl_fail(err, TL_DATA, "the next page would be at %s://%s:%u, not where this one is",
                  there.tls ? "https" : "http", there.host, there.port);
    return tl_remedy(err,
                     "Only the same host and port are followed: let the server name itself "
                     "as `url` does, or use another kind of pagination");
}

static enum tl_status look_for_url(struct http_pages *pages, const struct http_page *page,
                                   struct tl_error *err)
{
    struct buf reference = BUF_INIT(NEXT_MAX_BYTES);
    enum tl_status status = TL_OK;

    if (pages->settings->paging == HTTP_PAGING_NEXT_URL)
        status = find(page, pages->settings->next, &reference, err);
    else if (page->link != NULL && http_link_next(page->link, &reference))
        status = buf_check(&reference, "the next page's URL", err);
    if (status == TL_OK && reference.size > 0)
        status = follow_url(pages, page, buf_text(&reference), err);
    buf_free(&reference);
    return status;
}

enum tl_status http_pages_look(struct http_pages *pages, const struct http_page *page,
                               bool *known, struct tl_error *err)
{
    enum http_paging paging = pages->settings->paging;
    enum tl_status status;

    *known = false;
    buf_reset(&pages->coming);
    if (paging == HTTP_PAGING_NONE)
        return TL_OK;
    status = look_for_more(pages, page, err);
    if (status == TL_OK && paging == HTTP_PAGING_SCROLL)
        status = find(page, pages->settings->next, &pages->coming, err);
    else if (status == TL_OK && (paging == HTTP_PAGING_NEXT_URL || paging == HTTP_PAGING_LINK))
        status = look_for_url(pages, page, err);
    *known = status == TL_OK && pages->coming.size > 0 && pages->told_more;
    return status;
}

static enum tl_status repeats(const struct http_pages *pages, const char *what,
                              struct tl_error *err)
{
    (void)tl_fail(err, TL_DATA, "page %" PRIu64 ": %s", pages->count, what);
    return tl_remedy(err,
                     "Look at the answers by hand: the server goes in a circle, or ignores "
                     "the parameter of `pagination`");
}

/* A page that was seen before would come for ever. */
static enum tl_status check_circle(struct http_pages *pages, const struct http_page *page,
                                   uint64_t n_rows, struct tl_error *err)
{
    enum http_paging paging = pages->settings->paging;
    uint64_t content = n_rows > 0 ? fingerprint(page->body, page->size) : 0;
    bool same_content = content != 0 && content == pages->content, before = false;

    pages->content = content;
    if (paging == HTTP_PAGING_PAGE || paging == HTTP_PAGING_OFFSET)
        return same_content ? repeats(pages, "its rows are those of the page before", err)
                            : TL_OK;
    if (paging == HTTP_PAGING_KEYSET || pages->coming.size == 0)
        return TL_OK;
    if (pages->count == 1 && paging != HTTP_PAGING_SCROLL &&
        seen_add(&pages->seen, fingerprint(page->url, strlen(page->url)), &before, err) !=
            TL_OK)
        return err->status;
    /* A token may stay the same while it scrolls: then only what came with it tells. */
    if (seen_add(&pages->seen,
                 fingerprint(pages->coming.data, pages->coming.size) ^
                     (paging == HTTP_PAGING_SCROLL ? content : 0),
                 &before, err) != TL_OK)
        return err->status;
    if (before && (paging != HTTP_PAGING_SCROLL || content != 0))
        return repeats(pages, "it leads to a page that was taken already", err);
    return TL_OK;
}

/* Rows that tie do not move the key on. Where a page has room for all of them that is the end;
 * in a full page some may be missing. */
static enum tl_status stuck(const struct http_pages *pages, uint64_t n_rows, bool *more,
                            struct tl_error *err)
{
    const struct http_settings *settings = pages->settings;
    bool full = (settings->page_size > 0 && n_rows >= settings->page_size) ||
                (pages->largest > 0 && n_rows >= pages->largest);

    *more = false;
    if (!full)
        return TL_OK;
    (void)tl_fail(err, TL_DATA,
                  "page %" PRIu64 ": its %" PRIu64 " rows do not get past \"%s\" %.100s",
                  pages->count, n_rows, settings->column, buf_text(&pages->next));
    return tl_remedy(err,
                     "More rows have that value than a page holds: ask for larger pages, or "
                     "page by a column that is unique");
}

static enum tl_status turn_key(struct http_pages *pages, uint64_t n_rows, struct tl_sync *sync,
                               bool *more, struct tl_error *err)
{
    const struct http_settings *settings = pages->settings;
    const char *key;

    if (tl_sync_last(sync, settings->overlap, &key, err) != TL_OK)
        return err->status;
    if (key == NULL) {
        (void)tl_fail(err, TL_DATA, "page %" PRIu64 ": its last row has no \"%s\"",
                      pages->count, settings->column);
        return tl_remedy(err, "Give in pagination's `column` one that every row has");
    }
    if (strcmp(key, buf_text(&pages->next)) == 0)
        return stuck(pages, n_rows, more, err);
    if (pages->rows_before > pages->largest)
        pages->largest = pages->rows_before;
    pages->rows_before = n_rows;
    buf_reset(&pages->next);
    buf_append_string(&pages->next, key);
    *more = true;
    return buf_check(&pages->next, "the key", err);
}

static void turn_told(struct http_pages *pages, uint64_t n_rows, bool *more)
{
    bool scroll = pages->settings->paging == HTTP_PAGING_SCROLL;
    struct buf *now = scroll ? &pages->next : &pages->url, held = *now;
    bool same = now->size == pages->coming.size &&
                memcmp(buf_text(now), buf_text(&pages->coming), now->size) == 0;

    *more = pages->coming.size > 0 && !(scroll && same && n_rows == 0);
    *now = pages->coming;
    pages->coming = held;
}

/* Ends the pages if there are no more than so many. */
static enum tl_status heed_total(const struct http_page *page, const char *pointer,
                                 uint64_t taken, bool *more, struct tl_error *err)
{
    char *found, *end = NULL;
    double total;

    if (pointer == NULL)
        return TL_OK;
    if (tl_json_find(page->body, page->size, pointer, &found, err) != TL_OK)
        return err->status;
    total = found != NULL ? strtod(found, &end) : 0;
    if (found != NULL && end != found && *end == '\0' && total >= 0 && (double)taken >= total)
        *more = false;
    free(found);
    return TL_OK;
}

/* By number or offset: a page without rows is the last, whatever the server says of totals. */
static enum tl_status turn_number(struct http_pages *pages, const struct http_page *page,
                                  uint64_t n_rows, bool *more, struct tl_error *err)
{
    const struct http_settings *settings = pages->settings;
    bool by_page = settings->paging == HTTP_PAGING_PAGE;
    uint64_t start = (uint64_t)settings->start;
    uint64_t next = start + (by_page ? pages->count : pages->offset);

    *more = n_rows > 0 || settings->more != NULL;
    buf_reset(&pages->next);
    buf_printf(&pages->next, "%" PRIu64, next);
    if (heed_total(page, settings->total, by_page ? pages->offset : next, more, err) != TL_OK)
        return err->status;
    return heed_total(page, settings->total_pages, next - (start > 0), more, err);
}

enum tl_status http_pages_turn(struct http_pages *pages, const struct http_page *page,
                               uint64_t n_rows, struct tl_sync *sync, bool *more,
                               struct tl_error *err)
{
    const struct http_settings *settings = pages->settings;

    *more = false;
    pages->count++;
    if (settings->paging == HTTP_PAGING_NONE || !pages->told_more)
        return TL_OK;
    if (check_circle(pages, page, n_rows, err) != TL_OK)
        return err->status;
    pages->offset += n_rows;
    if (settings->paging == HTTP_PAGING_PAGE || settings->paging == HTTP_PAGING_OFFSET) {
        if (turn_number(pages, page, n_rows, more, err) != TL_OK)
            return err->status;
    } else if (settings->paging == HTTP_PAGING_KEYSET) {
        if (n_rows > 0 && turn_key(pages, n_rows, sync, more, err) != TL_OK)
            return err->status;
    } else {
        turn_told(pages, n_rows, more);
    }
    if (*more && pages->count >= settings->max_pages) {
        (void)tl_fail(err, TL_DATA, "there are more than max_pages (%" PRIu64 ") pages",
                      settings->max_pages);
        return tl_remedy(err, "Raise max_pages of `pagination` if that many are right");
    }
    return TL_OK;
}
