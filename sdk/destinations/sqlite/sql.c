/* Running SQL on one connection, and what SQLite's errors mean to a user. */
#include "destinations/sqlite/sql.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/temporary.h"
#include "base/text.h"

static enum tl_status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return TL_MEMORY;
    case SQLITE_TOOBIG:
        return TL_DATA;
    default:
        return TL_DESTINATION;
    }
}

/* Whether it is the copy that could not be written. What is copied is of another connection. */
static bool copy_failed(const struct sql *sql, int code)
{
    return sql->is_copy && ((code & 0xff) == SQLITE_FULL || (code & 0xff) == SQLITE_IOERR);
}

static enum tl_status remedy_of(const struct sql *sql, int code, struct tl_error *err)
{
    if (copy_failed(sql, code))
        return tl_remedy(err, "Set TMPDIR to a folder with room for the whole database and the "
                              "new rows; the destination is as it was");
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return tl_remedy(err, "Let the other program finish its transaction or close it, then "
                              "sync again");
    case SQLITE_FULL:
        return tl_remedy(err, "Free space on its file system and sync again; the file holds "
                              "its last commit");
    case SQLITE_IOERR:
        return tl_remedy(err, "See to the disk, quota or file size limit and sync again; the "
                              "file holds its last commit");
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return tl_remedy(err, "Make the file and its folder writable for this user");
    case SQLITE_CORRUPT:
        return tl_remedy(err, "Restore it from a backup, or move it away and sync anew");
    case SQLITE_NOTADB:
        return tl_remedy(err, "Name another file in the destination's URL");
    case SQLITE_TOOBIG:
        return tl_remedy(err,
                         "SQLite takes rows of at most %d bytes: let the command leave out "
                         "what is so large",
                         sqlite3_limit(sql->db, SQLITE_LIMIT_LENGTH, -1));
    case SQLITE_CONSTRAINT:
        return tl_remedy(err, "Towline makes no such constraint: see to the indexes and "
                              "triggers that were added to the table");
    default:
        return err != NULL ? err->status : TL_DESTINATION;
    }
}

static void reason_of(const struct sql *sql, int code, char *out, size_t size)
{
    const char *text = sqlite3_errmsg(sql->db);
    int system = sqlite3_system_errno(sql->db);

    if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
        text = "it is locked by another program";
    if (copy_failed(sql, code))
        snprintf(out, size, "the private copy of a dry run cannot be written in %.128s: %s",
                 temporary_folder(), text);
    else
        text_safe(out, size, text, strlen(text));
    if ((code & 0xff) == SQLITE_IOERR && system != 0) {
        size_t used = strlen(out);
        snprintf(out + used, size - used, " (%s)", strerror(system));
    }
}

enum tl_status sql_fail(const struct sql *sql, struct tl_error *err, const char *format, ...)
{
    int code = sqlite3_extended_errcode(sql->db);
    char what[512];
    char reason[384];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    reason_of(sql, code, reason, sizeof(reason));
    (void)tl_fail(err, status_of(code), "%s: cannot %s: %s", sql->path, what, reason);
    (void)remedy_of(sql, code, err);
    return status_of(code);
}

enum tl_status sql_prepare(const struct sql *sql, const char *text, sqlite3_stmt **out,
                           struct tl_error *err)
{
    if (sqlite3_prepare_v2(sql->db, text, -1, out, NULL) == SQLITE_OK)
        return TL_OK;
    return sql_fail(sql, err, "prepare \"%.80s\"", text);
}

enum tl_status sql_run(const struct sql *sql, const char *text, const char *what,
                       struct tl_error *err)
{
    if (sqlite3_exec(sql->db, text, NULL, NULL, NULL) == SQLITE_OK)
        return TL_OK;
    return sql_fail(sql, err, "%s", what);
}

enum tl_status sql_run_text(const struct sql *sql, const struct buf *text, const char *what,
                            struct tl_error *err)
{
    if (buf_check(text, "an SQL statement", err) != TL_OK)
        return err->status;
    return sql_run(sql, buf_text(text), what, err);
}

enum tl_status sql_finish(const struct sql *sql, sqlite3_stmt *statement, const char *what,
                          struct tl_error *err)
{
    enum tl_status status = TL_OK;
    int code;

    while ((code = sqlite3_step(statement)) == SQLITE_ROW)
        ;
    if (code != SQLITE_DONE)
        status = sql_fail(sql, err, "%s", what);
    sqlite3_finalize(statement);
    return status;
}

enum tl_status sql_number(const struct sql *sql, const char *text, const char *name,
                          int64_t *out, struct tl_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code;

    *out = 0;
    if (sql_prepare(sql, text, &statement, err) != TL_OK)
        return err->status;
    if (name != NULL)
        (void)sql_bind_text(statement, 1, name);
    code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(statement, 0);
    else if (code != SQLITE_DONE)
        (void)sql_fail(sql, err, "read it");
    sqlite3_finalize(statement);
    return code == SQLITE_ROW || code == SQLITE_DONE ? TL_OK : err->status;
}

/* SQLite takes a null pointer for NULL, whatever the size. */
static const char *bytes_of(const struct tl_value *value)
{
    return value->as.text != NULL ? value->as.text : "";
}

int sql_bind_value(sqlite3_stmt *statement, int parameter, const struct tl_value *value)
{
    switch (value->type) {
    case TL_TYPE_ABSENT:
    case TL_TYPE_NULL:
        return sqlite3_bind_null(statement, parameter);
    case TL_TYPE_BOOLEAN:
        return sqlite3_bind_int(statement, parameter, value->as.boolean);
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        return sqlite3_bind_int64(statement, parameter, value->as.integer);
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        return sqlite3_bind_double(statement, parameter, value->as.real);
    case TL_TYPE_BINARY:
        return sqlite3_bind_blob64(statement, parameter, bytes_of(value), value->size,
                                   SQLITE_STATIC);
    default:
        return sqlite3_bind_text64(statement, parameter, bytes_of(value), value->size,
                                   SQLITE_STATIC, SQLITE_UTF8);
    }
}

void sql_result_value(sqlite3_context *context, const struct tl_value *value,
                      sqlite3_destructor_type lifetime)
{
    switch (value->type) {
    case TL_TYPE_ABSENT:
    case TL_TYPE_NULL:
        sqlite3_result_null(context);
        break;
    case TL_TYPE_BOOLEAN:
        sqlite3_result_int(context, value->as.boolean);
        break;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        sqlite3_result_int64(context, value->as.integer);
        break;
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        sqlite3_result_double(context, value->as.real);
        break;
    case TL_TYPE_BINARY:
        sqlite3_result_blob64(context, bytes_of(value), value->size, lifetime);
        break;
    default:
        sqlite3_result_text64(context, bytes_of(value), value->size, lifetime, SQLITE_UTF8);
    }
}

struct tl_value sql_value(sqlite3_value *stored)
{
    switch (sqlite3_value_type(stored)) {
    case SQLITE_INTEGER:
        return tl_long(sqlite3_value_int64(stored));
    case SQLITE_FLOAT:
        return tl_double(sqlite3_value_double(stored));
    case SQLITE_TEXT: {
        const char *text = (const char *)sqlite3_value_text(stored);
        return tl_text(TL_TYPE_STRING, text, (size_t)sqlite3_value_bytes(stored));
    }
    case SQLITE_BLOB: {
        const char *bytes = sqlite3_value_blob(stored);
        return tl_text(TL_TYPE_BINARY, bytes, (size_t)sqlite3_value_bytes(stored));
    }
    default:
        return tl_null();
    }
}

int sql_bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
    return sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
}

const char *sql_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text != NULL ? text : "";
}
