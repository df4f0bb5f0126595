/* SQLite for the conformance suite, read with the library itself. */
#ifndef CONFORMANCE_ADAPTER_SQLITE_H
#define CONFORMANCE_ADAPTER_SQLITE_H

#include <sqlite3.h>
#include <string.h>

#include "base/text.h"
#include "adapter.h"
#include "rows/types.h"

static void sqlite_print_value(sqlite3_stmt *row, int column, struct buf *out)
{
    const unsigned char *bytes = sqlite3_column_blob(row, column);
    int size = sqlite3_column_bytes(row, column);
    char real[TYPES_REAL_SIZE];

    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        buf_append_string(out, "null");
        break;
    case SQLITE_INTEGER:
        buf_printf(out, "%lld", sqlite3_column_int64(row, column));
        break;
    case SQLITE_FLOAT:
        types_real_text(sqlite3_column_double(row, column), real);
        buf_printf(out, "real:%s", real);
        break;
    case SQLITE_BLOB:
        buf_append_string(out, "bytes:");
        for (int i = 0; i < size; i++)
            buf_printf(out, "%02x", bytes[i]);
        break;
    default:
        buf_append_char(out, '\'');
        for (int i = 0; i < size; i++)
            if (bytes[i] != 0)
                buf_append_char(out, (char)bytes[i]);
            else
                buf_append_string(out, "\\0");
        buf_append_char(out, '\'');
    }
}

static void sqlite_print_row(sqlite3_stmt *row, struct buf *out)
{
    const char *space = "";

    for (int i = 0; i < sqlite3_column_count(row); i++) {
        const char *name = sqlite3_column_name(row, i);
        if (strcmp(name, "_towline_synced") == 0 || strcmp(name, "_towline_deleted") == 0)
            continue;
        buf_printf(out, "%s%s=", space, name);
        sqlite_print_value(row, i, out);
        space = " ";
    }
    for (int i = 0; i < sqlite3_column_count(row); i++)
        if (strcmp(sqlite3_column_name(row, i), "_towline_deleted") == 0 &&
            sqlite3_column_int(row, i) != 0)
            buf_append_string(out, " deleted");
    buf_append_string(out, "\n");
}

/* The rows of a question; "absent\n" if it cannot be asked. */
static void sqlite_ask(const char *url, const char *sql, struct buf *out,
                       void (*print)(sqlite3_stmt *row, struct buf *out))
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    int flags = SQLITE_OPEN_READWRITE;

    if (sqlite3_open_v2(strchr(url, ':') + 1, &db, flags, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        buf_append_string(out, "absent\n");
    while (statement != NULL && sqlite3_step(statement) == SQLITE_ROW)
        print(statement, out);
    sqlite3_finalize(statement);
    sqlite3_close(db);
}

static void sqlite_url(const char *folder, struct buf *out)
{
    buf_printf(out, "sqlite:%s/test.db", folder);
}

static void sqlite_read(const char *url, const char *table, struct buf *out)
{
    struct buf sql = BUF_INIT(4096);

    buf_append_string(&sql, "SELECT * FROM ");
    text_append_identifier(&sql, table);
    buf_append_string(&sql, " ORDER BY 1, 2");
    sqlite_ask(url, buf_text(&sql), out, sqlite_print_row);
    buf_free(&sql);
}

static void sqlite_print_text(sqlite3_stmt *row, struct buf *out)
{
    const char *text = (const char *)sqlite3_column_text(row, 0);
    buf_append_string(out, text != NULL ? text : "null");
}

static void sqlite_state(const char *url, const char *stream, struct buf *out)
{
    struct buf sql = BUF_INIT(4096);

    buf_printf(&sql, "SELECT state FROM _towline_state WHERE stream = '%s'", stream);
    sqlite_ask(url, buf_text(&sql), out, sqlite_print_text);
    buf_free(&sql);
}

const struct adapter adapter_sqlite = {
    .scheme = "sqlite", .url = sqlite_url, .read = sqlite_read, .state = sqlite_state};

#endif
