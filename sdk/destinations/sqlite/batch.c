/* A batch of rows as a virtual table of SQLite: https://www.sqlite.org/vtab.html */
#include "destinations/sqlite/batch.h"

#include <stdlib.h>

struct batch_table {
    sqlite3_vtab base;
    struct batch_view *view;
};

struct batch_cursor {
    sqlite3_vtab_cursor base;
    size_t row;
};

enum tl_status batch_fit(const struct batch *batch, const struct batch_row *at, uint32_t column,
                         struct buf *scratch, struct tl_value *out, struct tl_error *err)
{
    const struct catalog_column *what = &batch->table->columns[column];
    const struct tl_value *value = batch_cell(batch, at, column);

    *out = *value;
    if (value->type == what->type && value->type != TL_TYPE_JSON)
        return TL_OK;
    if (value->type == TL_TYPE_ABSENT || value->type == TL_TYPE_NULL) {
        if (what->key == 0)
            return TL_OK;
        return tl_fail(err, TL_DATA, "table %s: a row has no value for its primary key \"%s\"",
                       batch->table->name, what->name);
    }
    *out = types_fit(value, what->observed, scratch);
    return buf_check(scratch, "a value", err);
}

static int batch_connect(sqlite3 *db, void *view, int count, const char *const *arguments,
                         sqlite3_vtab **out, char **message)
{
    struct batch_table *table = NULL;
    struct buf text = BUF_INIT(SQL_TEXT_MAX);
    int n_columns = sqlite3_limit(db, SQLITE_LIMIT_COLUMN, -1);
    int code = SQLITE_NOMEM;

    (void)count, (void)arguments, (void)message;
    buf_append_string(&text, "CREATE TABLE x(c0");
    for (int i = 1; i < n_columns; i++)
        buf_printf(&text, ",c%d", i);
    buf_append_string(&text, ")");
    if (!text.failed)
        code = sqlite3_declare_vtab(db, buf_text(&text));
    buf_free(&text);
    if (code != SQLITE_OK)
        return code;
    table = calloc(1, sizeof(*table));
    if (table == NULL)
        return SQLITE_NOMEM;
    table->view = view;
    *out = &table->base;
    return SQLITE_OK;
}

static int batch_disconnect(sqlite3_vtab *table)
{
    free(table);
    return SQLITE_OK;
}

/* There is one way to read it: all rows, in order. */
static int batch_best_index(sqlite3_vtab *base, sqlite3_index_info *info)
{
    const struct batch *batch = ((struct batch_table *)base)->view->batch;

    info->estimatedRows = batch != NULL ? (sqlite3_int64)batch->n_rows : 0;
    info->estimatedCost = (double)info->estimatedRows;
    return SQLITE_OK;
}

static int batch_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
    struct batch_cursor *cursor = calloc(1, sizeof(*cursor));

    (void)table;
    if (cursor == NULL)
        return SQLITE_NOMEM;
    *out = &cursor->base;
    return SQLITE_OK;
}

static int batch_close(sqlite3_vtab_cursor *cursor)
{
    free(cursor);
    return SQLITE_OK;
}

static int batch_filter(sqlite3_vtab_cursor *base, int index, const char *index_name, int count,
                        sqlite3_value **arguments)
{
    (void)index, (void)index_name, (void)count, (void)arguments;
    ((struct batch_cursor *)base)->row = 0;
    return SQLITE_OK;
}

static int batch_next(sqlite3_vtab_cursor *base)
{
    ((struct batch_cursor *)base)->row++;
    return SQLITE_OK;
}

static const struct batch *batch_shown(const sqlite3_vtab_cursor *base)
{
    return ((const struct batch_table *)base->pVtab)->view->batch;
}

static int batch_eof(sqlite3_vtab_cursor *base)
{
    const struct batch *batch = batch_shown(base);
    return batch == NULL || ((struct batch_cursor *)base)->row >= batch->n_rows;
}

static int batch_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
    struct batch_view *view = ((struct batch_table *)base->pVtab)->view;
    const struct batch *batch = view->batch;
    const struct batch_row *at = &batch->rows[((struct batch_cursor *)base)->row];
    struct tl_value value;

    view->at = at;
    if (batch_fit(batch, at, (uint32_t)column, &view->scratch, &value, &view->error) != TL_OK)
        return SQLITE_ERROR;
    /* The batch outlives the statement, scratch lives until the next column only. */
    sql_result_value(context, &value,
                     types_is_text(value.type) && value.as.text == view->scratch.data
                         ? SQLITE_TRANSIENT
                         : SQLITE_STATIC);
    return SQLITE_OK;
}

static int batch_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct batch_cursor *)base)->row;
    return SQLITE_OK;
}

static const sqlite3_module batch_module = {
    .xCreate = batch_connect,
    .xConnect = batch_connect,
    .xBestIndex = batch_best_index,
    .xDisconnect = batch_disconnect,
    .xDestroy = batch_disconnect,
    .xOpen = batch_open,
    .xClose = batch_close,
    .xFilter = batch_filter,
    .xNext = batch_next,
    .xEof = batch_eof,
    .xColumn = batch_column,
    .xRowid = batch_rowid,
};

enum tl_status batch_attach(const struct sql *sql, struct batch_view *view,
                            struct tl_error *err)
{
    buf_free(&view->scratch); /* of the connection before, if there was one */
    view->scratch = BUF_INIT(SQL_VALUE_MAX);
    if (sqlite3_create_module(sql->db, "towline_batch", &batch_module, view) != SQLITE_OK)
        return sql_fail(sql, err, "set up its connection");
    return sql_run(sql, "CREATE VIRTUAL TABLE " BATCH_TABLE " USING towline_batch",
                   "set up its connection", err);
}
