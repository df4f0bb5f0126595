/* A run: every selected stream of a connector synced into a destination, each in its own
 * outcome. */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include "destinations/destination.h"
#include "towline/connector.h"

/* What happened to one stream. */
struct stream_report {
    char *table;
    struct tl_error error; /* error.status is TL_OK when it went well */
    bool finished;         /* false: never begun, because the run was stopped before */
    uint64_t rows_read;
    uint64_t bytes_read;
    struct tally tally;
    uint64_t schema_changes;
    char **schema_notes; /* "new table users (5 columns)", "column age: LONG -> STRING", ... */
    size_t n_schema_notes;
    uint64_t attempts; /* 1 when nothing had to be tried again */
    int64_t duration_ms;
    char *state;   /* as saved, or as a dry run would save it; NULL if there is none */
    char **sample; /* dry run: the first rows as JSON text */
    size_t n_sample;
};

/* What happened to all of them, and the operations table's figures. */
struct run_report {
    struct stream_report *streams;
    size_t n_streams;
    uint64_t upserts, updates, deletes, truncates, schema_changes, checkpoints;
    int64_t duration_ms;
    struct catalog catalog; /* the tables as they are afterwards (discover prints these) */
};

void run_report_reset(struct run_report *report);

/* Called from the run's own thread; each may be NULL. */
struct run_observer {
    /* Now and then, at most ten times a second. */
    void (*progress)(struct run_observer *self, const char *table, uint64_t rows,
                     uint64_t bytes);

    /* A stream begins. */
    void (*started)(struct run_observer *self, const char *table);

    /* A stream has ended, and how is known. Its tally, notes and state are not filled yet. */
    void (*ended)(struct run_observer *self, const struct stream_report *stream);
};

struct run_options {
    const struct tl_connector *connector;
    const struct tl_config *config;
    const struct destination_ops *destination; /* with url: where to */
    const char *url;
    struct destination *opened; /* instead of both, one that is open: a platform's. Lent: the
                                   run loads it, writes to it, and leaves it open */
    enum destination_mode mode; /* WRITE or DRY_RUN */
    const char *const *tables;  /* only these streams, NULL-terminated; NULL: all */
    bool full_refresh;          /* start from an empty state */
    const char *state; /* start from this state ({"stream": {...}}), not the saved one */
    int stop_fd;       /* readable: stop */
    enum tl_status (*stopped)(void); /* after stop_fd: TL_INTERRUPTED or TL_TERMINATED */
    int64_t retry_attempts;
    uint64_t enough_rows; /* for a look at the streams: one that has brought so many is ended
                             there and counts as complete; 0: all of them */
    struct run_observer *observer; /* may be NULL */
};

/* Runs. TL_OK when every stream went well; the one stream's status when only one was selected;
 * TL_PARTIAL when some failed; else the first failure. *err says what failed; *report, all zero
 * before, is filled as far as things got, and the caller resets it in any case. */
TL_NODISCARD enum tl_status run_sync(const struct run_options *options,
                                     struct run_report *report, struct tl_error *err);

#endif
