/* Running SQL on one connection, and what SQLite's errors mean to a user. */
#ifndef DESTINATIONS_SQLITE_SQL_H
#define DESTINATIONS_SQLITE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "base/buf.h"
#include "rows/types.h"
#include "towline/error.h"

/* A connection and the name of its file in messages. */
struct sql {
    sqlite3 *db;
    const char *path;
    bool is_copy; /* of what is at path, in the folder for temporary files: a dry run's */
};

/* SQL of a table of many columns with long names is large; more than this it never is. */
#define SQL_TEXT_MAX ((size_t)64 * 1024 * 1024)

/* How long to wait for a lock of another program. */
#define SQL_BUSY_MS 5000

/* What SQLite holds as one value at most, unless it was built otherwise. */
#define SQL_VALUE_MAX ((size_t)1000 * 1000 * 1000)

/* Turns the connection's last error into *err: "<path>: cannot <what>: <reason>", with its
 * remedy. */
enum tl_status sql_fail(const struct sql *sql, struct tl_error *err, const char *format, ...)
    TL_PRINTF(3, 4);

TL_NODISCARD enum tl_status sql_prepare(const struct sql *sql, const char *text,
                                        sqlite3_stmt **out, struct tl_error *err);

/* Runs statements that give no rows. `what` completes "cannot ...". */
TL_NODISCARD enum tl_status sql_run(const struct sql *sql, const char *text, const char *what,
                                    struct tl_error *err);

/* The same for text that was put together; a text that did not fit is TL_MEMORY. */
TL_NODISCARD enum tl_status sql_run_text(const struct sql *sql, const struct buf *text,
                                         const char *what, struct tl_error *err);

/* Steps a statement to its end and finalizes it. */
TL_NODISCARD enum tl_status sql_finish(const struct sql *sql, sqlite3_stmt *statement,
                                       const char *what, struct tl_error *err);

/* The first column of the first row as a number, 0 if there is no row; `name` is bound to ?1
 * unless NULL. */
TL_NODISCARD enum tl_status sql_number(const struct sql *sql, const char *text,
                                       const char *name, int64_t *out, struct tl_error *err);

/* A value as SQLite holds it: bound to a parameter, given as a function's or a table's result,
 * read back. Text is not copied: it must live until the statement is reset. */
int sql_bind_value(sqlite3_stmt *statement, int parameter, const struct tl_value *value);
void sql_result_value(sqlite3_context *context, const struct tl_value *value,
                      sqlite3_destructor_type lifetime);
struct tl_value sql_value(sqlite3_value *stored);

/* Binds text, which must live until the statement is reset. */
int sql_bind_text(sqlite3_stmt *statement, int parameter, const char *text);

/* A column as text, never NULL. */
const char *sql_text(sqlite3_stmt *statement, int column);

#endif
