/* Progress: how far a run has got, on standard error. */
#include "frontends/cli/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "towline/log.h"

enum { TERMINAL_EVERY_MS = 100, LOG_EVERY_MS = 5000 };

static void describe(const struct progress *progress, uint64_t rows, uint64_t bytes, char *out,
                     size_t out_size)
{
    int64_t elapsed_ms = clock_now_ms() - progress->started_ms;
    double seconds = elapsed_ms > 0 ? (double)elapsed_ms / 1000 : 0.001;

    (void)snprintf(out, out_size, "%s: %" PRIu64 " rows, %.1f MB, %.0f rows/s", progress->table,
                   rows, (double)bytes / 1e6, (double)rows / seconds);
}

static void report(struct run_observer *observer, const struct stream_report *sofar)
{
    struct progress *self = (struct progress *)observer;
    int64_t now_ms = clock_now_ms();
    char name[sizeof(self->table)], line[256];

    (void)text_safe(name, sizeof(name), sofar->name, strlen(sofar->name));
    if (strcmp(name, self->table) != 0) {
        memcpy(self->table, name, sizeof(name));
        self->started_ms = now_ms;
        self->next_ms = now_ms + (self->log->terminal ? 0 : LOG_EVERY_MS);
    }
    if (now_ms < self->next_ms)
        return;
    describe(self, sofar->rows_read, sofar->bytes_read, line, sizeof(line));
    if (self->log->terminal)
        terminal_log_status(self->log, line);
    else
        tl_log(TL_LOG_INFO, "%s", line);
    self->next_ms = now_ms + (self->log->terminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS);
}

struct run_observer *progress_init(struct progress *progress, struct cli *cli)
{
    const char *when = cli->options.progress;

    *progress = (struct progress){.observer = {.progress = report}, .log = &cli->log};
    if (strcmp(when, "never") == 0)
        return NULL;
    if (strcmp(when, "auto") == 0 && (!cli->log.terminal || cli->log.json))
        return NULL;
    return &progress->observer;
}

void progress_reset(struct progress *progress)
{
    terminal_log_status(progress->log, "");
}
