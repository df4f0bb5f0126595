/* Progress: how far a run has got, on standard error. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include "frontends/cli/cli.h"
#include "sync/run.h"

struct progress {
    struct run_observer observer;
    struct terminal_log *log;
    char table[128];
    int64_t started_ms; /* of the table */
    int64_t next_ms;    /* when to say something again */
};

/* What --progress asks for: the observer to hand to the run, or NULL for none. */
struct run_observer *progress_init(struct progress *progress, struct cli *cli);

/* Takes the line of progress away. */
void progress_reset(struct progress *progress);

#endif
