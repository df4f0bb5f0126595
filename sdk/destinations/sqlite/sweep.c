/* The sweep: deleting what a complete output no longer held. */
#include "destinations/sqlite/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* towline_unseen(row), asked for in ascending order. */
static void unseen(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct sweep *sweep = sqlite3_user_data(context);
    bool seen = rowset_has(sweep->rows, sqlite3_value_int64(arguments[0]), &sweep->failed);

    (void)count;
    if (sweep->failed)
        sqlite3_result_error(context, "the set of rows seen cannot be read back", -1);
    else
        sqlite3_result_int(context, !seen);
}

enum tl_status sweep_attach(struct sweep *sweep, const struct sql *sql, struct tl_error *err)
{
    if (sqlite3_create_function_v2(sql->db, "towline_unseen", 1,
                                   SQLITE_UTF8 | SQLITE_DIRECTONLY, sweep, unseen, NULL, NULL,
                                   NULL) != SQLITE_OK)
        return sql_fail(sql, err, "set up its connection");
    return TL_OK;
}

enum tl_status sweep_begin(struct sweep *sweep, const char *table, struct tl_error *err)
{
    sweep_forget(sweep);
    sweep->rows = rowset_new();
    sweep->table = text_copy(table, strlen(table));
    if (sweep->rows != NULL && sweep->table != NULL)
        return TL_OK;
    sweep_forget(sweep);
    return tl_fail(err, TL_MEMORY, "out of memory for the rows seen of table %s", table);
}

/* The scope's rows by their numbers: the primary key's index finds them, and an IN is walked
 * in ascending order. */
static void append_scope(struct buf *text, const struct catalog_table *table,
                         const struct destination_scope *scope)
{
    if (scope == NULL)
        return;
    buf_append_string(text, "_rowid_ IN (SELECT _rowid_ FROM main.");
    text_append_identifier(text, table->name);
    buf_append_string(text, " WHERE ");
    text_append_identifier(text, table->columns[scope->column].name);
    buf_append_string(text, " = ?2) AND ");
}

/* NOT INDEXED: the table is read in the order of its row numbers. */
static enum tl_status prepare(const struct sql *sql, const struct catalog_table *table,
                              const struct destination_scope *scope, enum tl_deletes deletes,
                              sqlite3_stmt **out, struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status;

    buf_append_string(&text, deletes == TL_DELETES_HARD ? "DELETE FROM main." : "UPDATE main.");
    text_append_identifier(&text, table->name);
    buf_append_string(&text, " NOT INDEXED ");
    if (deletes == TL_DELETES_SOFT)
        buf_append_string(&text, "SET " CATALOG_SYNCED " = ?1, " CATALOG_DELETED " = 1 ");
    buf_append_string(&text, "WHERE ");
    append_scope(&text, table, scope);
    if (deletes == TL_DELETES_SOFT)
        buf_append_string(&text, "NOT " CATALOG_DELETED " AND ");
    buf_append_string(&text, "towline_unseen(_rowid_)");
    status = buf_check(&text, "an SQL statement", err);
    if (status == TL_OK)
        status = sql_prepare(sql, buf_text(&text), out, err);
    buf_free(&text);
    return status;
}

enum tl_status sweep_end(struct sweep *sweep, const struct sql *sql,
                         const struct catalog_table *table,
                         const struct destination_scope *scope, enum tl_deletes deletes,
                         int64_t synced_us, struct tally *tally, struct tl_error *err)
{
    char synced[CLOCK_UTC_SIZE];
    sqlite3_stmt *statement = NULL;
    enum tl_status status;

    if (sweep->rows == NULL || strcmp(sweep->table, table->name) != 0 ||
        deletes == TL_DELETES_IGNORE)
        return TL_OK;
    status = rowset_seal(sweep->rows, err);
    if (status == TL_OK)
        status = prepare(sql, table, scope, deletes, &statement, err);
    if (status == TL_OK && deletes == TL_DELETES_SOFT)
        (void)sql_bind_text(statement, 1, clock_format_utc(synced_us, synced));
    if (status == TL_OK && scope != NULL)
        (void)sql_bind_text(statement, 2, scope->value);
    if (status == TL_OK)
        status = sql_finish(sql, statement, "delete the rows that have vanished", err);
    if (status == TL_OK)
        tally->deleted += (uint64_t)sqlite3_changes64(sql->db);
    sweep_forget(sweep);
    return status;
}

void sweep_forget(struct sweep *sweep)
{
    rowset_free(sweep->rows);
    free(sweep->table);
    *sweep = (struct sweep){0};
}
