/* What happened in a run, and letting it go. */
#include <stdlib.h>

#include "sync/run.h"

static void texts_free(char **texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(texts[i]);
    free(texts);
}

void run_report_reset(struct run_report *report)
{
    for (size_t i = 0; i < report->n_streams; i++) {
        struct stream_report *stream = &report->streams[i];
        texts_free(stream->schema_notes, stream->n_schema_notes);
        texts_free(stream->sample, stream->n_sample);
        free(stream->table);
        free(stream->partition);
        free(stream->name);
        free(stream->state);
    }
    free(report->streams);
    catalog_reset(&report->catalog);
    *report = (struct run_report){0};
}
