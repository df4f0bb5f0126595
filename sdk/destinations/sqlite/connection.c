/* Opening a database in each of the three modes, and closing it again. */
#include "destinations/sqlite/connection.h"

#include <string.h>

#include "destinations/sqlite/own.h"

/* How often to begin again when somebody writes while we read. */
enum { SNAPSHOT_ATTEMPTS = 10 };

/* A page cache of 8 MiB makes rows in random order cheap; WAL with FULL loses nothing that was
 * committed. */
static const char SETTINGS[] = "PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST;"
                               "PRAGMA temp_store = FILE; PRAGMA cache_size = -8192";

static enum tl_status configure(const struct sql *sql, struct tl_error *err)
{
    (void)sqlite3_extended_result_codes(sql->db, 1);
    (void)sqlite3_busy_timeout(sql->db, SQL_BUSY_MS);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_ENABLE_FKEY, 0, NULL);
    /* Views and triggers that name a table stay as they are while it is made anew. */
    (void)sqlite3_db_config(sql->db, SQLITE_DBCONFIG_LEGACY_ALTER_TABLE, 1, NULL);
    return sql_run(sql, SETTINGS, "open it", err);
}

/* Looks at a database that is there: whether it is ours. Its file stays as it is. */
static enum tl_status probe(struct connection *connection, struct tl_error *err)
{
    struct snapshot snapshot;
    enum tl_status status = snapshot_open(connection->file.path, &snapshot, err);

    if (status == TL_OK)
        status = own_check(&snapshot.sql, &connection->marked, err);
    /* A transaction cut short must be rolled back first, which any reader has to do. */
    if (status != TL_OK && snapshot.sql.db != NULL &&
        sqlite3_extended_errcode(snapshot.sql.db) == SQLITE_READONLY_ROLLBACK)
        status = TL_OK;
    snapshot_close(&snapshot);
    return status;
}

/* Readers of a database in WAL mode see what was committed while a sync writes. Pages of 16 KiB
 * make a first sync a fifth faster than those of 4, and a long transaction's index of the -wal
 * four times smaller; the size of a database that holds something stays as it is. The cache's
 * size is set again because SQLite reckons it in pages of the size before. */
static const char JOURNAL[] = "PRAGMA main.page_size = 16384; PRAGMA main.journal_mode = WAL;"
                              "PRAGMA main.cache_size = -8192";

static enum tl_status open_file(struct connection *connection, struct tl_error *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;

    if (sqlite3_open_v2(file_where(&connection->file), &connection->sql.db, flags, NULL) !=
        SQLITE_OK)
        return sql_fail(&connection->sql, err, "open it");
    return configure(&connection->sql, err);
}

static enum tl_status open_published(struct connection *connection, struct tl_error *err)
{
    struct sql *sql = &connection->sql;

    if (open_file(connection, err) != TL_OK ||
        own_check(sql, &connection->marked, err) != TL_OK ||
        sql_run(sql, JOURNAL, "set up its journal", err) != TL_OK ||
        own_check(sql, &connection->marked, err) != TL_OK)
        return err->status;
    /* Having read in WAL mode, SQLite keeps its lock until it closes the file. */
    file_sign(&connection->file);
    return TL_OK;
}

/* Nobody sees a file that is being built, and one that is cut short is worth nothing: each page
 * is written once, not to a -wal first, and nothing is synced until it is published. The
 * journal holds only pages of before the transaction, so next to none; were it in memory, the
 * journals of statements would be there too, and those grow. */
static const char BUILDING[] =
    "PRAGMA main.page_size = 16384; PRAGMA main.cache_size = -8192;"
    "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF";

static enum tl_status open_building(struct connection *connection, struct tl_error *err)
{
    if (open_file(connection, err) != TL_OK ||
        sql_run(&connection->sql, BUILDING, "set up its journal", err) != TL_OK)
        return err->status;
    file_sign(&connection->file);
    return TL_OK;
}

static enum tl_status open_for_writing(struct connection *connection, struct tl_error *err)
{
    struct file *file = &connection->file;

    if (file_claim(file, err) != TL_OK)
        return err->status;
    connection->removable = file->building != NULL;
    if (file->building != NULL)
        return open_building(connection, err);
    if (probe(connection, err) != TL_OK)
        return err->status;
    return open_published(connection, err);
}

static enum tl_status copy_pages(struct sql *from, struct sql *to, struct tl_error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->db, "main", from->db, "main");
    int code;

    if (backup == NULL)
        return sql_fail(to, err, "copy it for a dry run");
    code = sqlite3_backup_step(backup, -1);
    if (sqlite3_backup_finish(backup) == SQLITE_OK && code == SQLITE_DONE)
        return TL_OK;
    return sql_fail(sqlite3_errcode(from->db) != SQLITE_OK ? from : to, err,
                    "copy it for a dry run");
}

/* Copies what is committed; *again if somebody began to write meanwhile. */
static enum tl_status copy_once(struct connection *connection, bool *again,
                                struct tl_error *err)
{
    struct snapshot snapshot;
    enum tl_status status = snapshot_open(connection->file.path, &snapshot, err);

    if (status == TL_OK)
        status = own_check(&snapshot.sql, &connection->marked, err);
    if (status == TL_OK)
        status = copy_pages(&snapshot.sql, &connection->sql, err);
    *again = snapshot.sql.db != NULL && !snapshot_is_intact(&snapshot);
    snapshot_close(&snapshot);
    return *again ? TL_OK : status;
}

static enum tl_status fail_restless(const struct connection *connection, struct tl_error *err)
{
    (void)tl_fail(err, TL_DESTINATION, "%s: cannot be read: it changes all the time",
                  connection->file.path);
    return tl_remedy(err, "Try again when less is written to it");
}

/* A dry run works on a copy in a temporary file of SQLite's, which has no name. */
static enum tl_status open_copy(struct connection *connection, struct tl_error *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    bool again = connection->file.exists;

    if (again && file_check(&connection->file, err) != TL_OK)
        return err->status;
    connection->sql.is_copy = true;
    if (sqlite3_open_v2("", &connection->sql.db, flags, NULL) != SQLITE_OK)
        return sql_fail(&connection->sql, err, "make a temporary copy");
    for (int i = 0; again; i++) {
        if (i == SNAPSHOT_ATTEMPTS)
            return fail_restless(connection, err);
        if (copy_once(connection, &again, err) != TL_OK)
            return err->status;
    }
    return configure(&connection->sql, err);
}

static enum tl_status open_for_reading(struct connection *connection, struct tl_error *err)
{
    enum tl_status status;

    if (!connection->file.exists)
        return TL_OK;
    if (file_check(&connection->file, err) != TL_OK)
        return err->status;
    status = snapshot_open(connection->file.path, &connection->snapshot, err);
    connection->sql = connection->snapshot.sql;
    if (status == TL_OK)
        status = own_check(&connection->sql, &connection->marked, err);
    return status;
}

enum tl_status connection_open(struct connection *connection, const char *path,
                               enum destination_mode mode, struct tl_error *err)
{
    *connection = (struct connection){.mode = mode, .file = FILE_NONE};
    if (file_find(path, &connection->file, err) != TL_OK)
        return err->status;
    connection->sql.path = connection->file.path;
    switch (mode) {
    case DESTINATION_WRITE:
        return open_for_writing(connection, err);
    case DESTINATION_DRY_RUN:
        return open_copy(connection, err);
    case DESTINATION_READ:
        return open_for_reading(connection, err);
    }
    return tl_fail(err, TL_INTERNAL, "unknown mode %d", (int)mode);
}

/* Whether nothing is in the database: not even what somebody else put there meanwhile. */
static bool is_empty(const struct connection *connection)
{
    struct tl_error ignored;
    int64_t objects;

    return sql_number(&connection->sql, "SELECT count(*) FROM main.sqlite_schema", NULL,
                      &objects, &ignored) == TL_OK &&
           objects == 0;
}

void connection_close(struct connection *connection)
{
    bool removes = connection->removable;

    if (connection->sql.db != NULL) {
        (void)connection_rollback(connection);
        removes = removes && (connection->file.building != NULL || is_empty(connection));
    }
    connection_abandon(connection);
    if (removes)
        file_remove(&connection->file);
    file_reset(&connection->file);
}

enum tl_status connection_settle(struct connection *connection, bool *again,
                                 struct tl_error *err)
{
    *again = connection->mode == DESTINATION_READ && connection->sql.db != NULL &&
             !snapshot_is_intact(&connection->snapshot);
    if (!*again)
        return TL_OK;
    snapshot_close(&connection->snapshot);
    connection->sql.db = NULL;
    return open_for_reading(connection, err);
}

enum tl_status connection_begin(struct connection *connection, struct tl_error *err)
{
    if (connection->sql.db == NULL)
        return tl_fail(err, TL_DESTINATION, "%s: was closed after an error",
                       connection->file.path);
    if (!sqlite3_get_autocommit(connection->sql.db))
        return TL_OK;
    if (sql_run(&connection->sql, "BEGIN IMMEDIATE", "begin to write", err) != TL_OK)
        return err->status;
    return own_make(&connection->sql, connection->marked, err);
}

enum tl_status connection_commit(struct connection *connection, struct tl_error *err)
{
    if (sql_run(&connection->sql, "COMMIT", "commit", err) != TL_OK)
        return err->status;
    connection->marked = true;
    connection->removable = connection->file.building != NULL;
    return TL_OK;
}

bool connection_is_building(const struct connection *connection)
{
    return connection->file.building != NULL;
}

static enum tl_status fail_taken(const struct connection *connection, struct tl_error *err)
{
    (void)tl_fail(err, TL_DESTINATION, "%s: another program made it while the sync ran",
                  connection->file.path);
    return tl_remedy(err, "Run the sync again; it will be synced into beside what is there");
}

/* Somebody made a file of that name meanwhile, as programs do that only want to look: an empty
 * one takes what was built, as one transaction. */
static enum tl_status fill_taken(struct connection *connection, struct tl_error *err)
{
    struct connection built = {.mode = connection->mode, .removable = true};
    enum tl_status status = file_claim_taken(&connection->file, &built.file, err);

    connection->sql.path = connection->file.path;
    built.sql.path = connection->file.path;
    if (status == TL_OK)
        status = open_published(connection, err);
    if (status == TL_OK && !is_empty(connection))
        status = fail_taken(connection, err);
    if (status == TL_OK)
        status = open_file(&built, err);
    if (status == TL_OK)
        status = copy_pages(&built.sql, &connection->sql, err);
    connection->marked = status == TL_OK;
    connection_close(&built);
    return status;
}

enum tl_status connection_publish(struct connection *connection, struct tl_error *err)
{
    bool taken;

    /* It is born in the mode in which readers see what was committed. */
    if (sql_run(&connection->sql, "PRAGMA main.journal_mode = WAL", "set up its journal",
                err) != TL_OK)
        return err->status;
    connection_abandon(connection);
    if (file_publish(&connection->file, &taken, err) != TL_OK)
        return err->status;
    connection->removable = false;
    return taken ? fill_taken(connection, err) : open_published(connection, err);
}

void connection_abandon(struct connection *connection)
{
    sqlite3_close(connection->sql.db);
    connection->sql.db = NULL;
}

/* What was built, and could not be published, is dropped as a whole. */
static bool rebuild(struct connection *connection)
{
    struct tl_error ignored;

    connection->marked = false;
    if (file_empty(&connection->file, &ignored) == TL_OK &&
        open_building(connection, &ignored) == TL_OK)
        return true;
    connection_abandon(connection);
    return false;
}

bool connection_rollback(struct connection *connection)
{
    if (connection->sql.db == NULL)
        return connection_is_building(connection) && rebuild(connection);
    if (!sqlite3_get_autocommit(connection->sql.db))
        (void)sqlite3_exec(connection->sql.db, "ROLLBACK", NULL, NULL, NULL);
    return false;
}
