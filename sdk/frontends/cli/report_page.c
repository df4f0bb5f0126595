/* The page of `report`: HTML that stands alone. */
#include "frontends/cli/report_page.h"

#include <inttypes.h>
#include <string.h>

#include "frontends/cli/report_html.h"
#include "sync/schema.h"

enum { BAR_STEP = 8, BAR_WIDTH = 6, BAR_HEIGHT = 40, BAR_LEAST = 2, BARS_LEAST = 24 };

/* The records of one stream, the newest first. */
struct history {
    const struct stored_run *runs;
    size_t count;
};

bool report_page_has(const struct report_page *page, const char *stream)
{
    size_t own = strcspn(stream, "@");

    if (page->streams == NULL)
        return true;
    for (const char *const *name = page->streams; *name != NULL; name++) {
        const struct tl_stream asked = {.table = *name};
        if (schema_fits(&asked, stream) || strcmp(*name, stream) == 0 ||
            (stream[own] == '@' && strlen(*name) == own && strncmp(*name, stream, own) == 0))
            return true;
    }
    return false;
}

/* The next stream that the page is about, from record *at on; false past the last one. */
static bool next_history(const struct report_page *page, size_t *at, struct history *out)
{
    const struct destination_contents *contents = page->contents;

    while (*at < contents->n_runs) {
        const char *stream = contents->runs[*at].record.stream;
        *out = (struct history){.runs = &contents->runs[*at]};
        for (; *at < contents->n_runs; ++*at, out->count++)
            if (strcmp(contents->runs[*at].record.stream, stream) != 0)
                break;
        if (report_page_has(page, stream))
            return true;
    }
    return false;
}

/* What a record says, or what must be said of one of a program that knows other words. */
static const char *state_of(const struct run_record *run)
{
    if (strcmp(run->status, "failed") == 0)
        return "failed";
    return strcmp(run->status, "done") == 0 ? "done" : "running";
}

static int64_t duration_us(const struct run_record *run)
{
    return run->finished_us > run->started_us ? run->finished_us - run->started_us : 0;
}

static void append_count(struct buf *out, const char *name, uint64_t count)
{
    buf_printf(out, "<div><dt>%s</dt><dd>", name);
    html_number(out, count);
    buf_append_string(out, "</dd></div>\n");
}

static void append_speed(struct buf *out, const struct run_record *run)
{
    int64_t us = duration_us(run);

    buf_append_string(out, "<div><dt>Bytes</dt><dd>");
    html_bytes(out, run->bytes_read);
    buf_append_string(out, "</dd></div>\n<div><dt>Duration</dt><dd>");
    if (run->finished_us != 0)
        html_duration(out, us);
    else
        buf_append_string(out, "&#8211;");
    buf_append_string(out, "</dd></div>\n");
    if (us > 0)
        append_count(out, "Rows per second",
                     (uint64_t)((double)run->rows_read * 1000000 / (double)us));
}

static void append_figures(struct buf *out, const struct run_record *run)
{
    buf_append_string(out, "<dl>\n");
    append_count(out, "Rows read", run->rows_read);
    append_count(out, "Inserted", run->tally.inserted);
    append_count(out, "Updated", run->tally.updated);
    append_count(out, "Unchanged", run->tally.unchanged);
    append_count(out, "Deleted", run->tally.deleted);
    append_count(out, "Schema changes", run->schema_changes);
    append_speed(out, run);
    buf_append_string(out, "</dl>\n");
}

static void append_note(struct buf *out, const char *kind, const char *title, const char *text)
{
    if (*text == '\0')
        return;
    buf_printf(out, "<div class=\"note %s\"><b>%s</b>\n", kind, title);
    while (*text != '\0') {
        struct buf line = BUF_INIT(1024 * 1024);
        size_t size = strcspn(text, "\n");
        buf_append(&line, text, size);
        buf_append_string(out, "<p>");
        html_text(out, buf_text(&line));
        buf_append_string(out, "</p>\n");
        out->failed = out->failed || line.failed;
        buf_free(&line);
        text += size + (text[size] == '\n');
    }
    buf_append_string(out, "</div>\n");
}

static uint64_t most_rows(const struct history *history)
{
    uint64_t most = 0;

    for (size_t i = 0; i < history->count; i++)
        if (history->runs[i].record.rows_read > most)
            most = history->runs[i].record.rows_read;
    return most;
}

/* One bar: a run, `place` from the left. */
static void append_bar(struct buf *out, const struct run_record *run, size_t place,
                       uint64_t most)
{
    double share = most > 0 ? (double)run->rows_read / (double)most : 0;
    int height = BAR_LEAST + (int)(share * (BAR_HEIGHT - BAR_LEAST));

    buf_printf(out,
               "<rect class=\"%s\" x=\"%zu\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"1\">"
               "<title>run %" PRId64 ", %s, ",
               state_of(run), place * BAR_STEP, BAR_HEIGHT - height, BAR_WIDTH, height,
               run->run, state_of(run));
    buf_printf(out, "%" PRIu64 " rows read</title></rect>\n", run->rows_read);
}

/* The oldest run stands on the left. */
static void append_history(struct buf *out, const struct history *history)
{
    size_t wide = history->count > BARS_LEAST ? history->count : BARS_LEAST;
    uint64_t most = most_rows(history);

    if (history->count < 2)
        return;
    buf_printf(out,
               "<figure><svg viewBox=\"0 0 %zu %d\" preserveAspectRatio=\"none\" "
               "role=\"img\" aria-label=\"The last %zu runs by rows read\">\n",
               wide * BAR_STEP, BAR_HEIGHT, history->count);
    for (size_t i = history->count; i > 0; i--)
        append_bar(out, &history->runs[i - 1].record, history->count - i, most);
    buf_printf(out, "</svg><figcaption>rows read in the last %zu runs, at most ",
               history->count);
    html_number(out, most);
    buf_append_string(out, "</figcaption></figure>\n");
}

static void append_when(struct buf *out, const struct run_record *run)
{
    buf_printf(out, "<p class=\"soft\">Run %" PRId64 ", ", run->run);
    buf_append_string(out, run->finished_us != 0 ? "ended " : "not ended, begun ");
    html_time(out, run->finished_us != 0 ? run->finished_us : run->started_us);
    buf_append_string(out, "</p>\n");
}

static void append_stream(struct buf *out, const struct history *history, size_t number)
{
    const struct run_record *last = &history->runs[0].record;

    buf_printf(out, "<article id=\"stream-%zu\">\n<header class=\"row\"><h3>", number);
    html_text(out, last->stream);
    buf_printf(out, "</h3><span class=\"state %s\">%s</span></header>\n", state_of(last),
               state_of(last));
    append_when(out, last);
    append_figures(out, last);
    append_note(out, "failed", "Error", last->error);
    append_note(out, "running", "Warnings", last->warnings);
    append_history(out, history);
    buf_append_string(out, "</article>\n");
}

static void append_streams(struct buf *out, const struct report_page *page)
{
    struct history history;
    size_t number = 0;

    buf_append_string(out, "<h2>Streams</h2>\n<div class=\"cards\">\n");
    for (size_t at = 0; next_history(page, &at, &history);)
        append_stream(out, &history, ++number);
    buf_append_string(out, "</div>\n");
    if (number == 0)
        buf_append_string(out, "<p>No runs are recorded yet.</p>\n");
}

static void append_tally_of(struct buf *out, const struct report_page *page, const char *state)
{
    struct history history;
    size_t count = 0;

    for (size_t at = 0; next_history(page, &at, &history);)
        count += strcmp(state_of(&history.runs[0].record), state) == 0;
    buf_printf(out, "<li><b>%zu</b>%s</li>\n", count, state);
}

/* Those whose last run failed, to be found among many. */
static void append_failed(struct buf *out, const struct report_page *page)
{
    struct history history;
    size_t number = 0, named = 0;

    for (size_t at = 0; next_history(page, &at, &history);) {
        const struct run_record *last = &history.runs[0].record;
        number++;
        if (strcmp(state_of(last), "failed") != 0)
            continue;
        buf_printf(out, "%s<a href=\"#stream-%zu\">",
                   named++ > 0 ? ", " : "<p>Failed: ", number);
        html_text(out, last->stream);
        buf_append_string(out, "</a>");
    }
    buf_append_string(out, named > 0 ? "</p>\n" : "");
}

static void append_column(struct buf *out, const struct catalog_column *column)
{
    buf_append_string(out, "<li><b>");
    html_text(out, column->name);
    buf_printf(out, "</b><span>%s%s</span></li>\n",
               column->type == TL_TYPE_NULL ? "only nulls so far" : tl_type_name(column->type),
               column->key > 0 ? ", key" : "");
}

static void append_tables(struct buf *out, const struct report_page *page)
{
    const struct catalog *catalog = &page->contents->catalog;

    buf_append_string(out, "<h2>Tables</h2>\n<div class=\"tables\">\n");
    for (size_t i = 0; i < catalog->n_tables; i++) {
        const struct catalog_table *table = catalog->tables[i];
        if (!report_page_has(page, table->name))
            continue;
        buf_append_string(out, "<article><header class=\"row\"><h3>");
        html_text(out, table->name);
        buf_printf(out, "</h3><span class=\"soft\">%" PRIu32 " column%s</span></header>\n",
                   table->n_columns, table->n_columns == 1 ? "" : "s");
        buf_append_string(out, "<ul class=\"columns\">\n");
        for (uint32_t c = 0; c < table->n_columns; c++)
            append_column(out, &table->columns[c]);
        buf_append_string(out, "</ul></article>\n");
    }
    buf_append_string(out, "</div>\n");
}

static void append_head(struct buf *out, const struct report_page *page)
{
    buf_append_string(
        out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
             "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
             "style-src 'unsafe-inline'\">\n<meta name=\"viewport\" "
             "content=\"width=device-width, initial-scale=1\">\n<title>Runs of ");
    html_text(out, page->program);
    buf_append_string(out, "</title>\n<style>\n");
    for (size_t i = 0; report_style[i] != NULL; i++)
        buf_append_string(out, report_style[i]);
    buf_append_string(out, "</style>\n</head>\n<body>\n<h1>");
    html_text(out, page->destination);
    buf_append_string(out, "</h1>\n<p class=\"soft\">As of ");
    html_time(out, page->written_us);
    buf_append_string(out, "</p>\n<ul class=\"tally\">\n");
    append_tally_of(out, page, "done");
    append_tally_of(out, page, "failed");
    append_tally_of(out, page, "running");
    buf_append_string(out, "</ul>\n");
}

void report_page_append(const struct report_page *page, struct buf *out)
{
    append_head(out, page);
    append_failed(out, page);
    append_streams(out, page);
    append_tables(out, page);
    buf_append_string(out, "<footer>");
    html_text(out, page->program);
    buf_append_char(out, ' ');
    html_text(out, page->version);
    buf_append_string(out, " report</footer>\n</body>\n</html>\n");
}
