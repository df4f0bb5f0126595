/* Reading a database without leaving a trace.
 *
 * An ordinary reader of a database in WAL mode makes the files -wal and -shm or changes them,
 * and the last one to close writes the -wal back. What avoids that depends on what is there:
 *
 * - A -wal with its -shm: readonly_shm takes part in the locking, or rebuilds the index of the
 *   -wal in memory when the process that made it is gone.
 * - A -wal alone: exclusive mode, on a VFS without locks, does the same in memory.
 * - WAL mode, but no -wal: immutable, as nobody is there to wait for.
 * - A rollback journal: an ordinary reader leaves nothing.
 *
 * The second and third have no protection against somebody who comes after, so they are checked
 * afterwards. See https://www.sqlite.org/uri.html and https://www.sqlite.org/walformat.html */
#include "destinations/sqlite/snapshot.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Offset of the read version in a database's header: 2 is WAL. */
enum { READ_VERSION_OFFSET = 19 };

/* How often to look when what was seen is gone; the last wait is 512 ms. */
enum { OPEN_ATTEMPTS = 11 };

static bool stat_beside(const char *path, const char *suffix, struct stat *out)
{
    struct buf name = BUF_INIT(SQL_TEXT_MAX);
    bool found;

    memset(out, 0, sizeof(*out));
    buf_append_string(&name, path);
    buf_append_string(&name, suffix);
    found = stat(buf_text(&name), out) == 0;
    buf_free(&name);
    return found;
}

static bool is_in_wal_mode(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char version = 0;
    bool wal = fd >= 0 && pread(fd, &version, 1, READ_VERSION_OFFSET) == 1 && version == 2;

    if (fd >= 0)
        close(fd);
    return wal;
}

static enum snapshot_kind look(const char *path, struct snapshot *out)
{
    struct stat shm;

    (void)stat_beside(path, "", &out->file);
    bool wal = stat_beside(path, "-wal", &out->wal);
    if (out->file.st_size == 0)
        return SNAPSHOT_CLOSED;
    if (!is_in_wal_mode(path))
        return SNAPSHOT_PLAIN;
    if (wal && stat_beside(path, "-shm", &shm))
        return SNAPSHOT_LIVE;
    return wal && out->wal.st_size > 0 ? SNAPSHOT_LEFT : SNAPSHOT_CLOSED;
}

/* The path as a URI in which nothing means anything else. */
static void append_uri(struct buf *out, const char *path, const char *parameters)
{
    buf_append_string(out, "file:");
    for (; *path != '\0'; path++) {
        if (strchr("%?#", *path) != NULL)
            buf_printf(out, "%%%02x", (unsigned char)*path);
        else
            buf_append_char(out, *path);
    }
    buf_append_string(out, parameters);
}

static enum tl_status open_once(const char *path, struct snapshot *out, struct tl_error *err)
{
    static const char *const parameters[] = {
        [SNAPSHOT_LIVE] = "?mode=ro&readonly_shm=1",
        [SNAPSHOT_LEFT] = "?mode=ro&vfs=unix-none",
        [SNAPSHOT_PLAIN] = "?mode=ro",
        [SNAPSHOT_CLOSED] = "?mode=ro&immutable=1",
    };
    const int flags =
        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    struct buf uri = BUF_INIT(SQL_TEXT_MAX);
    enum tl_status status = TL_OK;

    *out = (struct snapshot){.sql.path = path};
    out->kind = look(path, out);
    append_uri(&uri, path, parameters[out->kind]);
    if (sqlite3_open_v2(buf_text(&uri), &out->sql.db, flags, NULL) != SQLITE_OK)
        status = sql_fail(&out->sql, err, "open it");
    buf_free(&uri);
    if (status != TL_OK)
        return status;
    (void)sqlite3_busy_timeout(out->sql.db, SQL_BUSY_MS);
    (void)sqlite3_db_config(out->sql.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_db_config(out->sql.db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(out->sql.db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (out->kind == SNAPSHOT_LEFT)
        return sql_run(&out->sql, "PRAGMA locking_mode = EXCLUSIVE", "open it", err);
    return TL_OK;
}

/* Begins the transaction in which all is read. True if the last one who had the database open
 * has closed it since we looked, or another came: what stood beside it is gone or made anew.
 * Once the first read went well, it stays. */
static bool is_overtaken(const struct snapshot *snapshot)
{
    static const char first[] = "BEGIN; SELECT 1 FROM main.sqlite_schema LIMIT 1";
    int code;

    if (snapshot->kind == SNAPSHOT_PLAIN)
        return false; /* its lock would keep writers waiting */
    code = sqlite3_exec(snapshot->sql.db, first, NULL, NULL, NULL) & 0xff;
    return code == SQLITE_CANTOPEN || code == SQLITE_READONLY;
}

enum tl_status snapshot_open(const char *path, struct snapshot *out, struct tl_error *err)
{
    for (int attempt = 1;; attempt++) {
        if (open_once(path, out, err) != TL_OK)
            return err->status;
        if (attempt == OPEN_ATTEMPTS || !is_overtaken(out))
            return TL_OK; /* what may not be read at all, the reader finds out */
        snapshot_close(out);
        (void)sqlite3_sleep(1 << (attempt - 1));
    }
}

static bool is_same(const struct stat *then, const struct stat *now)
{
    return then->st_ino == now->st_ino && then->st_size == now->st_size &&
           then->st_mtim.tv_sec == now->st_mtim.tv_sec &&
           then->st_mtim.tv_nsec == now->st_mtim.tv_nsec;
}

bool snapshot_is_intact(const struct snapshot *snapshot)
{
    struct stat file, wal;

    if (snapshot->kind == SNAPSHOT_LIVE || snapshot->kind == SNAPSHOT_PLAIN)
        return true;
    (void)stat_beside(snapshot->sql.path, "", &file);
    (void)stat_beside(snapshot->sql.path, "-wal", &wal);
    return is_same(&snapshot->file, &file) && is_same(&snapshot->wal, &wal);
}

void snapshot_close(struct snapshot *snapshot)
{
    sqlite3_close(snapshot->sql.db);
    snapshot->sql.db = NULL;
}
