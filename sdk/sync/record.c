/* The run log's records. */
#include "sync/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct run_record record_of(const struct stream_run *stream, const struct progress *progress,
                            const char *warnings, const char *status, const char *error)
{
    return (struct run_record){
        .run = stream->run,
        .stream = stream->name,
        .started_us = stream->started_us,
        .finished_us = strcmp(status, "running") == 0 ? 0 : clock_utc_us(),
        .status = status,
        .error = error,
        .warnings = warnings,
        .rows_read = progress->rows_read,
        .bytes_read = progress->bytes_read,
        .schema_changes = stream->schema_changes,
        .tally = stream->committed,
    };
}

enum tl_status record_add_tables(struct run_record *record, const struct stream_run *stream,
                                 const struct progress *progress, struct tl_error *err)
{
    struct run_record *tables;
    size_t count = 0;

    for (const struct stream_run *table = stream->met; table != NULL; table = table->next_met)
        count++;
    if (count == 0)
        return TL_OK;
    tables = calloc(count, sizeof(*tables));
    if (tables == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the records of tables");
    for (const struct stream_run *table = stream->met; table != NULL; table = table->next_met) {
        struct run_record *own = &tables[record->n_tables++];
        *own = record_of(table, progress ? &progress[table->index] : &table->progress, NULL,
                         record->status, "");
        own->finished_us = record->finished_us;
        record->rows_read -= own->rows_read;
    }
    record->tables = tables;
    return TL_OK;
}

void record_reset(struct run_record *record)
{
    free((void *)(uintptr_t)record->tables);
    record->tables = NULL;
}
