/* Walking along a table beside a batch of rows. */
#include "destinations/sqlite/unchanged.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "destinations/sqlite/batch.h"
#include "destinations/sqlite/definition.h"

/* After a batch of which less than an eighth was left out, this many go unlooked at. */
enum { IDLE_BATCHES = 7, WORTH_PART = 8 };

/* SQLite gives no more than 2,000 columns at once; so wide a table gains nothing here. */
enum { WALK_MAX_COLUMNS = 1000 };

/* The columns of the walk: the row's number, which is the key, the mark, then each other one.
 */
enum { WALK_KEY, WALK_DELETED, WALK_FIRST };

/* One walk: where in the table, and where it has to end. */
struct walk {
    const struct sql *sql;
    sqlite3_stmt *statement;
    bool on_row;
    int64_t key;  /* of the row */
    bool kept;    /* a row of the batch with this key was not left out: no later one may be */
    size_t steps; /* that are left */
};

void unchanged_forget(struct unchanged *unchanged)
{
    sqlite3_finalize(unchanged->walk);
    free(unchanged->table);
    free(unchanged->rows);
    buf_free(&unchanged->scratch);
    *unchanged = (struct unchanged){0};
}

static bool is_compared(const struct catalog_column *column)
{
    return column->key == 0 && column->type != TL_TYPE_NULL;
}

static enum tl_status prepare(struct unchanged *unchanged, const struct sql *sql,
                              const struct catalog_table *table, struct tl_error *err)
{
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status;

    if (unchanged->walk != NULL && strcmp(unchanged->table, table->name) == 0)
        return TL_OK;
    unchanged_forget(unchanged);
    unchanged->scratch = BUF_INIT(SQL_VALUE_MAX);
    unchanged->table = text_copy(table->name, strlen(table->name));
    if (unchanged->table == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for table %s", table->name);
    buf_append_string(&text, "SELECT _rowid_, " CATALOG_DELETED);
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (is_compared(&table->columns[i])) {
            buf_append_string(&text, ", ");
            text_append_identifier(&text, table->columns[i].name);
        }
    buf_append_string(&text, " FROM main.");
    text_append_identifier(&text, table->name);
    buf_append_string(&text, " WHERE _rowid_ >= ?1 ORDER BY _rowid_");
    status = buf_check(&text, "an SQL statement", err);
    if (status == TL_OK)
        status = sql_prepare(sql, buf_text(&text), &unchanged->walk, err);
    buf_free(&text);
    return status;
}

static enum tl_status step(struct walk *walk, struct tl_error *err)
{
    int code = sqlite3_step(walk->statement);

    walk->on_row = code == SQLITE_ROW;
    walk->kept = false;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return sql_fail(walk->sql, err, "read what it holds");
    if (walk->on_row)
        walk->key = sqlite3_column_int64(walk->statement, WALK_KEY);
    return TL_OK;
}

/* Goes on to the first row whose key is not less. A table much denser than the batch is left:
 * then on_row is false. */
static enum tl_status go_to(struct walk *walk, int64_t key, struct tl_error *err)
{
    while (walk->on_row && walk->key < key) {
        if (walk->steps-- == 0) {
            walk->on_row = false;
            return TL_OK;
        }
        if (step(walk, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

/* Whether the column holds just this, kind and bytes. The connection has no mutex
 * (SQLITE_OPEN_NOMUTEX), so the column's value may be asked directly. */
static bool holds(sqlite3_stmt *statement, int column, const struct tl_value *value)
{
    sqlite3_value *held = sqlite3_column_value(statement, column);
    int type = sqlite3_value_type(held);
    const void *bytes;

    switch (value->type) {
    case TL_TYPE_ABSENT:
    case TL_TYPE_NULL:
        return type == SQLITE_NULL;
    case TL_TYPE_BOOLEAN:
        return type == SQLITE_INTEGER && sqlite3_value_int64(held) == value->as.boolean;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        return type == SQLITE_INTEGER && sqlite3_value_int64(held) == value->as.integer;
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        return type == SQLITE_FLOAT && sqlite3_value_double(held) == value->as.real;
    default:
        if (type != (value->type == TL_TYPE_BINARY ? SQLITE_BLOB : SQLITE_TEXT) ||
            sqlite3_value_bytes(held) != (int)value->size)
            return false;
        bytes = type == SQLITE_BLOB ? sqlite3_value_blob(held) : sqlite3_value_text(held);
        return value->size == 0 || memcmp(bytes, value->as.text, value->size) == 0;
    }
}

/* Whether the row that the walk is on is the batch's. */
static enum tl_status compare(const struct walk *walk, const struct batch *batch,
                              const struct batch_row *at, struct buf *scratch, bool *same,
                              struct tl_error *err)
{
    int column = WALK_FIRST;

    *same = sqlite3_column_int(walk->statement, WALK_DELETED) == 0;
    for (uint32_t i = 0; *same && i < batch->table->n_columns; i++) {
        struct tl_value value;
        if (!is_compared(&batch->table->columns[i]))
            continue;
        if (batch_fit(batch, at, i, scratch, &value, err) != TL_OK)
            return err->status;
        *same = holds(walk->statement, column++, &value);
    }
    return TL_OK;
}

static bool integer_of(const struct tl_value *value, int64_t *out)
{
    *out = value->as.integer;
    return value->type == TL_TYPE_LONG || value->type == TL_TYPE_INT ||
           value->type == TL_TYPE_SHORT;
}

/* Whether the walk finds the row as it is, and no row of its key was kept. */
static enum tl_status look(struct walk *walk, const struct batch *batch,
                           const struct batch_row *at, uint32_t key_column, struct buf *scratch,
                           bool *same, struct tl_error *err)
{
    int64_t key;

    *same = false;
    if (!walk->on_row || !integer_of(batch_cell(batch, at, key_column), &key) ||
        go_to(walk, key, err) != TL_OK)
        return err->status;
    if (!walk->on_row || walk->key != key || walk->kept)
        return TL_OK;
    if (compare(walk, batch, at, scratch, same, err) != TL_OK)
        return err->status;
    walk->kept = !*same;
    return TL_OK;
}

static enum tl_status grow(struct unchanged *unchanged, size_t n_rows, struct tl_error *err)
{
    struct batch_row *rows;

    if (n_rows <= unchanged->max_rows)
        return TL_OK;
    rows = realloc(unchanged->rows, n_rows * sizeof(*rows));
    if (rows == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a batch of rows");
    unchanged->rows = rows;
    unchanged->max_rows = n_rows;
    return TL_OK;
}

static uint32_t key_column_of(const struct catalog_table *table)
{
    uint32_t column = 0;

    while (table->columns[column].key == 0)
        column++;
    return column;
}

static enum tl_status walk_along(struct unchanged *unchanged, struct walk *walk,
                                 const struct batch *batch, struct rowset *seen,
                                 struct batch *rest, struct tl_error *err)
{
    uint32_t key_column = key_column_of(batch->table);
    enum tl_status status = step(walk, err);

    rest->rows = unchanged->rows;
    rest->n_rows = 0;
    for (size_t i = 0; i < batch->n_rows && status == TL_OK; i++) {
        bool same;
        status =
            look(walk, batch, &batch->rows[i], key_column, &unchanged->scratch, &same, err);
        if (same && seen != NULL)
            rowset_add(seen, walk->key);
        if (!same)
            unchanged->rows[rest->n_rows++] = batch->rows[i];
    }
    return status;
}

enum tl_status unchanged_leave_out(struct unchanged *unchanged, const struct sql *sql,
                                   const struct batch *batch, struct rowset *seen,
                                   struct batch *rest, struct tl_error *err)
{
    struct walk walk = {.sql = sql, .steps = 2 * batch->n_rows};
    enum tl_status status;
    int64_t first;

    *rest = *batch;
    if (batch->n_rows == 0 || batch->table->n_columns > WALK_MAX_COLUMNS ||
        !definition_key_is_rowid(batch->table) ||
        !integer_of(batch_cell(batch, &batch->rows[0], key_column_of(batch->table)), &first))
        return TL_OK;
    if (unchanged->idle > 0) {
        unchanged->idle--;
        return TL_OK;
    }
    if (prepare(unchanged, sql, batch->table, err) != TL_OK ||
        grow(unchanged, batch->n_rows, err) != TL_OK)
        return err->status;
    walk.statement = unchanged->walk;
    (void)sqlite3_bind_int64(unchanged->walk, 1, first);
    status = walk_along(unchanged, &walk, batch, seen, rest, err);
    (void)sqlite3_reset(unchanged->walk);
    if (batch->n_rows - rest->n_rows < batch->n_rows / WORTH_PART)
        unchanged->idle = IDLE_BATCHES;
    return status;
}
