/* Singer's sync. A table that is loaded in full gets a version: its records carry it, and when
 * all are out ACTIVATE_VERSION has the target drop those of other versions. */
#include "frontends/singer/sync.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/config.h"
#include "frontends/singer/catalog.h"
#include "frontends/singer/state.h"
#include "towline/log.h"

struct tap {
    struct lines lines; /* the target, in a destination's place */
    struct run_observer observer;
    struct platform *platform;
    struct declared declared;
    struct chosen chosen;
    struct bookmarks bookmarks;
    struct stored_state *start; /* borrows from bookmarks_read's items: copies of them */
    size_t n_start;
    struct run_report report;
};

static struct tap *tap_of_lines(struct lines *lines)
{
    return (struct tap *)lines;
}

static struct tap *tap_of_observer(struct run_observer *observer)
{
    return (struct tap *)(void *)((char *)observer - offsetof(struct tap, observer));
}

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

/* A name list under construction: '[' or ',' before each. */
static void append_item(struct buf *out, const char *name, bool *first)
{
    buf_append_char(out, *first ? '[' : ',');
    *first = false;
    append_string(out, name);
}

static void end_list(struct buf *out, bool first)
{
    buf_append_string(out, first ? "[]" : "]");
}

static void append_property(struct buf *out, const char *name, const struct column_form *form,
                            bool *first)
{
    buf_append_string(out, *first ? "" : ",");
    *first = false;
    append_string(out, name);
    buf_append_char(out, ':');
    column_schema_append(out, form, COLUMN_SINGER);
}

static bool is_in(const struct catalog_table *columns, const char *name)
{
    for (uint32_t i = 0; columns != NULL && i < columns->n_columns; i++)
        if (strcmp(columns->columns[i].name, name) == 0)
            return true;
    return false;
}

/* Columns that rows have shown, then those that only the catalog has: the target makes them,
 * too. */
static void append_properties(struct lines *lines, const struct lines_table *table,
                              const struct catalog_table *columns, struct buf *out)
{
    const struct selection_table *listed = selection_find(lines->selection, table->name);
    bool first = true;

    for (size_t i = 0; columns != NULL && i < table->text.n_columns; i++) {
        uint32_t index = table->text.columns[i].index;
        struct column_form form;
        if (index == COLUMNS_NONE)
            continue; /* comes with those of the catalog */
        form = lines_form(lines, table, columns, index);
        append_property(out, columns->columns[index].name, &form, &first);
    }
    for (size_t i = 0; listed != NULL && i < listed->n_columns; i++) {
        const struct selection_column *column = &listed->columns[i];
        const struct column_form form = {
            .observed = column->observed, .shapes = column->shapes, .key = column->key > 0};
        if (column->selected && !is_in(columns, column->name))
            append_property(out, column->name, &form, &first);
    }
}

static void append_catalog_key(struct buf *out, const struct catalog_table *columns)
{
    bool first = true;

    for (uint32_t key = 1; key <= columns->n_key; key++)
        for (uint32_t i = 0; i < columns->n_columns; i++)
            if (columns->columns[i].key == key)
                append_item(out, columns->columns[i].name, &first);
    end_list(out, first);
}

/* Of a table without rows: as the platform's catalog has it. */
static void append_listed_key(struct buf *out, const struct selection_table *listed)
{
    bool first = true;

    for (uint32_t key = 1; listed != NULL && key <= listed->n_columns; key++)
        for (size_t i = 0; i < listed->n_columns; i++)
            if (listed->columns[i].key == key)
                append_item(out, listed->columns[i].name, &first);
    end_list(out, first);
}

/* The rest of a SCHEMA message. */
static void end_schema(struct buf *out, const struct tl_stream *stream)
{
    if (stream->cursor != NULL) {
        buf_append_string(out, ",\"bookmark_properties\":[");
        append_string(out, stream->cursor);
        buf_append_char(out, ']');
    }
    buf_append_string(out, "}\n");
}

static void append_schema(struct lines *lines, const struct lines_table *table,
                          const struct catalog_table *columns, struct buf *out)
{
    const struct tl_stream *stream =
        declared_filler(&tap_of_lines(lines)->declared, table->name);

    buf_append_string(out, "{\"type\":\"SCHEMA\",\"stream\":");
    append_string(out, table->name);
    buf_append_string(out, ",\"schema\":{\"type\":\"object\",\"properties\":{");
    append_properties(lines, table, columns, out);
    buf_append_string(out, "}},\"key_properties\":");
    if (columns != NULL)
        append_catalog_key(out, columns);
    else
        append_listed_key(out, selection_find(lines->selection, table->name));
    end_schema(out, stream);
}

static void tell_schema(struct lines *lines, struct lines_table *table,
                        const struct catalog_table *columns, struct buf *out)
{
    append_schema(lines, table, columns, out);
}

/* A version later than any before, also if the clock stood still. */
static void renew_version(struct lines_table *table)
{
    int64_t now_ms = clock_utc_us() / 1000;
    table->version = now_ms > table->version ? now_ms : table->version + 1;
}

/* No state, or none in any partition. */
static bool is_nothing(const char *state)
{
    cJSON *object = cJSON_Parse(state);
    const cJSON *member;
    bool nothing = object != NULL;

    cJSON_ArrayForEach(member, object)
    {
        nothing = nothing && cJSON_IsObject(member) && member->child == NULL;
    }
    cJSON_Delete(object);
    return nothing;
}

/* Only what started from nothing is a full load: a source may keep a state of its own. */
static bool starts_from_nothing(const struct tap *tap, const char *table)
{
    for (size_t i = 0; i < tap->n_start; i++)
        if (strcmp(tap->start[i].stream, table) == 0)
            return is_nothing(tap->start[i].json);
    return true;
}

static void start_table(struct lines *lines, struct lines_table *table, struct buf *out)
{
    const struct chosen_stream *stream = chosen_find(&tap_of_lines(lines)->chosen, table->name);

    (void)out;
    if (stream != NULL && !stream->incremental &&
        starts_from_nothing(tap_of_lines(lines), table->name))
        renew_version(table);
}

/* What an attempt sent before it failed is not part of the version that will be activated. */
static void restart_table(struct lines *lines, struct lines_table *table)
{
    (void)lines;
    if (table->version > 0)
        renew_version(table);
}

static void frame_row(struct lines *lines, const struct lines_table *table, struct buf *before,
                      struct buf *after)
{
    char now[CLOCK_UTC_SIZE];

    (void)lines;
    buf_append_string(before, "{\"type\":\"RECORD\",\"stream\":");
    append_string(before, table->name);
    buf_append_string(before, ",\"record\":");
    if (table->version > 0)
        buf_printf(after, ",\"version\":%" PRId64, table->version);
    buf_printf(after, ",\"time_extracted\":\"%s\"}\n", clock_format_utc(clock_utc_us(), now));
}

static void tell_state(struct lines *lines, struct lines_table *table,
                       const struct run_record *run, struct buf *out)
{
    struct tap *tap = tap_of_lines(lines);
    bool done = run != NULL && strcmp(run->status, "done") == 0;
    struct tl_error unheard = {0};

    if (bookmarks_set(&tap->bookmarks, table->name, table->state, &unheard) != TL_OK)
        out->failed = true;
    if (done && tap->report.n_partitions == 0)
        return; /* the stream's end, which follows at once, tells it */
    bookmarks_append_state(out, &tap->bookmarks, &tap->declared, table->name);
}

static const struct lines_protocol singer_protocol = {
    .dialect = COLUMN_SINGER,
    .schema = tell_schema,
    .start = start_table,
    .frame = frame_row,
    .state = tell_state,
    .again = restart_table,
};

static void append_activation(struct buf *out, const struct lines_table *table)
{
    buf_append_string(out, "{\"type\":\"ACTIVATE_VERSION\",\"stream\":");
    append_string(out, table->name);
    buf_printf(out, ",\"version\":%" PRId64 "}\n", table->version);
}

/* The whole stream went well: what is not of its version goes; a stream without rows at least
 * has its table. */
static void append_end(struct tap *tap, const struct lines_table *table, struct buf *out)
{
    const struct tl_stream *stream = declared_find(&tap->declared, table->name);

    for (size_t i = 0; i < tap->chosen.selection.n_tables; i++) {
        const struct selection_table *listed = &tap->chosen.selection.tables[i];
        const struct lines_table *own = lines_find(&tap->lines, listed->name);
        if (own != NULL && !own->started && listed->n_columns > 0 &&
            declared_filler(&tap->declared, listed->name) == stream)
            append_schema(&tap->lines, own, NULL, out);
    }
    if (table->version > 0)
        append_activation(out, table);
    bookmarks_append_state(out, &tap->bookmarks, &tap->declared, NULL);
}

static void log_metrics(const struct stream_report *stream)
{
    struct buf name = BUF_INIT(4096);

    append_string(&name, stream->name ? stream->name : stream->table);
    tl_log(TL_LOG_INFO,
           "METRIC: {\"type\":\"counter\",\"metric\":\"record_count\",\"value\":%" PRIu64
           ",\"tags\":{\"stream\":%s}}",
           stream->rows_read, buf_text(&name));
    tl_log(TL_LOG_INFO,
           "METRIC: {\"type\":\"timer\",\"metric\":\"sync_duration\",\"value\":%.3f,"
           "\"tags\":{\"stream\":%s,\"status\":\"%s\"}}",
           (double)stream->duration_ms / 1000, buf_text(&name),
           stream->error.status == TL_OK ? "succeeded" : "failed");
    buf_free(&name);
}

static void stream_ended(struct run_observer *observer, const struct stream_report *stream)
{
    struct tap *tap = tap_of_observer(observer);
    size_t ends = tap->report.n_partitions > 0 ? tap->report.n_partitions : 1;
    struct lines_table *table;
    struct tl_error unheard = {0};

    log_metrics(stream);
    lines_enter(&tap->lines);
    table = lines_find(&tap->lines, stream->table);
    if (table != NULL) {
        table->ended++;
        table->failed += stream->error.status != TL_OK;
    }
    if (table != NULL && table->ended == ends && table->failed == 0) {
        append_end(tap, table, emitter_begin(&tap->platform->emitter));
        (void)!emitter_end(&tap->platform->emitter, true, &unheard);
    }
    lines_leave(&tap->lines);
}

static enum tl_status read_catalog(struct tap *tap, const char *path, struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status;

    if (path == NULL)
        return chosen_all(&tap->chosen, &tap->declared, err);
    status = config_read_argument(path, &text, err);
    if (status == TL_OK)
        status = chosen_read(&tap->chosen, buf_text(&text), text.size, &tap->declared, err);
    buf_free(&text);
    return status;
}

static enum tl_status read_state(struct tap *tap, const char *path, struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = path ? config_read_argument(path, &text, err) : TL_OK;

    if (status == TL_OK)
        status =
            bookmarks_read(&tap->bookmarks, buf_text(&text), text.size, &tap->declared, err);
    buf_free(&text);
    return status;
}

/* A full load starts from nothing, whatever bookmark there is. */
static enum tl_status choose_states(struct tap *tap, struct tl_error *err)
{
    tap->start = calloc(tap->bookmarks.n_items + 1, sizeof(*tap->start));
    if (tap->start == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    for (size_t i = 0; i < tap->bookmarks.n_items; i++) {
        const struct bookmark *item = &tap->bookmarks.items[i];
        const struct chosen_stream *stream = chosen_find(&tap->chosen, item->stream);
        struct stored_state *start = &tap->start[tap->n_start];
        if (item->foreign || stream == NULL ||
            (declared_is_incremental(stream->stream) && !stream->incremental))
            continue;
        start->stream = text_copy(item->stream, strlen(item->stream));
        start->json = text_copy(item->json, strlen(item->json));
        tap->n_start++;
        if (start->stream == NULL || start->json == NULL)
            return tl_fail(err, TL_MEMORY, "out of memory for the state");
    }
    return TL_OK;
}

/* Nothing was selected: all there is to send is the state, as it was. */
static enum tl_status send_state(struct tap *tap, struct tl_error *err)
{
    tl_log(TL_LOG_WARNING, "no stream is selected, so none is synced");
    bookmarks_append_state(emitter_begin(&tap->platform->emitter), &tap->bookmarks,
                           &tap->declared, NULL);
    return emitter_end(&tap->platform->emitter, true, err);
}

static enum tl_status sync_streams(struct tap *tap, struct tl_error *err)
{
    struct run_options options =
        platform_run_options(tap->platform, &tap->lines.base, &tap->observer);
    enum tl_status status;

    if (tap->chosen.n_streams == 0 && !tap->chosen.unknown)
        return send_state(tap, err);
    if (tap->chosen.n_streams == 0)
        return tl_fail(err, TL_CONFIGURATION, "the catalog selects no stream of this tap");
    options.tables = tap->chosen.tables;
    tap->observer = (struct run_observer){.ended = stream_ended};
    lines_init(&tap->lines, &singer_protocol, &tap->platform->emitter, &tap->chosen.selection,
               tap->start, tap->n_start);
    status = run_sync(&options, &tap->report, err);
    run_report_log_failures(&tap->report, err);
    lines_tell_of_columns(&tap->lines, &tap->report.catalog);
    lines_reset(&tap->lines);
    run_report_reset(&tap->report);
    return status;
}

/* What a row of the stream would be introduced by. */
static void append_discovered(struct buf *out, struct discovery *discovery,
                              const struct tl_stream *stream)
{
    struct discovered_column column;
    const char *key;
    bool first = true;

    buf_append_string(out, "{\"type\":\"SCHEMA\",\"stream\":");
    append_string(out, stream->table);
    buf_append_string(out, ",\"schema\":{\"type\":\"object\",\"properties\":{");
    for (size_t i = 0; discovery_column(discovery, stream, i, &column); i++)
        append_property(out, column.name, &column.form, &first);
    buf_append_string(out, "}},\"key_properties\":");
    first = true;
    for (size_t i = 0; (key = discovery_key(discovery, stream, i)) != NULL; i++)
        append_item(out, key, &first);
    end_list(out, first);
    end_schema(out, stream);
}

enum tl_status singer_send_schemas(struct platform *platform, const struct declared *declared,
                                   struct discovery *discovery, struct tl_error *err)
{
    struct buf *out = emitter_begin(&platform->emitter);

    for (size_t i = 0; i < declared->schema.n_streams; i++)
        append_discovered(out, discovery, &declared->schema.streams[i]);
    return emitter_end(&platform->emitter, true, err);
}

enum tl_status singer_sync(struct platform *platform, const char *catalog, const char *state,
                           struct tl_error *err)
{
    struct tap tap = {.platform = platform};
    enum tl_status status =
        declared_open(&tap.declared, platform->connector, platform->config, err);

    if (status == TL_OK)
        status = read_catalog(&tap, catalog, err);
    if (status == TL_OK)
        status = read_state(&tap, state, err);
    if (status == TL_OK)
        status = choose_states(&tap, err);
    if (status == TL_OK)
        status = sync_streams(&tap, err);
    for (size_t i = 0; i < tap.n_start; i++) {
        free(tap.start[i].stream);
        free(tap.start[i].json);
    }
    free(tap.start);
    bookmarks_reset(&tap.bookmarks);
    chosen_reset(&tap.chosen);
    declared_reset(&tap.declared);
    return status;
}
