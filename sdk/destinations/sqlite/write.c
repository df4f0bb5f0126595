/* The operations on rows. */
#include "destinations/sqlite/write.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"

/* towline_met(row, differs): counts a row found by its key, and is whether it differs. As one
 * function of both, it cannot be left out or called twice by whoever plans the query. */
static void met(sqlite3_context *context, int count, sqlite3_value **arguments)
{
    struct write *write = sqlite3_user_data(context);

    (void)count;
    write->met++;
    if (write->seen != NULL)
        rowset_add(write->seen, sqlite3_value_int64(arguments[0]));
    sqlite3_result_int(context, sqlite3_value_int(arguments[1]));
}

/* New rows have no number before they are written: SQLite tells it afterwards. */
static void note_inserted(void *context, int operation, const char *database, const char *table,
                          sqlite3_int64 row)
{
    struct write *write = context;

    if (operation == SQLITE_INSERT && strcmp(table, write->seen_table) == 0 &&
        strcmp(database, "main") == 0)
        rowset_add(write->seen, row);
}

enum tl_status write_attach(struct write *write, const struct sql *sql, struct tl_error *err)
{
    write->sql = sql;
    if (sqlite3_create_function_v2(sql->db, "towline_met", 2, SQLITE_UTF8 | SQLITE_DIRECTONLY,
                                   write, met, NULL, NULL, NULL) != SQLITE_OK)
        return sql_fail(sql, err, "set up its connection");
    return batch_attach(sql, &write->view, err);
}

void write_forget(struct write *write)
{
    sqlite3_finalize(write->upsert);
    free(write->upsert_table);
    unchanged_forget(&write->unchanged);
    write->upsert = NULL;
    write->upsert_table = NULL;
}

static bool is_made(const struct catalog_column *column)
{
    return column->type != TL_TYPE_NULL;
}

/* The columns that are not part of the key, each as prefix + name, in parentheses: a row value.
 */
static void append_values(struct buf *out, const struct catalog_table *table,
                          const char *prefix)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].key != 0 || !is_made(&table->columns[i]))
            continue;
        buf_printf(out, "%s%s", count++ ? ", " : "(", prefix);
        text_append_identifier(out, table->columns[i].name);
    }
    buf_append_string(out, ")");
}

/* Parameters of statements about one row: ?1 is the time, ?(i + 2) the column i. */
static int parameter_of(uint32_t column)
{
    return (int)column + 2;
}

static void append_insert(struct buf *out, const struct catalog_table *table, bool by_hand)
{
    buf_append_string(out, "INSERT INTO main.");
    text_append_identifier(out, table->name);
    buf_append_string(out, " AS old (");
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (is_made(&table->columns[i])) {
            text_append_identifier(out, table->columns[i].name);
            buf_append_string(out, ", ");
        }
    buf_append_string(out, CATALOG_SYNCED ", " CATALOG_DELETED ")\nSELECT ");
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (is_made(&table->columns[i]) && by_hand)
            buf_printf(out, "?%d, ", parameter_of(i));
        else if (is_made(&table->columns[i]))
            buf_printf(out, "c%" PRIu32 ", ", i);
    buf_append_string(out, by_hand ? "?1, 0" : "?1, 0 FROM " BATCH_TABLE);
    buf_append_string(out, " WHERE true\nON CONFLICT (");
    for (uint32_t i = 0, n = 0; i < table->n_columns; i++)
        if (table->columns[i].key != 0) {
            buf_append_string(out, n++ ? ", " : "");
            text_append_identifier(out, table->columns[i].name);
        }
}

/* An unchanged row is not written. */
static void append_on_conflict(struct buf *out, const struct catalog_table *table, bool by_hand)
{
    uint32_t values = 0;

    buf_append_string(out, ")\nDO UPDATE SET ");
    for (uint32_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].key != 0 || !is_made(&table->columns[i]))
            continue;
        text_append_identifier(out, table->columns[i].name);
        buf_append_string(out, " = excluded.");
        text_append_identifier(out, table->columns[i].name);
        buf_append_string(out, ", ");
        values++;
    }
    buf_append_string(out, CATALOG_SYNCED " = ?1, " CATALOG_DELETED " = 0\nWHERE ");
    buf_append_string(out, by_hand ? "" : "towline_met(old._rowid_, ");
    buf_append_string(out, "old." CATALOG_DELETED);
    if (values > 0) {
        buf_append_string(out, " OR ");
        append_values(out, table, "old.");
        buf_append_string(out, " IS NOT ");
        append_values(out, table, "excluded.");
    }
    buf_append_string(out, by_hand ? "" : ")");
}

void write_append_upsert(struct buf *out, const struct catalog_table *table, bool by_hand)
{
    append_insert(out, table, by_hand);
    append_on_conflict(out, table, by_hand);
}

static enum tl_status prepare_text(struct write *write, struct buf *text, sqlite3_stmt **out,
                                   struct tl_error *err)
{
    enum tl_status status = buf_check(text, "an SQL statement", err);

    if (status == TL_OK)
        status = sql_prepare(write->sql, buf_text(text), out, err);
    buf_free(text);
    return status;
}

static enum tl_status prepare_upsert(struct write *write, const struct catalog_table *table,
                                     struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);

    if (write->upsert != NULL && strcmp(write->upsert_table, table->name) == 0)
        return TL_OK;
    sqlite3_finalize(write->upsert);
    free(write->upsert_table);
    write->upsert = NULL;
    write->upsert_table = text_copy(table->name, strlen(table->name));
    if (write->upsert_table == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for table %s", table->name);
    write_append_upsert(&text, table, false);
    return prepare_text(write, &text, &write->upsert, err);
}

/* Runs a statement to its end and readies it for the next time; *changes is how many rows it
 * changed itself, not counting what triggers do. */
static enum tl_status run(struct write *write, sqlite3_stmt *statement, const char *table,
                          uint64_t *changes, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    write->met = 0;
    write->view.error = (struct tl_error){0};
    if (sqlite3_step(statement) == SQLITE_DONE) {
        *changes = (uint64_t)sqlite3_changes64(write->sql->db);
    } else if (write->view.error.status != TL_OK) {
        *err = write->view.error;
        status = err->status;
    } else {
        status = sql_fail(write->sql, err, "write to table %s", table);
    }
    (void)sqlite3_reset(statement);
    return status;
}

/* Says which row it was that SQLite refused, if that is known: sorted runs do not tell. */
static void name_refused_row(const struct write *write, const struct batch *batch,
                             struct tl_error *err)
{
    int code = sqlite3_errcode(write->sql->db) & 0xff;
    const struct batch_row *at = write->view.at;
    uint64_t first = at != NULL ? batch->parts[at->part].block->first_row : 0;

    if (first > 0 && (code == SQLITE_CONSTRAINT || code == SQLITE_TOOBIG))
        tl_context(err, "row %" PRIu64, first + at->row);
}

/* Writes rows of which nothing is known. */
static enum tl_status upsert_rows(struct write *write, const struct batch *batch,
                                  struct tally *tally, struct tl_error *err)
{
    char synced[CLOCK_UTC_SIZE];
    uint64_t changes = 0, inserted;
    enum tl_status status;

    if (prepare_upsert(write, batch->table, err) != TL_OK)
        return err->status;
    if (write->seen != NULL)
        (void)sqlite3_update_hook(write->sql->db, note_inserted, write);
    (void)sql_bind_text(write->upsert, 1, clock_format_utc(batch->synced_us, synced));
    write->view.batch = batch;
    write->view.at = NULL;
    status = run(write, write->upsert, batch->table->name, &changes, err);
    if (status != TL_OK)
        name_refused_row(write, batch, err);
    write->view.batch = NULL;
    (void)sqlite3_clear_bindings(write->upsert);
    (void)sqlite3_update_hook(write->sql->db, NULL, NULL);
    if (status != TL_OK)
        return status;
    /* A trigger of the user's may have ignored rows: they count as unchanged. */
    inserted = batch->n_rows - write->met;
    inserted = inserted < changes ? inserted : changes;
    tally->inserted += inserted;
    tally->updated += changes - inserted;
    tally->unchanged += batch->n_rows - changes;
    return TL_OK;
}

enum tl_status write_upsert(struct write *write, const struct batch *batch, struct tally *tally,
                            struct tl_error *err)
{
    struct batch rest;

    if (unchanged_leave_out(&write->unchanged, write->sql, batch, write->seen, &rest, err) !=
        TL_OK)
        return err->status;
    tally->unchanged += batch->n_rows - rest.n_rows;
    return rest.n_rows > 0 ? upsert_rows(write, &rest, tally, err) : TL_OK;
}

static void append_key_is(struct buf *out, const struct catalog_table *table)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].key != 0) {
            buf_append_string(out, count++ ? " AND " : " WHERE ");
            text_append_identifier(out, table->columns[i].name);
            buf_printf(out, " = ?%d", parameter_of(i));
        }
}

/* Binds a row's key and the columns marked in `named` (NULL: none). The scratches keep the
 * values that had to be converted. */
static enum tl_status bind_row(sqlite3_stmt *statement, const struct batch *batch,
                               const struct batch_row *at, const bool *named,
                               struct buf *scratch, struct tl_error *err)
{
    for (uint32_t i = 0; i < batch->table->n_columns; i++) {
        struct tl_value value;
        if (batch->table->columns[i].key == 0 && (named == NULL || !named[i]))
            continue;
        if (batch_fit(batch, at, i, &scratch[i], &value, err) != TL_OK)
            return err->status;
        (void)sql_bind_value(statement, parameter_of(i), &value);
    }
    return TL_OK;
}

static struct buf *new_scratches(uint32_t count, struct tl_error *err)
{
    struct buf *scratch = calloc(count, sizeof(*scratch));

    for (uint32_t i = 0; scratch != NULL && i < count; i++)
        scratch[i] = BUF_INIT(SQL_VALUE_MAX);
    if (scratch == NULL)
        (void)tl_fail(err, TL_MEMORY, "out of memory for a row");
    return scratch;
}

static void free_scratches(struct buf *scratch, uint32_t count)
{
    for (uint32_t i = 0; scratch != NULL && i < count; i++)
        buf_free(&scratch[i]);
    free(scratch);
}

/* The statement that changes the columns marked in `named`. */
static enum tl_status prepare_update(struct write *write, const struct catalog_table *table,
                                     const bool *named, sqlite3_stmt **out,
                                     struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    struct buf differs = BUF_INIT(SQL_TEXT_MAX);

    buf_append_string(&text, "UPDATE main.");
    text_append_identifier(&text, table->name);
    buf_append_string(&text, " SET " CATALOG_SYNCED " = ?1");
    for (uint32_t i = 0; i < table->n_columns; i++) {
        if (!named[i])
            continue;
        buf_append_string(&text, ", ");
        text_append_identifier(&text, table->columns[i].name);
        buf_printf(&text, " = ?%d", parameter_of(i));
        buf_append_string(&differs, differs.size ? ", " : "");
        text_append_identifier(&differs, table->columns[i].name);
    }
    append_key_is(&text, table);
    buf_printf(&text, " AND towline_met(_rowid_, (%s) IS NOT (", buf_text(&differs));
    for (uint32_t i = 0, n = 0; i < table->n_columns; i++)
        if (named[i])
            buf_printf(&text, "%s?%d", n++ ? ", " : "", parameter_of(i));
    buf_append_string(&text, "))");
    text.failed |= differs.failed;
    buf_free(&differs);
    return prepare_text(write, &text, out, err);
}

/* Marks the columns beside the key that the row names; returns whether `named` has changed. */
static bool mark_named(const struct batch *batch, const struct batch_row *at, bool *named,
                       bool *any)
{
    bool changed = false;

    *any = false;
    for (uint32_t i = 0; i < batch->table->n_columns; i++) {
        const struct catalog_column *column = &batch->table->columns[i];
        bool is = column->key == 0 && is_made(column) &&
                  batch_cell(batch, at, i)->type != TL_TYPE_ABSENT;
        changed |= named[i] != is;
        named[i] = is;
        *any |= is;
    }
    return changed;
}

/* What updating rows one by one keeps between them. */
struct update {
    bool *named; /* per column: the row sets it */
    struct buf *scratch;
    sqlite3_stmt *statement; /* for rows that name these columns */
};

static enum tl_status update_row(struct write *write, const struct batch *batch,
                                 const struct batch_row *at, struct update *update,
                                 struct tally *tally, struct tl_error *err)
{
    char synced[CLOCK_UTC_SIZE];
    uint64_t changes = 0;
    bool any;
    bool changed = mark_named(batch, at, update->named, &any);

    if (!any)
        return TL_OK;
    if (changed || update->statement == NULL) {
        sqlite3_finalize(update->statement);
        update->statement = NULL;
        if (prepare_update(write, batch->table, update->named, &update->statement, err) !=
            TL_OK)
            return err->status;
    }
    (void)sql_bind_text(update->statement, 1, clock_format_utc(batch->synced_us, synced));
    if (bind_row(update->statement, batch, at, update->named, update->scratch, err) != TL_OK ||
        run(write, update->statement, batch->table->name, &changes, err) != TL_OK)
        return err->status;
    tally->updated += changes;
    tally->unchanged += write->met > changes ? write->met - changes : 0;
    return TL_OK;
}

enum tl_status write_update(struct write *write, const struct batch *batch, struct tally *tally,
                            struct tl_error *err)
{
    uint32_t n_columns = batch->table->n_columns;
    struct update update = {.named = calloc(n_columns, sizeof(bool)),
                            .scratch = new_scratches(n_columns, err)};
    enum tl_status status = TL_OK;

    if (update.named == NULL || update.scratch == NULL)
        status = tl_fail(err, TL_MEMORY, "out of memory for a row");
    for (size_t i = 0; i < batch->n_rows && status == TL_OK; i++)
        status = update_row(write, batch, &batch->rows[i], &update, tally, err);
    sqlite3_finalize(update.statement);
    free_scratches(update.scratch, n_columns);
    free(update.named);
    return status;
}

static enum tl_status prepare_delete(struct write *write, const struct catalog_table *table,
                                     sqlite3_stmt **out, struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);

    buf_append_string(&text, "UPDATE main.");
    text_append_identifier(&text, table->name);
    buf_append_string(&text, " SET " CATALOG_SYNCED " = ?1, " CATALOG_DELETED " = 1");
    append_key_is(&text, table);
    buf_append_string(&text, " AND NOT " CATALOG_DELETED);
    return prepare_text(write, &text, out, err);
}

enum tl_status write_delete(struct write *write, const struct batch *batch, struct tally *tally,
                            struct tl_error *err)
{
    char synced[CLOCK_UTC_SIZE];
    struct buf *scratch = new_scratches(batch->table->n_columns, err);
    sqlite3_stmt *statement = NULL;
    enum tl_status status = scratch != NULL ? TL_OK : TL_MEMORY;

    clock_format_utc(batch->synced_us, synced);
    if (status == TL_OK)
        status = prepare_delete(write, batch->table, &statement, err);
    for (size_t i = 0; i < batch->n_rows && status == TL_OK; i++) {
        uint64_t changes = 0;
        (void)sql_bind_text(statement, 1, synced);
        status = bind_row(statement, batch, &batch->rows[i], NULL, scratch, err);
        if (status == TL_OK)
            status = run(write, statement, batch->table->name, &changes, err);
        tally->deleted += changes;
    }
    sqlite3_finalize(statement);
    free_scratches(scratch, batch->table->n_columns);
    return status;
}

enum tl_status write_truncate(struct write *write, const struct catalog_table *table,
                              const struct destination_scope *scope, int64_t synced_us,
                              struct tally *tally, struct tl_error *err)
{
    char synced[CLOCK_UTC_SIZE];
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    sqlite3_stmt *statement = NULL;
    uint64_t changes = 0;
    enum tl_status status;

    buf_append_string(&text, "UPDATE main.");
    text_append_identifier(&text, table->name);
    buf_append_string(&text, " SET " CATALOG_DELETED " = 1 WHERE NOT " CATALOG_DELETED
                             " AND " CATALOG_SYNCED " < ?1");
    if (scope != NULL) {
        buf_append_string(&text, " AND ");
        text_append_identifier(&text, table->columns[scope->column].name);
        buf_append_string(&text, " = ?2");
    }
    if (prepare_text(write, &text, &statement, err) != TL_OK)
        return err->status;
    (void)sql_bind_text(statement, 1, clock_format_utc(synced_us, synced));
    if (scope != NULL)
        (void)sql_bind_text(statement, 2, scope->value);
    status = run(write, statement, table->name, &changes, err);
    sqlite3_finalize(statement);
    tally->deleted += changes;
    return status;
}
