/* What happened in a run, and letting it go. */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "sync/queue.h"
#include "sync/run.h"
#include "towline/log.h"

static void texts_free(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

static void stream_report_reset(struct stream_report *stream)
{
    texts_free(stream->schema_notes, stream->n_schema_notes);
    texts_free(stream->sample, stream->n_sample);
    free(stream->table);
    free(stream->partition);
    free(stream->name);
    free(stream->state);
}

void run_report_reset(struct run_report *report)
{
    for (size_t i = 0; i < report->n_streams; i++) {
        struct stream_report *stream = &report->streams[i];
        for (size_t t = 0; t < stream->n_tables; t++)
            stream_report_reset(&stream->tables[t]);
        free(stream->tables);
        stream_report_reset(stream);
    }
    free(report->streams);
    catalog_reset(&report->catalog);
    *report = (struct run_report){0};
}

void run_report_log_failures(const struct run_report *report, const struct tl_error *err)
{
    char text[ERROR_TEXT_SIZE];

    for (size_t i = 0; i < report->n_streams; i++) {
        const struct tl_error *failure = &report->streams[i].error;
        if (failure->status != TL_OK && strcmp(failure->message, err->message) != 0)
            tl_log(TL_LOG_ERROR, "%s", error_text(failure, text));
    }
}

/* The names by which the outcome of a stream is reported. */
bool stream_report_init(struct stream_report *report, char *table, const char *partition)
{
    struct buf name = BUF_INIT(SIZE_MAX / 2);

    buf_printf(&name, "%s%s%s", table, partition ? "@" : "", partition ? partition : "");
    report->table = table;
    report->name = buf_take(&name);
    if (partition != NULL)
        report->partition = text_copy(partition, strlen(partition));
    return report->name != NULL && (partition == NULL || report->partition != NULL);
}

struct progress report_progress(const struct stream_report *report)
{
    return (struct progress){.rows_read = report->rows_read,
                             .bytes_read = report->bytes_read,
                             .upserts = report->upserts,
                             .updates = report->updates,
                             .deletes = report->deletes,
                             .truncates = report->truncates};
}

void report_count_back(struct stream_report *report, const struct progress *progress)
{
    report->rows_read = progress->rows_read;
    report->bytes_read = progress->bytes_read;
    report->upserts = progress->upserts;
    report->updates = progress->updates;
    report->deletes = progress->deletes;
    report->truncates = progress->truncates;
}

const struct stream_report *run_report_table(const struct run_report *report, size_t index)
{
    for (size_t i = 0; i < report->n_streams; i++) {
        const struct stream_report *stream = &report->streams[i];
        size_t count = stream->n_tables > 0 ? stream->n_tables : 1;
        if (index < count)
            return stream->n_tables > 0 ? &stream->tables[index] : stream;
        index -= count;
    }
    return NULL;
}
