/* The end of a sync, for machines. */
#include <inttypes.h>

#include "base/clock.h"
#include "frontends/cli/summary.h"
#include "frontends/output.h"

static void append_count(struct buf *out, const char *name, uint64_t count)
{
    buf_printf(out, ",\"%s\":%" PRIu64, name, count);
}

static void append_error(struct buf *out, const struct tl_error *error)
{
    if (error->status == TL_OK) {
        buf_append_string(out, "null");
        return;
    }
    buf_printf(out, "{\"status\":\"%s\",\"exit_code\":%d,\"message\":",
               tl_status_name(error->status), tl_status_exit_code(error->status));
    output_append_json(out, error->message);
    buf_append_string(out, ",\"remedy\":");
    output_append_json(out, error->remedy);
    buf_append_char(out, '}');
}

static void append_texts(struct buf *out, const char *name, char *const *texts, size_t count)
{
    buf_printf(out, ",\"%s\":[", name);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        output_append_json(out, texts[i]);
    }
    buf_append_char(out, ']');
}

static void append_counts(struct buf *out, const struct stream_report *stream)
{
    append_count(out, "rows_read", stream->rows_read);
    append_count(out, "inserted", stream->tally.inserted);
    append_count(out, "updated", stream->tally.updated);
    append_count(out, "unchanged", stream->tally.unchanged);
    append_count(out, "deleted", stream->tally.deleted);
    append_count(out, "schema_changes", stream->schema_changes);
}

/* Of a stream that fills several; of others there is nothing to tell. */
static void append_tables(struct buf *out, const struct stream_report *stream)
{
    for (size_t i = 0; i < stream->n_tables; i++) {
        const struct stream_report *table = &stream->tables[i];
        buf_append_string(out, i == 0 ? ",\"tables\":[{\"table\":" : ",{\"table\":");
        output_append_json(out, table->table);
        append_counts(out, table);
        append_texts(out, "sample", table->sample, table->n_sample);
        buf_append_string(out, i + 1 < stream->n_tables ? "}" : "}]");
    }
}

/* partition: what the stream's partition is, in a word, which becomes a key: "host". */
static void append_stream(struct buf *out, const struct stream_report *stream,
                          const char *partition)
{
    bool failed = stream->error.status != TL_OK;

    buf_append_string(out, "{\"stream\":");
    output_append_json(out, stream->table);
    if (stream->partition != NULL) {
        buf_printf(out, ",\"%s\":", partition);
        output_append_json(out, stream->partition);
    }
    buf_printf(out, ",\"status\":\"%s\"",
               failed             ? "failed"
               : stream->finished ? "succeeded"
                                  : "not begun");
    append_counts(out, stream);
    append_count(out, "bytes", stream->bytes_read);
    append_count(out, "rows_per_second", summary_rate(stream));
    append_count(out, "duration_ms", (uint64_t)stream->duration_ms);
    append_count(out, "attempts", stream->attempts);
    append_texts(out, "schema_notes", stream->schema_notes, stream->n_schema_notes);
    append_texts(out, "sample", stream->sample, stream->n_sample);
    append_tables(out, stream);
    buf_append_string(out, ",\"state\":");
    buf_append_string(out, stream->state ? stream->state : "null");
    buf_append_string(out, ",\"error\":");
    append_error(out, &stream->error);
    buf_append_char(out, '}');
}

static void append_operations(struct buf *out, const struct run_report *report)
{
    buf_printf(out, ",\"operations\":{\"upserts\":%" PRIu64, report->upserts);
    append_count(out, "updates", report->updates);
    append_count(out, "deletes", report->deletes);
    append_count(out, "truncates", report->truncates);
    append_count(out, "schema_changes", report->schema_changes);
    append_count(out, "checkpoints", report->checkpoints);
    buf_append_char(out, '}');
}

void summary_append_json(const struct summary *summary, struct buf *out)
{
    const struct run_report *report = summary->report;
    char started[CLOCK_UTC_SIZE];

    buf_printf(out, "{\"status\":\"%s\",\"exit_code\":%d,\"dry_run\":%s,\"started\":\"%s\"",
               summary->error->status == TL_OK ? "succeeded" : "failed",
               tl_status_exit_code(summary->error->status), summary->dry_run ? "true" : "false",
               clock_format_utc(summary->started_us, started));
    append_count(out, "duration_ms", (uint64_t)report->duration_ms);
    buf_append_string(out, ",\"destination\":");
    output_append_json(out, summary->destination);
    buf_append_string(out, ",\"error\":");
    append_error(out, summary->error);
    append_operations(out, report);
    buf_append_string(out, ",\"streams\":[");
    for (size_t i = 0; i < report->n_streams; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        append_stream(out, &report->streams[i], report->partition);
    }
    buf_append_string(out, "]}\n");
}
