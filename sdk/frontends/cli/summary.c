/* The end of a sync, for people. */
#include "frontends/cli/summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "frontends/output.h"

enum { STREAM_TERM_WIDTH = 15 };

uint64_t summary_rate(const struct stream_report *stream)
{
    uint64_t duration_ms = stream->duration_ms > 0 ? (uint64_t)stream->duration_ms : 1;
    return (uint64_t)((double)stream->rows_read * 1000 / (double)duration_ms);
}

static void append_operation(struct buf *out, const char *name, uint64_t calls)
{
    buf_printf(out, "%-13s | %" PRIu64 "\n", name, calls);
}

static void append_operations(const struct run_report *report, struct buf *out)
{
    buf_append_string(out, "Operation     | Calls\n------------- + ------------\n");
    append_operation(out, "Upserts", report->upserts);
    append_operation(out, "Updates", report->updates);
    append_operation(out, "Deletes", report->deletes);
    append_operation(out, "Truncates", report->truncates);
    append_operation(out, "SchemaChanges", report->schema_changes);
    append_operation(out, "Checkpoints", report->checkpoints);
}

static void append_count(struct buf *out, const char *name, uint64_t count)
{
    buf_printf(out, "  %-*s  %" PRIu64 "\n", STREAM_TERM_WIDTH, name, count);
}

static void append_text(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, "  %-*s  ", STREAM_TERM_WIDTH, name);
    output_append_safe(out, text);
    buf_append_char(out, '\n');
}

static void append_counts(const struct stream_report *stream, struct buf *out)
{
    append_count(out, "Rows read", stream->rows_read);
    append_count(out, "Inserted", stream->tally.inserted);
    append_count(out, "Updated", stream->tally.updated);
    append_count(out, "Unchanged", stream->tally.unchanged);
    append_count(out, "Deleted", stream->tally.deleted);
    append_count(out, "Schema changes", stream->schema_changes);
    append_count(out, "Bytes", stream->bytes_read);
    append_count(out, "Rows per second", summary_rate(stream));
    buf_printf(out, "  %-*s  %.2f s\n", STREAM_TERM_WIDTH, "Duration",
               (double)stream->duration_ms / 1000);
}

static void append_error(const struct tl_error *error, struct buf *out)
{
    append_text(out, "Error", error->message);
    if (error->remedy[0] != '\0')
        append_text(out, "Remedy", error->remedy);
}

static void append_line(const struct stream_report *stream, const char *name, struct buf *out);

/* Of a stream that fills several: a line for each. */
static void append_tables_of(const struct stream_report *stream, bool samples, struct buf *out)
{
    for (size_t i = 0; i < stream->n_tables; i++) {
        const struct stream_report *table = &stream->tables[i];
        append_line(table, table->table, out);
        for (size_t s = 0; samples && s < table->n_sample; s++)
            append_text(out, s == 0 ? "Sample rows" : "", table->sample[s]);
    }
}

/* What a dry run is asked for beyond the counts. */
static void append_preview(const struct stream_report *stream, struct buf *out)
{
    for (size_t i = 0; i < stream->n_schema_notes; i++)
        append_text(out, i == 0 ? "Would change" : "", stream->schema_notes[i]);
    if (stream->error.status == TL_OK)
        append_text(out, "Would save", stream->state ? stream->state : "{}");
    for (size_t i = 0; i < stream->n_sample; i++)
        append_text(out, i == 0 ? "Sample rows" : "", stream->sample[i]);
}

static const char *outcome_of(const struct stream_report *stream)
{
    if (stream->error.status != TL_OK)
        return "FAILED";
    return stream->finished ? "done" : "not begun";
}

static void append_title(const struct stream_report *stream, struct buf *out)
{
    buf_append_char(out, '\n');
    output_append_safe(out, stream->table);
    buf_append_char(out, '\n');
}

static void append_stream(const struct summary *summary, const struct stream_report *stream,
                          struct buf *out)
{
    append_title(stream, out);
    append_counts(stream, out);
    append_text(out, "Outcome", outcome_of(stream));
    append_tables_of(stream, summary->dry_run, out);
    if (stream->error.status != TL_OK)
        append_error(&stream->error, out);
    if (summary->dry_run)
        append_preview(stream, out);
}

static void add_up(struct stream_report *sum, const struct stream_report *one)
{
    sum->rows_read += one->rows_read;
    sum->bytes_read += one->bytes_read;
    sum->tally.inserted += one->tally.inserted;
    sum->tally.updated += one->tally.updated;
    sum->tally.unchanged += one->tally.unchanged;
    sum->tally.deleted += one->tally.deleted;
    sum->schema_changes += one->schema_changes;
    if (one->duration_ms > sum->duration_ms)
        sum->duration_ms = one->duration_ms;
}

/* A line for one partition of a stream, or for one of its tables. */
static void append_line(const struct stream_report *stream, const char *name, struct buf *out)
{
    struct buf line = BUF_INIT(1024);

    buf_printf(&line, "%s", outcome_of(stream));
    if (stream->error.status == TL_OK && stream->finished)
        buf_printf(&line,
                   ": %" PRIu64 " rows, %" PRIu64 " inserted, %" PRIu64 " updated, %" PRIu64
                   " unchanged, %" PRIu64 " deleted in %.2f s",
                   stream->rows_read, stream->tally.inserted, stream->tally.updated,
                   stream->tally.unchanged, stream->tally.deleted,
                   (double)stream->duration_ms / 1000);
    append_text(out, name, buf_text(&line));
    buf_free(&line);
}

static void append_partition(const struct summary *summary, const struct stream_report *stream,
                             struct buf *out)
{
    append_line(stream, stream->partition, out);
    append_tables_of(stream, summary->dry_run, out);
    if (stream->error.status != TL_OK)
        append_error(&stream->error, out);
    if (summary->dry_run)
        append_preview(stream, out);
}

/* One table for the stream in all partitions: their sum, then each. */
static void append_partitioned(const struct summary *summary, size_t first, size_t n_streams,
                               struct buf *out)
{
    const struct run_report *report = summary->report;
    struct stream_report sum = {0};
    char outcome[128];
    size_t failed = 0;

    for (size_t i = first; i < report->n_streams; i += n_streams) {
        add_up(&sum, &report->streams[i]);
        failed += report->streams[i].error.status != TL_OK;
    }
    append_title(&report->streams[first], out);
    append_counts(&sum, out);
    (void)snprintf(outcome, sizeof(outcome), "%s on %zu of %zu %ss",
                   failed > 0 ? "FAILED" : "done", failed > 0 ? failed : report->n_partitions,
                   report->n_partitions, report->partition);
    append_text(out, "Outcome", outcome);
    for (size_t i = first; i < report->n_streams; i += n_streams)
        append_partition(summary, &report->streams[i], out);
}

static void append_streams(const struct summary *summary, struct buf *out)
{
    const struct run_report *report = summary->report;

    for (size_t i = 0; report->n_partitions == 0 && i < report->n_streams; i++)
        append_stream(summary, &report->streams[i], out);
    if (report->n_partitions == 0)
        return;
    for (size_t i = 0; i < report->n_streams / report->n_partitions; i++)
        append_partitioned(summary, i, report->n_streams / report->n_partitions, out);
}

/* Zeros would only hide what is wrong with the configuration. */
static bool has_begun(const struct summary *summary)
{
    for (size_t i = 0; i < summary->report->n_streams; i++)
        if (summary->report->streams[i].finished)
            return true;
    return tl_status_exit_code(summary->error->status) != tl_status_exit_code(TL_USAGE);
}

static void append_tables(const struct summary *summary, struct buf *out)
{
    if (summary->dry_run)
        buf_append_string(out,
                          "DRY RUN: nothing was written; this is what a sync would do\n\n");
    append_operations(summary->report, out);
    append_streams(summary, out);
    buf_append_char(out, '\n');
}

void summary_append_text(const struct summary *summary, struct buf *out)
{
    bool failed = summary->error->status != TL_OK;

    if (has_begun(summary))
        append_tables(summary, out);
    buf_append_string(out, failed             ? "SYNC FAILED"
                           : summary->dry_run ? "DRY RUN SUCCEEDED"
                                              : "SYNC SUCCEEDED");
    if (failed) {
        buf_append_string(out, ": ");
        output_append_safe(out, summary->error->message);
    }
    buf_append_char(out, '\n');
}
