/* The tables of a stream that fills several. Each has rows under construction, a key and counts
 * of its own; state, failures and transactions are the stream's. */
#include "sync/tables.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sync/notes.h"
#include "sync/schema.h"
#include "sync/sync.h"

/* So many tables may hold unfinished blocks of rows, of up to 256 KiB each. */
enum { HOLDING_MAX = 32 };

/* A table of a stream, with what it borrows. */
struct table {
    struct stream_run run;
    struct tl_stream stream;
    struct stream_report report;
};

static struct table *table_of(struct stream_run *run)
{
    return (struct table *)run;
}

static void table_free(struct table *table)
{
    struct stream_report *report = &table->report;

    key_reset(&table->run.key);
    key_names_free(table->run.own_key);
    notes_cut(&table->run, 0);
    free(table->run.schema_notes);
    for (size_t i = 0; i < report->n_sample; i++)
        free(report->sample[i]);
    free(report->sample);
    free(report->table);
    free(report->partition);
    free(report->name);
    free(table);
}

/* The star replaced. */
static char *table_name(const char *pattern, const char *part)
{
    size_t before = strcspn(pattern, "*");
    struct buf name = BUF_INIT(strlen(pattern) + strlen(part) + 1);

    buf_append(&name, pattern, before);
    buf_append_string(&name, part);
    buf_append_string(&name, pattern + before + 1);
    return buf_take(&name);
}

static enum tl_status table_init(struct table *table, struct stream_run *root,
                                 struct tl_error *err)
{
    const struct key_partition in = {.column = root->key.parts[0].column,
                                     .value = root->partition};

    if (!stream_report_init(&table->report, table->report.table, root->partition))
        return tl_fail(err, TL_MEMORY, "out of memory for a table");
    table->stream = *root->stream;
    table->stream.table = table->report.table;
    table->run = (struct stream_run){.stream = &table->stream,
                                     .schema = root->schema,
                                     .report = &table->report,
                                     .name = table->report.name,
                                     .partition = root->partition,
                                     .run = root->run,
                                     .started_us = root->started_us,
                                     .root = root,
                                     .index = root->n_tables};
    return key_init(&table->run.key, table->stream.primary_key, root->partition ? &in : NULL,
                    err);
}

static enum tl_status table_new(struct stream_run *root, char *name, struct stream_run **out,
                                struct tl_error *err)
{
    struct stream_run **tables =
        realloc(root->tables, (root->n_tables + 1) * sizeof(struct stream_run *));
    struct table *table = calloc(1, sizeof(*table));

    if (tables != NULL)
        root->tables = tables;
    if (tables == NULL || table == NULL) {
        free(table);
        free(name);
        return tl_fail(err, TL_MEMORY, "out of memory for a table");
    }
    table->report.table = name;
    if (table_init(table, root, err) != TL_OK) {
        table_free(table);
        return err->status;
    }
    tables[root->n_tables++] = &table->run;
    *out = &table->run;
    return TL_OK;
}

static enum tl_status fail_same_name(const char *name, struct tl_error *err)
{
    (void)tl_fail(err, TL_DATA, "two streams of the output are of one name: %s", name);
    return tl_remedy(err, "Select one of them, or give each a stream by `tap_stream`");
}

/* The table of that name, taken, which an earlier attempt may have opened. */
static enum tl_status table_find(struct tl_sync *sync, char *name, struct stream_run **out,
                                 struct tl_error *err)
{
    struct stream_run *root = sync->stream;

    for (size_t i = 0; i < sync->n_tables; i++)
        if (text_equal_ignoring_case(sync->tables[i]->stream->stream->table, name)) {
            (void)fail_same_name(name, err);
            free(name);
            return err->status;
        }
    for (size_t i = 0; i < root->n_tables; i++)
        if (strcmp(root->tables[i]->stream->table, name) == 0) {
            *out = root->tables[i];
            free(name);
            return TL_OK;
        }
    if (root->n_tables == TABLES_MAX || schema_check_table(root->schema, name, err) != TL_OK) {
        free(name);
        return err->status != TL_OK
                   ? err->status
                   : tl_fail(err, TL_DATA, "the output has more than %d streams", TABLES_MAX);
    }
    return table_new(root, name, out, err);
}

static enum tl_status table_attempt(struct tl_sync *sync, struct stream_run *run,
                                    struct tl_sync **out, struct tl_error *err)
{
    const struct sync_options options = {.stream = run,
                                         .queue = sync->queue,
                                         .stop_fd = sync->stop_fd,
                                         .state = "{}",
                                         .report = run->report,
                                         .max_sample = sync->max_sample};
    struct tl_sync **tables =
        realloc(sync->tables, (sync->n_tables + 1) * sizeof(struct tl_sync *));
    struct tl_sync *table = calloc(1, sizeof(*table));

    if (tables != NULL)
        sync->tables = tables;
    if (tables == NULL || table == NULL) {
        free(table);
        return tl_fail(err, TL_MEMORY, "out of memory for table %s", run->name);
    }
    tables[sync->n_tables++] = table;
    *out = table;
    if (sync_init(table, &options, err) != TL_OK)
        return err->status;
    table->root = sync;
    return TL_OK;
}

enum tl_status tables_open(struct tl_sync *sync, const char *part, struct tl_sync **out,
                           struct tl_error *err)
{
    char *name = table_name(sync->stream->stream->table, part);
    struct stream_run *run = NULL;

    if (name == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a table");
    if (*part == '\0') {
        free(name);
        return tl_fail(err, TL_DATA, "a table without a name");
    }
    if (table_find(sync, name, &run, err) != TL_OK)
        return err->status;
    return table_attempt(sync, run, out, err);
}

enum tl_status tables_flush(struct tl_sync *sync, struct tl_error *err)
{
    for (size_t i = 0; i < sync->n_tables; i++)
        if (sync_flush(sync->tables[i], err) != TL_OK)
            return err->status;
    sync->n_holding = 0;
    return TL_OK;
}

enum tl_status tables_enter(struct tl_sync *table, struct tl_error *err)
{
    struct tl_sync *sync = table->root;

    if (table->builder.block != NULL)
        return TL_OK;
    if (sync->n_holding >= HOLDING_MAX && tables_flush(sync, err) != TL_OK)
        return err->status;
    sync->n_holding++;
    return TL_OK;
}

enum tl_status tables_progress(const struct tl_sync *sync, struct progress **out,
                               struct tl_error *err)
{
    const struct stream_run *stream = sync->stream;

    *out = NULL;
    if (stream->n_tables == 0)
        return TL_OK;
    *out = calloc(stream->n_tables, sizeof(**out));
    if (*out == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the counts of tables");
    for (size_t i = 0; i < stream->n_tables; i++)
        (*out)[i] = report_progress(stream->tables[i]->report);
    return TL_OK;
}

void tables_close(struct tl_sync *sync)
{
    for (size_t i = 0; i < sync->n_tables; i++) {
        sync_reset(sync->tables[i]);
        free(sync->tables[i]);
    }
    free(sync->tables);
}

void tables_count_back(struct stream_run *stream)
{
    for (size_t i = 0; i < stream->n_tables; i++)
        report_count_back(stream->tables[i]->report, &stream->tables[i]->progress);
}

/* Moves the committed notes to those of the stream. */
static void move_notes(struct stream_run *table, struct stream_run *stream)
{
    size_t count = stream->n_schema_notes + table->n_committed_notes;
    char **notes = realloc(stream->schema_notes, (count + 1) * sizeof(*notes));

    if (notes == NULL)
        return; /* the schema's changes are made all the same */
    stream->schema_notes = notes;
    notes_cut(table, table->n_committed_notes);
    for (size_t i = 0; i < table->n_schema_notes; i++)
        notes[stream->n_schema_notes++] = table->schema_notes[i];
    table->n_schema_notes = 0;
}

static void settle(struct stream_run *table, struct stream_run *stream,
                   struct stream_report *sum)
{
    struct stream_report *report = table->report;

    report->tally = table->committed;
    report->schema_changes = table->schema_changes;
    report->finished = sum->finished;
    report->error = sum->error;
    report->duration_ms = sum->duration_ms;
    sum->tally.inserted += report->tally.inserted;
    sum->tally.updated += report->tally.updated;
    sum->tally.unchanged += report->tally.unchanged;
    sum->tally.deleted += report->tally.deleted;
    sum->schema_changes += report->schema_changes;
    move_notes(table, stream);
}

void tables_settle(struct stream_run *stream, struct stream_report *report)
{
    report->tables = calloc(stream->n_tables + 1, sizeof(*report->tables));
    for (size_t i = 0; i < stream->n_tables; i++) {
        struct stream_run *table = stream->tables[i];
        settle(table, stream, report);
        if (report->tables == NULL)
            continue; /* the sums are right without them */
        report->tables[report->n_tables++] = *table->report;
        *table->report = (struct stream_report){0};
    }
}

void tables_free(struct stream_run *stream)
{
    for (size_t i = 0; i < stream->n_tables; i++)
        table_free(table_of(stream->tables[i]));
    free(stream->tables);
}
