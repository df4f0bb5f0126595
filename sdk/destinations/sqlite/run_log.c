/* The run log, read back. */
#include "destinations/sqlite/run_log.h"

#include <stdlib.h>
#include <string.h>

/* Whole seconds and the rest apart: SQLite's own times know milliseconds only. */
#define MICROSECONDS(column)                                                                   \
    "strftime('%s', substr(" column ", 1, 19)) * 1000000 + substr(" column ", 21, 6)"

#define SELECT_RUNS(warnings)                                                                  \
    "SELECT run, stream, status, error, " warnings                                             \
    ", " MICROSECONDS("started") ", coalesce(" MICROSECONDS(                                   \
        "finished") ", 0), rows_read, bytes_read, inserted, updated, unchanged, "              \
                    "deleted, schema_changes FROM (SELECT *, row_number() OVER (PARTITION BY " \
                    "stream ORDER BY "                                                         \
                    "run DESC) AS age FROM main._towline_runs) WHERE age <= ?1 ORDER BY "      \
                    "stream, run DESC"

enum run_column {
    RUN_NUMBER,
    RUN_TEXTS, /* stream, status, error, warnings */
    RUN_N_TEXTS = 4,
    RUN_STARTED = RUN_TEXTS + RUN_N_TEXTS,
    RUN_FINISHED,
    RUN_COUNTS
};

enum tl_status run_log_has_warnings(const struct sql *sql, bool *out, struct tl_error *err)
{
    int64_t count = 0;
    enum tl_status status =
        sql_number(sql,
                   "SELECT count(*) FROM pragma_table_info('_towline_runs', 'main') WHERE name "
                   "= 'warnings'",
                   NULL, &count, err);

    *out = count > 0;
    return status;
}

/* The texts, one after the other with a NUL each; NULL when memory ran out. */
static char *copy_texts(sqlite3_stmt *row, const char *texts[RUN_N_TEXTS])
{
    size_t sizes[RUN_N_TEXTS], size = 0;
    char *memory, *end;

    for (int i = 0; i < RUN_N_TEXTS; i++) {
        texts[i] = sql_text(row, RUN_TEXTS + i);
        sizes[i] = strlen(texts[i]) + 1;
        size += sizes[i];
    }
    memory = end = malloc(size);
    for (int i = 0; memory != NULL && i < RUN_N_TEXTS; i++) {
        texts[i] = memcpy(end, texts[i], sizes[i]);
        end += sizes[i];
    }
    return memory;
}

static uint64_t count_at(sqlite3_stmt *row, int index)
{
    return (uint64_t)sqlite3_column_int64(row, RUN_COUNTS + index);
}

static enum tl_status load_run(sqlite3_stmt *row, struct destination_contents *out,
                               struct tl_error *err)
{
    struct stored_run *runs = realloc(out->runs, (out->n_runs + 1) * sizeof(*runs));
    const char *texts[RUN_N_TEXTS];
    char *memory = copy_texts(row, texts);

    if (runs != NULL)
        out->runs = runs;
    if (runs == NULL || memory == NULL) {
        free(memory);
        return tl_fail(err, TL_MEMORY, "out of memory for the run log");
    }
    runs[out->n_runs++] =
        (struct stored_run){.text = memory,
                            .record = {.run = sqlite3_column_int64(row, RUN_NUMBER),
                                       .stream = texts[0],
                                       .status = texts[1],
                                       .error = texts[2],
                                       .warnings = texts[3],
                                       .started_us = sqlite3_column_int64(row, RUN_STARTED),
                                       .finished_us = sqlite3_column_int64(row, RUN_FINISHED),
                                       .rows_read = count_at(row, 0),
                                       .bytes_read = count_at(row, 1),
                                       .tally = {count_at(row, 2), count_at(row, 3),
                                                 count_at(row, 4), count_at(row, 5)},
                                       .schema_changes = count_at(row, 6)}};
    return TL_OK;
}

enum tl_status run_log_load(const struct sql *sql, struct destination_contents *out,
                            struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    bool warnings = false;
    int code = SQLITE_ROW;
    enum tl_status status;

    if (out->max_runs == 0)
        return TL_OK;
    status = run_log_has_warnings(sql, &warnings, err);
    if (status == TL_OK)
        status = sql_prepare(sql, warnings ? SELECT_RUNS("warnings") : SELECT_RUNS("''"),
                             &statement, err);
    if (status == TL_OK)
        (void)sqlite3_bind_int64(statement, 1, (int64_t)out->max_runs);
    while (status == TL_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = load_run(statement, out, err);
    if (status == TL_OK && code != SQLITE_DONE)
        status = sql_fail(sql, err, "read its run log");
    sqlite3_finalize(statement);
    return status;
}
