/* Making and migrating tables.
 *
 * SQLite cannot change a column's type, so a table whose columns widen is made anew beside the
 * old one, filled, and put in its place: https://www.sqlite.org/lang_altertable.html section 7.
 * All widenings of one call share that. */
#include "destinations/sqlite/alter.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "destinations/sqlite/definition.h"
#include "destinations/sqlite/own.h"

#define REBUILT_NAME "_towline_rebuilt"

/* towline_refit(stored, before, after): the value as the widened column holds it. */
static void refit(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct buf scratch = BUF_INIT(SQL_VALUE_MAX);
    struct tl_value stored = sql_value(arguments[0]);
    struct tl_value value =
        types_refit(&stored, (type_observed)sqlite3_value_int64(arguments[1]),
                    (type_observed)sqlite3_value_int64(arguments[2]), &scratch);

    (void)count;
    if (scratch.failed)
        sqlite3_result_error_nomem(context);
    else
        sql_result_value(context, &value, SQLITE_TRANSIENT);
    buf_free(&scratch);
}

enum tl_status alter_attach(const struct sql *sql, struct tl_error *err)
{
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;

    if (sqlite3_create_function_v2(sql->db, "towline_refit", 3, flags, NULL, refit, NULL, NULL,
                                   NULL) != SQLITE_OK)
        return sql_fail(sql, err, "set up its connection");
    return TL_OK;
}

/* Names that stand for something else in a destination, or that SQLite does not take. */
static enum tl_status check_name(const struct sql *sql, const char *table, struct tl_error *err)
{
    char shown[128];

    text_safe(shown, sizeof(shown), table, strlen(table));
    if (*table == '\0')
        (void)tl_fail(err, TL_CONFIGURATION, "%s: a table without a name", sql->path);
    else if (sqlite3_strnicmp(table, "sqlite_", 7) == 0)
        (void)tl_fail(err, TL_CONFIGURATION,
                      "%s: table %s: SQLite keeps names that begin with sqlite_ for itself",
                      sql->path, shown);
    else if (sqlite3_strnicmp(table, "_towline_", 9) == 0)
        (void)tl_fail(err, TL_CONFIGURATION,
                      "%s: table %s: names that begin with _towline_ are Towline's own",
                      sql->path, shown);
    else
        return TL_OK;
    return tl_remedy(err, "Give the stream another table");
}

static enum tl_status check_columns(const struct sql *sql, const struct catalog_table *table,
                                    struct tl_error *err)
{
    uint32_t most = (uint32_t)sqlite3_limit(sql->db, SQLITE_LIMIT_COLUMN, -1);
    uint32_t count = 2; /* _towline_synced, _towline_deleted */

    for (uint32_t i = 0; i < table->n_columns; i++)
        count += table->columns[i].type != TL_TYPE_NULL;
    if (table->n_key == 0)
        return tl_fail(err, TL_INTERNAL, "%s: table %s has no primary key", sql->path,
                       table->name);
    if (count <= most && table->n_columns <= most)
        return TL_OK;
    (void)tl_fail(err, TL_DESTINATION,
                  "%s: table %s would have %u columns with Towline's own, SQLite holds at most "
                  "%u",
                  sql->path, table->name, count, most);
    return tl_remedy(err,
                     "Let the command print fewer members per row, or nest them: an object "
                     "is one column");
}

/* What has the table's name already, if anything: "table", "view" or "index". */
static enum tl_status check_free(const struct sql *sql, const struct catalog_table *table,
                                 struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    char kind[16] = "", name[128] = "";

    if (sql_prepare(sql,
                    "SELECT type, name FROM main.sqlite_schema WHERE name = ?1 COLLATE NOCASE "
                    "AND type IN ('table', 'view', 'index')",
                    &statement, err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, table->name);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *found = sql_text(statement, 1);
        text_safe(kind, sizeof(kind), sql_text(statement, 0), strlen(sql_text(statement, 0)));
        text_safe(name, sizeof(name), found, strlen(found));
    }
    sqlite3_finalize(statement);
    if (kind[0] == '\0')
        return TL_OK;
    if (strcmp(name, table->name) == 0)
        (void)tl_fail(err, TL_DESTINATION,
                      "%s: %s %s is there already and was not made for "
                      "this stream by Towline; it was left as it is",
                      sql->path, kind, name);
    else
        (void)tl_fail(err, TL_DESTINATION, "%s: table %s and %s %s have one name for SQLite",
                      sql->path, table->name, kind, name);
    return tl_remedy(err, "Rename the %s or give the stream another table", kind);
}

static enum tl_status create_table(const struct sql *sql, const struct catalog_table *table,
                                   struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status;

    if (check_free(sql, table, err) != TL_OK ||
        own_forget_table(sql, table->name, err) != TL_OK)
        return err->status;
    definition_append_table(&text, table);
    status = sql_run_text(sql, &text, "make a table", err);
    buf_free(&text);
    for (uint32_t i = 0; i < table->n_columns && status == TL_OK; i++)
        status = own_put_column(sql, table, i, err);
    return status;
}

/* A column that a user added to the table under the name that a new one gets. */
static enum tl_status check_column_free(const struct sql *sql, const char *table,
                                        const char *column, struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    char name[128] = "";

    if (sql_prepare(sql,
                    "SELECT name FROM pragma_table_xinfo(?1, 'main') WHERE name = ?2 COLLATE "
                    "NOCASE",
                    &statement, err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, table);
    (void)sql_bind_text(statement, 2, column);
    if (sqlite3_step(statement) == SQLITE_ROW) {
        const char *found = sql_text(statement, 0);
        text_safe(name, sizeof(name), found, strlen(found));
    }
    sqlite3_finalize(statement);
    if (name[0] == '\0')
        return TL_OK;
    (void)tl_fail(err, TL_DESTINATION,
                  "%s: column %s is there already and was not made by Towline; it was left as "
                  "it is",
                  sql->path, name);
    return tl_remedy(err, "Rename or drop that column, or let the command print its key under "
                          "another name");
}

static enum tl_status add_column(const struct sql *sql, const struct catalog_table *table,
                                 uint32_t column, struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status = TL_OK;

    if (table->columns[column].type != TL_TYPE_NULL) {
        if (check_column_free(sql, table->name, table->columns[column].name, err) != TL_OK)
            return err->status;
        buf_append_string(&text, "ALTER TABLE main.");
        text_append_identifier(&text, table->name);
        buf_append_string(&text, " ADD COLUMN ");
        definition_append_column(&text, table, column);
        status = sql_run_text(sql, &text, "add a column", err);
        buf_free(&text);
    }
    return status == TL_OK ? own_put_column(sql, table, column, err) : status;
}

/* Whether values that are stored, or the column's definition, change with this widening. Texts
 * stay as they are but for JSON, where some become JSON strings. */
static bool needs_rebuild(const struct catalog_column *column, type_observed before)
{
    enum tl_type old = types_of(before);
    struct buf scratch = BUF_INIT(64);
    struct tl_value number = tl_text(TL_TYPE_STRING, "0", 1);
    struct tl_value after;
    bool changes;

    if (strcmp(definition_type(old), definition_type(column->type)) != 0)
        return true;
    if (column->type != TL_TYPE_JSON)
        return false;
    after = types_refit(&number, before, column->observed, &scratch);
    changes = after.size != 1 || after.as.text[0] != '0';
    buf_free(&scratch);
    return changes;
}

/* A table that is made anew. */
struct rebuild {
    const struct sql *sql;
    const struct catalog_table *table;
    bool *changed;         /* per column */
    type_observed *before; /* per column */
};

/* The user's indexes and triggers of the table, as statements. */
static enum tl_status rebuild_list_dependents(const struct rebuild *rebuild, struct buf *out,
                                              struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code;

    if (sql_prepare(rebuild->sql,
                    "SELECT sql FROM main.sqlite_schema WHERE tbl_name = ?1 AND type IN "
                    "('index', 'trigger') AND sql IS NOT NULL ORDER BY rowid",
                    &statement, err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, rebuild->table->name);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        buf_append_string(out, sql_text(statement, 0));
        buf_append_string(out, "\n;\n");
    }
    if (code != SQLITE_DONE)
        (void)sql_fail(rebuild->sql, err, "read it");
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? TL_OK : err->status;
}

static enum tl_status rebuild_create(const struct rebuild *rebuild, struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    sqlite3_stmt *statement = NULL;
    bool understood = false;
    enum tl_status status;

    if (sql_prepare(rebuild->sql,
                    "SELECT sql FROM main.sqlite_schema WHERE type = 'table' AND name = ?1",
                    &statement, err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, rebuild->table->name);
    if (sqlite3_step(statement) == SQLITE_ROW)
        understood = definition_append_changed(&text, sql_text(statement, 0), REBUILT_NAME,
                                               rebuild->table, rebuild->changed);
    sqlite3_finalize(statement);
    if (understood)
        status = sql_run_text(rebuild->sql, &text, "widen a column", err);
    else
        status = tl_fail(err, TL_DESTINATION,
                         "%s: cannot widen a column: the definition of "
                         "table %s is not understood",
                         rebuild->sql->path, rebuild->table->name);
    buf_free(&text);
    return status;
}

/* A column as it is to be copied: as it is, or converted. */
static void rebuild_append_value(const struct rebuild *rebuild, struct buf *out,
                                 const char *name)
{
    for (uint32_t i = 0; i < rebuild->table->n_columns; i++)
        if (rebuild->changed[i] && strcmp(rebuild->table->columns[i].name, name) == 0) {
            buf_append_string(out, "towline_refit(");
            text_append_identifier(out, name);
            buf_printf(out, ", %" PRIu32 ", %" PRIu32 ")", rebuild->before[i],
                       rebuild->table->columns[i].observed);
            return;
        }
    text_append_identifier(out, name);
}

static enum tl_status rebuild_copy_text(const struct rebuild *rebuild, struct buf *names,
                                        struct buf *values, struct tl_error *err)
{
    bool rowid = !definition_key_is_rowid(rebuild->table);
    sqlite3_stmt *statement = NULL;
    int code;

    buf_append_string(names, rowid ? "_rowid_" : "");
    buf_append_string(values, rowid ? "_rowid_" : "");
    if (sql_prepare(rebuild->sql, "SELECT name FROM pragma_table_info(?1, 'main')", &statement,
                    err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, rebuild->table->name);
    while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
        const char *comma = names->size ? ", " : "";
        buf_append_string(names, comma);
        buf_append_string(values, comma);
        text_append_identifier(names, sql_text(statement, 0));
        rebuild_append_value(rebuild, values, sql_text(statement, 0));
    }
    if (code != SQLITE_DONE)
        (void)sql_fail(rebuild->sql, err, "read it");
    sqlite3_finalize(statement);
    return code == SQLITE_DONE ? TL_OK : err->status;
}

static enum tl_status rebuild_copy(const struct rebuild *rebuild, struct tl_error *err)
{
    struct buf names = BUF_INIT(SQL_TEXT_MAX);
    struct buf values = BUF_INIT(SQL_TEXT_MAX);
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status = rebuild_copy_text(rebuild, &names, &values, err);

    if (status == TL_OK) {
        buf_printf(&text, "INSERT INTO main." REBUILT_NAME " (%s) SELECT %s FROM main.",
                   buf_text(&names), buf_text(&values));
        text_append_identifier(&text, rebuild->table->name);
        buf_append_string(&text, " NOT INDEXED");
        status = sql_run_text(rebuild->sql, &text, "widen a column", err);
    }
    buf_free(&names);
    buf_free(&values);
    buf_free(&text);
    return status;
}

static enum tl_status rebuild_replace(const struct rebuild *rebuild, struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    struct buf dependents = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status = rebuild_list_dependents(rebuild, &dependents, err);

    if (status == TL_OK)
        status = alter_drop(rebuild->sql, rebuild->table->name, err);
    if (status == TL_OK) {
        buf_append_string(&text, "ALTER TABLE main." REBUILT_NAME " RENAME TO ");
        text_append_identifier(&text, rebuild->table->name);
        status = sql_run_text(rebuild->sql, &text, "widen a column", err);
    }
    if (status == TL_OK && dependents.size > 0)
        status = sql_run_text(rebuild->sql, &dependents,
                              "make the indexes and triggers of a widened table again", err);
    buf_free(&text);
    buf_free(&dependents);
    return status;
}

static enum tl_status rebuild_run(const struct rebuild *rebuild, struct tl_error *err)
{
    if (rebuild_create(rebuild, err) != TL_OK || rebuild_copy(rebuild, err) != TL_OK)
        return err->status;
    return rebuild_replace(rebuild, err);
}

/* All widenings: columns that get their first type are added, the others share one rebuild. */
static enum tl_status widen(struct rebuild *rebuild, const struct catalog_change *changes,
                            size_t n_changes, struct tl_error *err)
{
    bool any = false;

    for (size_t i = 0; i < n_changes; i++) {
        const struct catalog_change *change = &changes[i];
        const struct catalog_column *column = &rebuild->table->columns[change->column];
        bool is_new = types_of(change->previous) == TL_TYPE_NULL;
        enum tl_status status = TL_OK;

        if (change->kind != CATALOG_WIDEN)
            continue;
        if (is_new)
            status = add_column(rebuild->sql, rebuild->table, change->column, err);
        else
            status = own_put_column(rebuild->sql, rebuild->table, change->column, err);
        if (status != TL_OK)
            return status;
        if (!is_new && needs_rebuild(column, change->previous)) {
            rebuild->changed[change->column] = any = true;
            rebuild->before[change->column] = change->previous;
        }
    }
    return any ? rebuild_run(rebuild, err) : TL_OK;
}

enum tl_status alter_table(const struct sql *sql, const struct catalog_table *table,
                           const struct catalog_change *changes, size_t n_changes,
                           struct tl_error *err)
{
    struct rebuild rebuild = {.sql = sql, .table = table};
    enum tl_status status;

    if (check_name(sql, table->name, err) != TL_OK || check_columns(sql, table, err) != TL_OK)
        return err->status;
    if (n_changes > 0 && changes[0].kind == CATALOG_CREATE_TABLE)
        return create_table(sql, table, err);
    rebuild.changed = calloc(table->n_columns, sizeof(*rebuild.changed));
    rebuild.before = calloc(table->n_columns, sizeof(*rebuild.before));
    if (rebuild.changed == NULL || rebuild.before == NULL)
        status = tl_fail(err, TL_MEMORY, "out of memory for table %s", table->name);
    else
        status = TL_OK;
    for (size_t i = 0; i < n_changes && status == TL_OK; i++)
        if (changes[i].kind == CATALOG_ADD_COLUMN)
            status = add_column(sql, table, changes[i].column, err);
    if (status == TL_OK)
        status = widen(&rebuild, changes, n_changes, err);
    free(rebuild.changed);
    free(rebuild.before);
    return status == TL_OK ? TL_OK : tl_context(err, "table %s", table->name);
}

enum tl_status alter_drop(const struct sql *sql, const char *table, struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status;

    buf_append_string(&text, "DROP TABLE IF EXISTS main.");
    text_append_identifier(&text, table);
    status = sql_run_text(sql, &text, "drop a table", err);
    buf_free(&text);
    return status;
}
