/* Failures of streams, kept until the run log can take them. */
#include "sync/failures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "sync/record.h"
#include "towline/log.h"

struct failure {
    struct failure *next;
    const struct stream_run *stream;
    struct run_record record;
    char *warnings; /* or NULL */
    char reason[ERROR_TEXT_SIZE];
};

static void failure_free(struct failure *failure)
{
    free(failure->warnings);
    free(failure);
}

void failures_add(struct failures *failures, const struct stream_run *stream,
                  const struct progress *progress, const char *warnings, const char *reason)
{
    struct failure *failure = calloc(1, sizeof(*failure)), **end = &failures->first;

    if (failure == NULL)
        return;
    while (*end != NULL)
        end = &(*end)->next;
    *end = failure;
    failure->stream = stream;
    failure->record = record_of(stream, progress, NULL, "failed", "");
    if (warnings != NULL)
        failure->warnings = text_copy(warnings, strlen(warnings));
    (void)snprintf(failure->reason, sizeof(failure->reason), "%s", reason);
}

static void put(const struct failure *failure, struct destination *destination)
{
    struct run_record record = failure->record;
    struct tl_error ignored = {0};

    record.error = failure->reason;
    record.warnings = failure->warnings;
    if (record_add_tables(&record, failure->stream, NULL, &ignored) != TL_OK ||
        destination->ops->commit(destination, failure->stream->stream->table, NULL, &record,
                                 &ignored) != TL_OK) {
        tl_log(TL_LOG_WARNING, "the failed run could not be recorded: %s", ignored.message);
        destination->ops->rollback(destination);
    }
    record_reset(&record);
}

void failures_put(struct failures *failures, struct destination *destination)
{
    for (const struct failure *at = failures->first; at != NULL; at = at->next)
        put(at, destination);
    failures_reset(failures);
}

void failures_reset(struct failures *failures)
{
    struct failure *failure;

    while ((failure = failures->first) != NULL) {
        failures->first = failure->next;
        failure_free(failure);
    }
}
