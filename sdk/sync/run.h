/* A run: every selected stream of a connector synced into a destination, each in its own
 * outcome. */
#ifndef SYNC_RUN_H
#define SYNC_RUN_H

#include "destinations/destination.h"
#include "towline/connector.h"

/* What happened to one stream, of one partition if the connector has them. */
struct stream_report {
    char *table;
    char *partition;       /* NULL: the connector has none */
    char *name;            /* of the table, or "table@partition" */
    struct tl_error error; /* error.status is TL_OK when it went well */
    bool finished;         /* false: never begun, because the run was stopped before */
    uint64_t rows_read;
    uint64_t bytes_read;
    uint64_t upserts, updates, deletes, truncates; /* operations called */
    struct tally tally;
    uint64_t schema_changes;
    char **schema_notes; /* "new table users (5 columns)", "column age: LONG -> STRING", ... */
    size_t n_schema_notes;
    uint64_t attempts; /* 1 when nothing had to be tried again */
    uint64_t failures; /* of these, the last ones in a row that committed nothing */
    int64_t duration_ms;
    char *state;   /* as saved, or as a dry run would save it; NULL if there is none */
    char **sample; /* dry run: the first rows as JSON text */
    size_t n_sample;

    /* Of a stream that fills several tables: each of them. The stream's counts are their sum;
     * bytes, state and what became of it are the stream's alone. */
    struct stream_report *tables;
    size_t n_tables;
};

/* Takes the table's name, and makes the others. False: out of memory. */
bool stream_report_init(struct stream_report *report, char *table, const char *partition);

/* What has been counted, and counting on from there. */
struct progress;
struct progress report_progress(const struct stream_report *report);
void report_count_back(struct stream_report *report, const struct progress *progress);

/* What happened to all of them, and the operations table's figures. */
struct run_report {
    struct stream_report *streams; /* partition by partition, each in the schema's order */
    size_t n_streams;
    size_t n_partitions;   /* 0: the connector has none */
    const char *partition; /* what one is, in a word: "host" */
    uint64_t upserts, updates, deletes, truncates, schema_changes, checkpoints;
    int64_t duration_ms;
    struct catalog catalog; /* the tables as they are afterwards (discover prints these) */
};

void run_report_reset(struct run_report *report);

/* Logs the error of each stream that failed, where the run's own, `err`, cannot say them all.
 */
void run_report_log_failures(const struct run_report *report, const struct tl_error *err);

/* The report table by table: of a stream that fills several, each of them in its place. NULL
 * past the end. */
const struct stream_report *run_report_table(const struct run_report *report, size_t index);

/* Called from the threads of the run, by one at a time; each may be NULL. */
struct run_observer {
    /* Now and then: how far a stream has got, or all partitions together, in one report whose
     * name then says so ("12 hosts"). Only its name and counts are filled. */
    void (*progress)(struct run_observer *self, const struct stream_report *sofar);

    /* A stream begins, in the first of its partitions. */
    void (*started)(struct run_observer *self, const char *table);

    /* A stream has ended, in one partition, and how is known. Its tally, notes and state are
     * not filled yet. */
    void (*ended)(struct run_observer *self, const struct stream_report *stream);
};

/* How many partitions run at once where nobody says how many, and at most. */
enum { RUN_CONCURRENCY = 8, RUN_MAX_CONCURRENCY = 1000 };

struct run_options {
    const struct tl_connector *connector;
    const struct tl_config *config;
    const struct destination_ops *destination; /* with url: where to */
    const char *url;
    struct destination *opened;    /* instead of both, one that is open: a platform's. Lent: the
                                      run loads it, writes to it, and leaves it open */
    enum destination_mode mode;    /* WRITE or DRY_RUN */
    const char *const *tables;     /* only these streams, NULL-terminated; NULL: all */
    const char *const *partitions; /* only these, NULL-terminated; NULL: all */
    bool full_refresh;             /* start from an empty state */
    const char *state; /* start from this state ({"stream": {...}}), not the saved one */
    int stop_fd;       /* readable: stop */
    enum tl_status (*stopped)(void); /* after stop_fd: TL_INTERRUPTED or TL_TERMINATED */
    int64_t retry_attempts;
    uint64_t enough_rows; /* for a look at the streams: one that has brought so many is ended
                             there and counts as complete; 0: all of them */
    size_t concurrency;   /* how many partitions at once; 0: RUN_CONCURRENCY */
    struct run_observer *observer; /* may be NULL */
};

/* Runs. TL_OK when every stream went well in every partition; TL_PARTIAL when some failed; when
 * all did, the first failure. *err says what failed; *report, all zero before, is filled as
 * far as things got, and the caller resets it in any case. */
TL_NODISCARD enum tl_status run_sync(const struct run_options *options,
                                     struct run_report *report, struct tl_error *err);

#endif
