/* Airbyte's command `read`. Of each stream: STARTED; with its first row RUNNING; rows and
 * states; at last its state and COMPLETE, or what state there is, INCOMPLETE and an error. */
#include "frontends/airbyte/read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "config/config.h"
#include "frontends/airbyte/catalog.h"
#include "frontends/airbyte/messages.h"
#include "frontends/airbyte/state.h"
#include "towline/log.h"

struct reading {
    struct lines lines; /* the platform, in a destination's place */
    struct run_observer observer;
    struct platform *platform;
    struct declared declared;
    struct configured configured;
    struct airbyte_states states;
    struct stored_state *start; /* borrows from states */
    size_t n_start;
    struct run_report report;
};

static struct reading *reading_of_observer(struct run_observer *observer)
{
    return (struct reading *)(void *)((char *)observer - offsetof(struct reading, observer));
}

static void tell_running(struct lines *lines, struct lines_table *table, struct buf *out)
{
    (void)lines;
    airbyte_append_status(out, table->name, AIRBYTE_RUNNING);
}

static void frame_row(struct lines *lines, const struct lines_table *table, struct buf *before,
                      struct buf *after)
{
    (void)lines;
    buf_append_string(before, "{\"type\":\"RECORD\",\"record\":{\"stream\":");
    text_append_json(before, table->name, strlen(table->name));
    buf_append_string(before, ",\"data\":");
    buf_printf(after, ",\"emitted_at\":%" PRId64 "}}\n", clock_utc_us() / 1000);
}

/* The nth of the catalog's streams that a stream of the configuration fills: one, unless it is
 * a tap's output with several tables. NULL past the end. */
static const struct configured_stream *filled_by(const struct reading *reading,
                                                 const char *stream, size_t nth)
{
    for (size_t i = 0; i < reading->configured.n_streams; i++) {
        const struct configured_stream *filled = &reading->configured.streams[i];
        if (filled->known != NULL && strcmp(filled->known->table, stream) == 0 && nth-- == 0)
            return filled;
    }
    return NULL;
}

/* Each of the tables has the whole state of the stream, told after all their rows. */
static void append_states(struct reading *reading, const char *stream, const char *state,
                          const struct run_record *run, struct buf *out)
{
    const struct configured_stream *filled;

    for (size_t i = 0; (filled = filled_by(reading, stream, i)) != NULL; i++) {
        struct lines_table *table = lines_find(&reading->lines, filled->name);
        struct run_record own = run ? *run : (struct run_record){0};
        if (table == NULL) {
            out->failed = true;
            return;
        }
        if (schema_is_pattern(filled->known)) {
            own.rows_read = table->all_rows;
            own.bytes_read = 0;
        }
        airbyte_append_state(out, filled->name, state, table->rows, run ? &own : NULL);
        table->rows = 0;
    }
}

/* How much there was is known where one partition has it all. */
static void tell_state(struct lines *lines, struct lines_table *table,
                       const struct run_record *run, struct buf *out)
{
    struct reading *reading = (struct reading *)lines;
    bool done =
        run != NULL && strcmp(run->status, "done") == 0 && reading->report.n_partitions == 0;

    append_states(reading, table->name, table->state, done ? run : NULL, out);
}

static const struct lines_protocol airbyte_protocol = {
    .dialect = COLUMN_AIRBYTE,
    .start = tell_running,
    .frame = frame_row,
    .state = tell_state,
};

/* What a full load had the last time is about what it will have. */
static void stream_started(struct run_observer *observer, const char *stream)
{
    struct reading *reading = reading_of_observer(observer);
    struct emitter *emitter = &reading->platform->emitter;
    const struct configured_stream *filled;
    struct tl_error unheard = {0};

    (void)emitter_begin(emitter);
    for (size_t i = 0; (filled = filled_by(reading, stream, i)) != NULL; i++) {
        const struct airbyte_state *state = airbyte_states_find(&reading->states, filled->name);
        airbyte_append_status(&emitter->text, filled->name, AIRBYTE_STARTED);
        if (state != NULL && state->n_rows > 0 && !filled->incremental)
            airbyte_append_estimate(&emitter->text, filled->name, state->n_rows,
                                    state->n_bytes);
    }
    (void)!emitter_end(emitter, true, &unheard);
}

/* The state to start from next time: the last one that was sent, or the one given. */
static const char *state_so_far(const struct reading *reading, const struct lines_table *table)
{
    if (table->state != NULL)
        return table->state;
    for (size_t i = 0; i < reading->n_start; i++)
        if (strcmp(reading->start[i].stream, table->name) == 0)
            return reading->start[i].json;
    return "{}";
}

/* How often a stream ends: once in each partition. */
static size_t ends_of(const struct reading *reading)
{
    return reading->report.n_partitions > 0 ? reading->report.n_partitions : 1;
}

/* Under the lines' lock: how the whole stream ended, and so each of the tables that it fills.
 */
static void append_end(struct reading *reading, struct lines_table *stream, struct buf *out)
{
    bool complete = stream->failed == 0 && stream->ended == ends_of(reading);
    const struct configured_stream *filled;

    if (!complete)
        append_states(reading, stream->name, state_so_far(reading, stream), NULL, out);
    for (size_t i = 0; (filled = filled_by(reading, stream->name, i)) != NULL; i++)
        airbyte_append_status(out, filled->name,
                              complete ? AIRBYTE_COMPLETE : AIRBYTE_INCOMPLETE);
}

/* Called when all of the stream's rows are out, those of this partition. */
static void stream_ended(struct run_observer *observer, const struct stream_report *stream)
{
    struct reading *reading = reading_of_observer(observer);
    struct emitter *emitter = &reading->platform->emitter;
    struct buf error = BUF_INIT(AIRBYTE_ERROR_BYTES);
    const struct configured_stream *filled;
    struct lines_table *table;
    struct tl_error unheard = {0};

    for (size_t i = 0; stream->error.status != TL_OK &&
                       (filled = filled_by(reading, stream->table, i)) != NULL;
         i++)
        airbyte_append_error(&error, filled->name, &stream->error);
    lines_enter(&reading->lines);
    table = lines_find(&reading->lines, stream->table);
    if (table != NULL) {
        struct buf *out = emitter_begin(emitter);
        table->ended++;
        table->failed += stream->error.status != TL_OK;
        if (table->ended == ends_of(reading))
            append_end(reading, table, out);
        buf_append(out, error.data, error.size);
        (void)!emitter_end(emitter, true, &unheard);
    }
    lines_leave(&reading->lines);
    buf_free(&error);
}

static enum tl_status read_catalog(struct reading *reading, const char *path,
                                   struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = config_read_argument(path, &text, err);

    if (status == TL_OK)
        status = configured_read(&reading->configured, buf_text(&text), text.size,
                                 &reading->declared, err);
    buf_free(&text);
    return status;
}

/* The state that the stream goes on from: that of its tables, of which each has the whole. If
 * one is to be read in full, or has none yet, all are read from the start. NULL: none. */
static const struct airbyte_state *state_to_start(const struct reading *reading,
                                                  const char *stream)
{
    const struct airbyte_state *state = NULL;
    const struct configured_stream *filled;

    for (size_t i = 0; (filled = filled_by(reading, stream, i)) != NULL; i++) {
        state = airbyte_states_find(&reading->states, filled->name);
        if (state == NULL || !filled->incremental)
            return NULL;
    }
    return state;
}

static enum tl_status choose_states(struct reading *reading, struct tl_error *err)
{
    const char *const *tables = reading->configured.tables;

    reading->start = calloc(reading->configured.n_streams + 1, sizeof(*reading->start));
    if (reading->start == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    for (; *tables != NULL; tables++) {
        const struct airbyte_state *state = state_to_start(reading, *tables);
        if (state != NULL)
            reading->start[reading->n_start++] = (struct stored_state){
                .stream = (char *)(uintptr_t)*tables, .json = state->json};
    }
    for (size_t i = 0; i < reading->states.n_states; i++) {
        const char *name = reading->states.states[i].stream;
        const struct configured_stream *stream = configured_find(&reading->configured, name);
        if (stream == NULL || stream->known == NULL)
            tl_log(TL_LOG_INFO, "the state of stream %s is not used: it is not to be synced",
                   name);
    }
    return TL_OK;
}

static enum tl_status read_state(struct reading *reading, const char *path,
                                 struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = path ? config_read_argument(path, &text, err) : TL_OK;

    if (status == TL_OK)
        status = airbyte_states_read(&reading->states, buf_text(&text), text.size, err);
    if (status == TL_OK)
        status = choose_states(reading, err);
    buf_free(&text);
    return status;
}

/* A stream that the source no longer has is told, and the others are synced: failing all of
 * them would help nobody. Says how many there are. */
static size_t tell_missing(struct reading *reading)
{
    const struct configured *configured = &reading->configured;
    size_t count = 0;

    for (size_t i = 0; i < configured->n_streams; i++) {
        const char *name = configured->streams[i].name;
        struct tl_error error = {0};
        if (configured->streams[i].known != NULL)
            continue;
        (void)tl_fail(&error, TL_CONFIGURATION, "stream %s is not in the configuration", name);
        (void)tl_remedy(&error, "Refresh the connection's schema, or configure the stream");
        airbyte_send_status(&reading->platform->emitter, name, AIRBYTE_INCOMPLETE);
        airbyte_send_error(&reading->platform->emitter, name, &error);
        count++;
    }
    return count;
}

/* Streams that a stop kept from beginning, or from going through all partitions. */
static void tell_unended(struct reading *reading)
{
    for (const char *const *name = reading->configured.tables; *name != NULL; name++) {
        struct lines_table *table = lines_find(&reading->lines, *name);
        struct tl_error unheard = {0};
        if (table == NULL || table->ended == ends_of(reading))
            continue;
        append_end(reading, table, emitter_begin(&reading->platform->emitter));
        (void)!emitter_end(&reading->platform->emitter, true, &unheard);
    }
}

static enum tl_status read_streams(struct reading *reading, bool *told, struct tl_error *err)
{
    struct run_options options =
        platform_run_options(reading->platform, &reading->lines.base, &reading->observer);
    size_t missing = tell_missing(reading);
    enum tl_status status;

    if (reading->configured.tables[0] == NULL) {
        *told = missing > 0;
        return tl_fail(err, TL_CONFIGURATION, "the catalog names no stream of this source");
    }
    options.tables = reading->configured.tables;
    reading->observer = (struct run_observer){.started = stream_started, .ended = stream_ended};
    lines_init(&reading->lines, &airbyte_protocol, &reading->platform->emitter,
               &reading->configured.selection, reading->start, reading->n_start);
    status = run_sync(&options, &reading->report, err);
    *told = status != TL_OK && reading->lines.n_tables > 0;
    if (*told)
        tell_unended(reading);
    lines_tell_of_columns(&reading->lines, &reading->report.catalog);
    run_report_reset(&reading->report);
    lines_reset(&reading->lines);
    return status;
}

enum tl_status airbyte_read(struct platform *platform, const char *catalog, const char *state,
                            bool *told, struct tl_error *err)
{
    struct reading reading = {.platform = platform};
    enum tl_status status =
        declared_open(&reading.declared, platform->connector, platform->config, err);

    *told = false;
    if (status == TL_OK)
        status = read_catalog(&reading, catalog, err);
    if (status == TL_OK)
        status = read_state(&reading, state, err);
    if (status == TL_OK)
        status = read_streams(&reading, told, err);
    free(reading.start);
    airbyte_states_reset(&reading.states);
    configured_reset(&reading.configured);
    declared_reset(&reading.declared);
    return status;
}
