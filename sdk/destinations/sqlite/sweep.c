/* The sweep: deleting what a complete output no longer held. */
#include "destinations/sqlite/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* A table that is going to be swept. */
struct swept {
    struct swept *next;
    char *table;
    struct rowset *rows; /* that were upserted */
};

/* towline_unseen(row), asked for in ascending order. */
static void unseen(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct sweep *sweep = sqlite3_user_data(context);
    bool seen = rowset_has(sweep->asked, sqlite3_value_int64(arguments[0]), &sweep->failed);

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

static void swept_free(struct swept *swept)
{
    rowset_free(swept->rows);
    free(swept->table);
    free(swept);
}

/* Where the table is in the list, or the list's end. */
static struct swept **find(struct sweep *sweep, const char *table)
{
    struct swept **at = &sweep->tables;

    while (*at != NULL && strcmp((*at)->table, table) != 0)
        at = &(*at)->next;
    return at;
}

static void forget_table(struct sweep *sweep, const char *table)
{
    struct swept **at = find(sweep, table), *swept = *at;

    if (swept == NULL)
        return;
    *at = swept->next;
    swept_free(swept);
}

enum tl_status sweep_begin(struct sweep *sweep, const char *table, struct tl_error *err)
{
    struct swept *swept = calloc(1, sizeof(*swept));

    forget_table(sweep, table);
    if (swept != NULL) {
        /* Of several tables at a time each has a small part of the memory. */
        swept->rows = rowset_new(sweep->tables == NULL ? ROWSET_LARGE : ROWSET_SMALL);
        swept->table = text_copy(table, strlen(table));
    }
    if (swept == NULL || swept->rows == NULL || swept->table == NULL) {
        if (swept != NULL)
            swept_free(swept);
        return tl_fail(err, TL_MEMORY, "out of memory for the rows seen of table %s", table);
    }
    swept->next = sweep->tables;
    sweep->tables = swept;
    return TL_OK;
}

struct rowset *sweep_rows(const struct sweep *sweep, const char *table)
{
    const struct swept *swept = sweep->tables;

    while (swept != NULL && strcmp(swept->table, table) != 0)
        swept = swept->next;
    return swept != NULL ? swept->rows : NULL;
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

    sweep->asked = sweep_rows(sweep, table->name);
    if (sweep->asked == NULL || deletes == TL_DELETES_IGNORE)
        return TL_OK;
    status = rowset_seal(sweep->asked, err);
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
    sweep->asked = NULL;
    forget_table(sweep, table->name);
    return status;
}

void sweep_forget(struct sweep *sweep)
{
    while (sweep->tables != NULL)
        forget_table(sweep, sweep->tables->table);
    sweep->failed = false;
}
