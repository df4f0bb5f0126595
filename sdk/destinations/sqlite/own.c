/* Towline's own tables in a database. */
#include "destinations/sqlite/own.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "destinations/sqlite/run_log.h"

/* "TOWL" */
enum { APPLICATION_ID = 0x544f574c, CATALOG_VERSION = 2 };

static const char MAKE_TABLES[] = "CREATE TABLE IF NOT EXISTS main._towline_columns (\n"
                                  "    table_name TEXT NOT NULL,\n"
                                  "    column_name TEXT NOT NULL,\n"
                                  "    source_name TEXT NOT NULL,\n"
                                  "    position INTEGER NOT NULL,\n"
                                  "    type TEXT NOT NULL,\n"
                                  "    observed TEXT NOT NULL,\n"
                                  "    primary_key INTEGER NOT NULL,\n"
                                  "    PRIMARY KEY (table_name, column_name)\n"
                                  ") WITHOUT ROWID;\n"
                                  "CREATE TABLE IF NOT EXISTS main._towline_state (\n"
                                  "    stream TEXT NOT NULL PRIMARY KEY,\n"
                                  "    state TEXT NOT NULL,\n"
                                  "    updated TEXT NOT NULL\n"
                                  ");\n"
                                  "CREATE TABLE IF NOT EXISTS main._towline_runs (\n"
                                  "    run INTEGER NOT NULL,\n"
                                  "    stream TEXT NOT NULL,\n"
                                  "    started TEXT NOT NULL,\n"
                                  "    finished TEXT,\n"
                                  "    status TEXT NOT NULL,\n"
                                  "    error TEXT NOT NULL,\n"
                                  "    rows_read INTEGER NOT NULL,\n"
                                  "    bytes_read INTEGER NOT NULL,\n"
                                  "    inserted INTEGER NOT NULL,\n"
                                  "    updated INTEGER NOT NULL,\n"
                                  "    unchanged INTEGER NOT NULL,\n"
                                  "    deleted INTEGER NOT NULL,\n"
                                  "    schema_changes INTEGER NOT NULL,\n"
                                  "    warnings TEXT NOT NULL DEFAULT '',\n"
                                  "    PRIMARY KEY (run, stream)\n"
                                  ") WITHOUT ROWID;\n";

/* Up to three names of what is in a database that is not ours. */
static enum tl_status list_objects(const struct sql *sql, struct buf *out, struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code, count = 0;

    if (sql_prepare(sql,
                    "SELECT name FROM main.sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' "
                    "ESCAPE '\\' ORDER BY type <> 'table', rowid LIMIT 4",
                    &statement, err) != TL_OK)
        return err->status;
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        char name[64];
        const char *text = sql_text(statement, 0);
        if (count++ < 3)
            buf_printf(out, "%s%s", count > 1 ? ", " : "",
                       text_safe(name, sizeof(name), text, strlen(text)));
        else
            buf_append_string(out, ", ...");
    }
    if (code != SQLITE_DONE)
        (void)sql_fail(sql, err, "read it");
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? TL_OK : err->status;
}

static enum tl_status refuse_foreign(const struct sql *sql, struct tl_error *err)
{
    struct buf names = BUF_INIT(512);

    if (list_objects(sql, &names, err) != TL_OK) {
        buf_free(&names);
        return err->status;
    }
    (void)tl_fail(err, TL_DESTINATION,
                  "%s: belongs to another program%s%s; it was left as it is", sql->path,
                  names.size ? ": it holds " : "", buf_text(&names));
    buf_free(&names);
    return tl_remedy(err,
                     "Name another file in the destination's URL: Towline keeps its tables "
                     "in a database of its own");
}

enum tl_status own_check(const struct sql *sql, bool *marked, struct tl_error *err)
{
    int64_t id, version, objects;

    *marked = false;
    if (sql_number(sql, "PRAGMA main.application_id", NULL, &id, err) != TL_OK ||
        sql_number(sql, "PRAGMA main.user_version", NULL, &version, err) != TL_OK ||
        sql_number(sql, "SELECT count(*) FROM main.sqlite_schema", NULL, &objects, err) !=
            TL_OK)
        return err->status;
    if (id == 0 && objects == 0)
        return TL_OK;
    if (id != APPLICATION_ID)
        return refuse_foreign(sql, err);
    if (version > CATALOG_VERSION) {
        (void)tl_fail(err, TL_DESTINATION,
                      "%s: its catalog is of version %" PRId64
                      ", made by a newer Towline; this "
                      "one knows version %d",
                      sql->path, version, CATALOG_VERSION);
        return tl_remedy(err, "Use the newer Towline for this database");
    }
    *marked = true;
    return TL_OK;
}

/* A catalog of version 1 has no place for warnings. */
static enum tl_status upgrade(const struct sql *sql, struct tl_error *err)
{
    struct buf text = BUF_INIT(256);
    bool present = false;
    enum tl_status status = run_log_has_warnings(sql, &present, err);

    if (status != TL_OK || present)
        return status;
    buf_printf(&text,
               "ALTER TABLE main._towline_runs ADD COLUMN warnings TEXT NOT NULL DEFAULT ''; "
               "PRAGMA main.user_version = %d",
               CATALOG_VERSION);
    status = sql_run_text(sql, &text, "renew its catalog", err);
    buf_free(&text);
    return status;
}

enum tl_status own_make(const struct sql *sql, bool marked, struct tl_error *err)
{
    struct buf marks = BUF_INIT(256);
    enum tl_status status = TL_OK;

    if (!marked) {
        buf_printf(&marks, "PRAGMA main.application_id = %d; PRAGMA main.user_version = %d",
                   APPLICATION_ID, CATALOG_VERSION);
        status = sql_run_text(sql, &marks, "make its catalog", err);
        buf_free(&marks);
    }
    if (status == TL_OK)
        status = sql_run(sql, MAKE_TABLES, "make its catalog", err);
    return status == TL_OK ? upgrade(sql, err) : status;
}

/* What a column has shown, as words: "LONG STRING", with WIDE and DECLARED for the two bits
 * that are no type. */
static void observed_print(type_observed observed, struct buf *out)
{
    for (int type = 0; type < TL_TYPE_COUNT; type++)
        if (observed & OBSERVED(type))
            buf_printf(out, "%s%s", out->size ? " " : "", tl_type_name((enum tl_type)type));
    if (observed & OBSERVED_WIDE)
        buf_printf(out, "%sWIDE", out->size ? " " : "");
    if (observed & OBSERVED_DECLARED)
        buf_printf(out, "%sDECLARED", out->size ? " " : "");
}

static type_observed observed_word(const char *word)
{
    enum tl_type type = tl_type_from_name(word);

    if (type != TL_TYPE_COUNT)
        return OBSERVED(type);
    if (strcmp(word, "WIDE") == 0)
        return OBSERVED_WIDE;
    return strcmp(word, "DECLARED") == 0 ? OBSERVED_DECLARED : 0;
}

static type_observed observed_parse(const char *text)
{
    type_observed observed = 0;

    while (*text != '\0') {
        char word[32];
        size_t length = strcspn(text, " ");
        snprintf(word, sizeof(word), "%.*s", (int)(length < sizeof(word) ? length : 0), text);
        observed |= observed_word(word);
        text += length + (text[length] == ' ');
    }
    return observed;
}

static enum tl_status load_column(sqlite3_stmt *row, struct catalog *catalog,
                                  struct tl_error *err)
{
    const char *name = sql_text(row, 0);
    struct catalog_table *table = catalog_find(catalog, name);
    const char *source_name = sql_text(row, 2);
    struct catalog_column column = {
        .name = (char *)(uintptr_t)sql_text(row, 1),
        .source_name = (char *)(uintptr_t)source_name,
        .source_size = (uint32_t)sqlite3_column_bytes(row, 2),
        .observed = observed_parse(sql_text(row, 3)),
        .key = (uint32_t)sqlite3_column_int(row, 4),
    };

    if (table == NULL)
        table = catalog_add(catalog, name);
    if (table == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the catalog");
    column.type = types_of(column.observed);
    table->exists = true;
    return catalog_add_column(table, &column, err);
}

static enum tl_status load_state(sqlite3_stmt *row, struct destination_contents *out,
                                 struct tl_error *err)
{
    struct stored_state *states = realloc(out->states, (out->n_states + 1) * sizeof(*states));
    struct stored_state state = {0};
    const char *stream = sql_text(row, 0);
    const char *json = sql_text(row, 1);

    if (states != NULL)
        out->states = states;
    state.stream = text_copy(stream, strlen(stream));
    state.json = text_copy(json, strlen(json));
    if (states == NULL || state.stream == NULL || state.json == NULL) {
        free(state.stream);
        free(state.json);
        return tl_fail(err, TL_MEMORY, "out of memory for the saved states");
    }
    out->states[out->n_states++] = state;
    return TL_OK;
}

/* A table or column that a user has dropped is one that is not there, and a table of the same
 * name without our columns is another one. */
static const char SELECT_COLUMNS[] =
    "WITH present(table_name, column_name) AS MATERIALIZED ("
    " SELECT s.name, p.name FROM main.sqlite_schema AS s"
    " JOIN pragma_table_xinfo(s.name, 'main') AS p WHERE s.type = 'table' AND s.rootpage), "
    "made(table_name) AS MATERIALIZED (SELECT table_name FROM present WHERE column_name IN"
    " ('" CATALOG_SYNCED "', '" CATALOG_DELETED "') GROUP BY table_name HAVING count(*) = 2) "
    "SELECT table_name, column_name, source_name, observed, primary_key"
    " FROM main._towline_columns WHERE table_name IN made"
    " AND (type = 'NULL' OR (table_name, column_name) IN present)"
    " ORDER BY table_name, position, column_name";

static enum tl_status load_columns(const struct sql *sql, struct destination_contents *out,
                                   struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum tl_status status = sql_prepare(sql, SELECT_COLUMNS, &statement, err);
    int code = SQLITE_ROW;

    while (status == TL_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = load_column(statement, &out->catalog, err);
    if (status == TL_OK && code != SQLITE_DONE)
        status = sql_fail(sql, err, "read its catalog");
    sqlite3_finalize(statement);
    return status;
}

static enum tl_status load_states(const struct sql *sql, struct destination_contents *out,
                                  struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    enum tl_status status = sql_prepare(
        sql, "SELECT stream, state FROM main._towline_state ORDER BY stream", &statement, err);
    int code = SQLITE_ROW;

    while (status == TL_OK && (code = sqlite3_step(statement)) == SQLITE_ROW)
        status = load_state(statement, out, err);
    if (status == TL_OK && code != SQLITE_DONE)
        status = sql_fail(sql, err, "read its saved states");
    sqlite3_finalize(statement);
    return status;
}

static enum tl_status has_table(const struct sql *sql, const char *name, int64_t *out,
                                struct tl_error *err)
{
    return sql_number(
        sql, "SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND rootpage AND name = ?1",
        name, out, err);
}

static enum tl_status load_all(const struct sql *sql, struct destination_contents *out,
                               struct tl_error *err)
{
    int64_t columns, states, runs, last = 0;

    if (has_table(sql, "_towline_columns", &columns, err) != TL_OK ||
        has_table(sql, "_towline_state", &states, err) != TL_OK ||
        has_table(sql, "_towline_runs", &runs, err) != TL_OK ||
        (columns != 0 && load_columns(sql, out, err) != TL_OK) ||
        (states != 0 && load_states(sql, out, err) != TL_OK) ||
        (runs != 0 && (sql_number(sql, "SELECT max(run) FROM main._towline_runs", NULL, &last,
                                  err) != TL_OK ||
                       run_log_load(sql, out, err) != TL_OK)))
        return err->status;
    out->next_run = last + 1;
    return TL_OK;
}

enum tl_status own_load(const struct sql *sql, struct destination_contents *out,
                        struct tl_error *err)
{
    enum tl_status status;

    /* One view of all three tables, whoever writes meanwhile. */
    if (sql_run(sql, "SAVEPOINT towline_load", "read it", err) != TL_OK)
        return err->status;
    status = load_all(sql, out, err);
    (void)sqlite3_exec(sql->db, "RELEASE towline_load", NULL, NULL, NULL);
    return status;
}

enum tl_status own_forget_table(const struct sql *sql, const char *table, struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;

    if (sql_prepare(sql, "DELETE FROM main._towline_columns WHERE table_name = ?1", &statement,
                    err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, table);
    return sql_finish(sql, statement, "write its catalog", err);
}

enum tl_status own_put_column(const struct sql *sql, const struct catalog_table *table,
                              uint32_t column, struct tl_error *err)
{
    const struct catalog_column *what = &table->columns[column];
    struct buf observed = BUF_INIT(1024);
    sqlite3_stmt *statement = NULL;
    enum tl_status status;

    if (sql_prepare(sql,
                    "REPLACE INTO main._towline_columns VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                    &statement, err) != TL_OK)
        return err->status;
    observed_print(what->observed, &observed);
    (void)sql_bind_text(statement, 1, table->name);
    (void)sql_bind_text(statement, 2, what->name);
    (void)sqlite3_bind_text64(statement, 3, what->source_name, what->source_size, SQLITE_STATIC,
                              SQLITE_UTF8);
    (void)sqlite3_bind_int64(statement, 4, (int64_t)column + 1);
    (void)sql_bind_text(statement, 5, tl_type_name(what->type));
    (void)sql_bind_text(statement, 6, buf_text(&observed));
    (void)sqlite3_bind_int64(statement, 7, what->key);
    status = sql_finish(sql, statement, "write its catalog", err);
    buf_free(&observed);
    return status;
}

enum tl_status own_put_state(const struct sql *sql, const char *stream, const char *state,
                             int64_t now_us, struct tl_error *err)
{
    bool removes = *state == '\0';
    char now[CLOCK_UTC_SIZE];
    sqlite3_stmt *statement = NULL;

    if (sql_prepare(
            sql, removes ? "DELETE FROM main._towline_state WHERE stream = ?1" : OWN_PUT_STATE,
            &statement, err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, stream);
    if (!removes) {
        (void)sql_bind_text(statement, 2, state);
        (void)sql_bind_text(statement, 3, clock_format_utc(now_us, now));
    }
    return sql_finish(sql, statement, "save the state", err);
}

enum tl_status own_put_run(const struct sql *sql, const struct run_record *run,
                           struct tl_error *err)
{
    const uint64_t counts[] = {run->rows_read,     run->bytes_read,      run->tally.inserted,
                               run->tally.updated, run->tally.unchanged, run->tally.deleted,
                               run->schema_changes};
    char started[CLOCK_UTC_SIZE], finished[CLOCK_UTC_SIZE];
    sqlite3_stmt *statement = NULL;

    if (sql_prepare(sql,
                    "REPLACE INTO main._towline_runs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
                    "?9, ?10, ?11, ?12, ?13, ?14)",
                    &statement, err) != TL_OK)
        return err->status;
    (void)sqlite3_bind_int64(statement, 1, run->run);
    (void)sql_bind_text(statement, 2, run->stream);
    (void)sql_bind_text(statement, 3, clock_format_utc(run->started_us, started));
    if (run->finished_us != 0)
        (void)sql_bind_text(statement, 4, clock_format_utc(run->finished_us, finished));
    (void)sql_bind_text(statement, 5, run->status);
    (void)sql_bind_text(statement, 6, run->error);
    for (int i = 0; i < 7; i++)
        (void)sqlite3_bind_int64(statement, 7 + i, (int64_t)counts[i]);
    (void)sql_bind_text(statement, 14, run->warnings ? run->warnings : "");
    return sql_finish(sql, statement, "write the record of the run", err);
}

static enum tl_status forget_runs(const struct sql *sql, const char *stream,
                                  struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;

    if (sql_prepare(sql,
                    "DELETE FROM main._towline_runs WHERE stream = ?1 "
                    "OR substr(stream, 1, length(?1) + 1) = ?1 || '@'",
                    &statement, err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, stream);
    return sql_finish(sql, statement, "forget the runs", err);
}

enum tl_status own_forget_stream(const struct sql *sql, const char *stream,
                                 struct tl_error *err)
{
    if (own_forget_table(sql, stream, err) != TL_OK ||
        own_put_state(sql, stream, "", 0, err) != TL_OK)
        return err->status;
    return forget_runs(sql, stream, err);
}

enum tl_status own_drop_empty(const struct sql *sql, struct tl_error *err)
{
    int64_t kept = 0;

    if (sql_number(sql,
                   "SELECT (SELECT count(*) FROM main._towline_columns)"
                   " + (SELECT count(*) FROM main._towline_state)"
                   " + (SELECT count(*) FROM main._towline_runs)",
                   NULL, &kept, err) != TL_OK ||
        kept > 0)
        return err->status;
    return sql_run(sql,
                   "DROP TABLE main._towline_columns;"
                   "DROP TABLE main._towline_state;"
                   "DROP TABLE main._towline_runs;",
                   "remove its catalog", err);
}
