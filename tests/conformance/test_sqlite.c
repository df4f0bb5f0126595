/* What is SQLite's own: files, locks, readers, what users add, and what a crash leaves. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter_sqlite.h"
#include "destinations/sqlite/sqlite.h"
#include "script.h"

struct place {
    char folder[64];
    char path[96];
    char url[160];
};

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static int place_open(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    strcpy(place->folder, "/tmp/towline-sqlite-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/test.db", place->folder);
    snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
    *state = place;
    return 0;
}

static int place_close(void **state)
{
    struct place *place = *state;

    nftw(place->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(place);
    return 0;
}

static struct script script_at(const struct place *place, enum destination_mode mode)
{
    return (struct script){
        .ops = &sqlite_destination, .url = place->url, .mode = mode, .table = "t", .key = "id"};
}

static enum tl_status run_mode(const struct place *place, enum destination_mode mode,
                               const char *text, struct tl_error *err)
{
    struct script script = script_at(place, mode);

    *err = (struct tl_error){0};
    return script_run(&script, text, err);
}

static void run(const struct place *place, const char *text)
{
    struct tl_error err;

    if (run_mode(place, DESTINATION_WRITE, text, &err) != TL_OK)
        fail_msg("%s: %s", text, err.message);
}

static void refuses(const struct place *place, enum tl_status status, const char *text,
                    const char *message)
{
    struct tl_error err;

    assert_int_equal(run_mode(place, DESTINATION_WRITE, text, &err), status);
    if (strstr(err.message, message) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.message, message);
    assert_string_not_equal(err.remedy, "");
}

/* Runs SQL as a user would; the values of the first column, each followed by a space. */
static const char *ask(const struct place *place, const char *sql)
{
    static char answer[4096];
    struct buf out = BUF_INIT(sizeof(answer) - 1);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    assert_int_equal(
        sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    for (const char *rest = sql; *rest != '\0';) {
        if (sqlite3_prepare_v2(db, rest, -1, &statement, &rest) != SQLITE_OK)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(statement, 0);
            buf_printf(&out, "%s ", text != NULL ? text : "null");
        }
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    snprintf(answer, sizeof(answer), "%s", buf_text(&out));
    buf_free(&out);
    return answer;
}

/* Every file of the folder with its bytes. */
static char *fingerprint(const struct place *place)
{
    struct buf out = BUF_INIT(64 << 20);
    struct dirent **entries;
    int count = scandir(place->folder, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char path[400];
        struct stat status;
        snprintf(path, sizeof(path), "%s/%s", place->folder, entries[i]->d_name);
        FILE *file =
            stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "rb") : NULL;
        uint64_t hash = 14695981039346656037U;
        long size = 0;
        for (int c; file != NULL && (c = fgetc(file)) != EOF; size++)
            hash = (hash ^ (unsigned)c) * 1099511628211U;
        if (file != NULL)
            fclose(file);
        buf_printf(&out, "%s %ld %" PRIx64 "\n", entries[i]->d_name, size, hash);
        free(entries[i]);
    }
    free(entries);
    return buf_take(&out);
}

static void check_untouched(const struct place *place, char *before)
{
    char *after = fingerprint(place);

    assert_string_equal(after, before);
    free(before);
    free(after);
}

static void write_file(const struct place *place, const char *bytes, size_t size)
{
    FILE *file = fopen(place->path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Runs the script in a process of its own and kills that at its end, before it can close. */
static void run_and_be_killed(const struct place *place, const char *text)
{
    pid_t child = fork();

    if (child == 0) {
        struct script script = script_at(place, DESTINATION_WRITE);
        struct tl_error err = {0};
        char *copy = strdup(text), *next = NULL;
        if (script_open(&script, &err) == TL_OK)
            for (char *line = strtok_r(copy, "\n", &next); line != NULL;
                 line = strtok_r(NULL, "\n", &next))
                if (script_line(&script, line, &err) != TL_OK)
                    _exit(1);
        raise(SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

/* A process that has the database open for writing until its pipe is closed. */
struct holder {
    pid_t pid;
    int release;
};

static struct holder hold(const struct place *place, const char *text)
{
    int ready[2], release[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(release), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct script script = script_at(place, DESTINATION_WRITE);
        struct tl_error err = {0};
        char *copy = strdup(text), *next = NULL;
        bool fine = script_open(&script, &err) == TL_OK;
        for (char *line = strtok_r(copy, "\n", &next); fine && line != NULL;
             line = strtok_r(NULL, "\n", &next))
            fine = script_line(&script, line, &err) == TL_OK;
        close(release[1]);
        fine = write(ready[1], "r", 1) == 1 && fine;
        if (read(release[0], &byte, 1) < 0)
            fine = false;
        script_close(&script);
        _exit(fine ? 0 : 1);
    }
    close(ready[1]);
    close(release[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return (struct holder){.pid = pid, .release = release[1]};
}

static void let_go(struct holder *holder)
{
    int status;

    close(holder->release);
    waitpid(holder->pid, &status, 0);
    assert_int_equal(status, 0);
}

/* -- files that are not to be touched ---------------------------------------------------- */

static void test_not_a_database(void **state)
{
    struct place *place = *state;
    static const char text[] = "These are my notes, and I want to keep them.\n";
    char *before;

    for (size_t size = 1; size < sizeof(text); size += 11) {
        write_file(place, text, size);
        before = fingerprint(place);
        refuses(place, TL_DESTINATION, "upsert id=1", "not a SQLite database");
        check_untouched(place, before);
    }
}

static void test_database_of_another_program(void **state)
{
    struct place *place = *state;
    static const char *const theirs[] = {
        "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)",
        "PRAGMA journal_mode = WAL; CREATE TABLE t(id); INSERT INTO t VALUES (1)",
        "PRAGMA application_id = 252006674; CREATE TABLE t(id)",
        "PRAGMA application_id = 252006674",
        "CREATE VIEW t AS SELECT 1",
    };

    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
        unlink(place->path);
        (void)ask(place, theirs[i]);
        char *before = fingerprint(place);
        refuses(place, TL_DESTINATION, "upsert id=1", "another program");
        check_untouched(place, before);
    }
}

static void test_names_of_what_is_there(void **state)
{
    struct place *place = *state;

    (void)ask(place,
              "CREATE TABLE a(x); CREATE TABLE b(x); CREATE TABLE c(x); CREATE TABLE d(x)");
    refuses(place, TL_DESTINATION, "upsert id=1", "a, b, c, ...");
}

static void test_newer_catalog(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1\ncommit");
    (void)ask(place, "PRAGMA user_version = 99");
    char *before = fingerprint(place);
    refuses(place, TL_DESTINATION, "upsert id=1", "version 99");
    check_untouched(place, before);
}

static void test_corrupt_database(void **state)
{
    struct place *place = *state;
    char garbage[4096];

    run(place, "upsert id=1\ncommit");
    memset(garbage, 0x5a, sizeof(garbage));
    int fd = open(place->path, O_WRONLY);
    assert_int_equal(pwrite(fd, garbage, sizeof(garbage), 100), sizeof(garbage));
    close(fd);
    char *before = fingerprint(place);
    refuses(place, TL_DESTINATION, "upsert id=1", "malformed");
    check_untouched(place, before);
}

static void test_places_that_are_no_file(void **state)
{
    struct place *place = *state;
    struct place other = *place;

    snprintf(other.url, sizeof(other.url), "sqlite:%s", place->folder);
    refuses(&other, TL_DESTINATION, "upsert id=1", "is a folder");
    snprintf(other.url, sizeof(other.url), "sqlite:%s/", place->folder);
    refuses(&other, TL_DESTINATION, "upsert id=1", "is a folder");
    snprintf(other.url, sizeof(other.url), "sqlite:%s/none/test.db", place->folder);
    refuses(&other, TL_DESTINATION, "upsert id=1", "none");
    snprintf(other.url, sizeof(other.url), "sqlite:");
    refuses(&other, TL_CONFIGURATION, "upsert id=1", "names no file");
    assert_int_equal(mkfifo(place->path, 0600), 0);
    refuses(place, TL_DESTINATION, "upsert id=1", "not a regular file");
}

static void test_links(void **state)
{
    struct place *place = *state;
    struct place link = *place;
    char path[128];

    snprintf(path, sizeof(path), "%s/link.db", place->folder);
    snprintf(link.url, sizeof(link.url), "sqlite:%s", path);
    assert_int_equal(symlink(place->path, path), 0);
    refuses(&link, TL_DESTINATION, "upsert id=1", "leads to no file");
    run(place, "upsert id=1\ncommit");
    run(&link, "upsert id=2\ncommit");
    assert_string_equal(ask(place, "SELECT id FROM t"), "1 2 ");
    if (geteuid() == 0) {
        assert_int_equal(lchown(path, 65534, 65534), 0);
        refuses(&link, TL_DESTINATION, "upsert id=1", "belongs to another user");
    }
}

static void test_paths_with_special_characters(void **state)
{
    struct place *place = *state;
    struct tl_error err;

    snprintf(place->path, sizeof(place->path), "%s/a b%%41?mode=memory#x.db", place->folder);
    snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
    run(place, "upsert id=1\ncommit");
    run(place, "upsert id=2\ncommit");
    assert_int_equal(run_mode(place, DESTINATION_DRY_RUN, "upsert id=3\ncommit", &err), TL_OK);
    assert_string_equal(ask(place, "SELECT id FROM t"), "1 2 ");
}

static void test_empty_file_is_taken(void **state)
{
    struct place *place = *state;

    write_file(place, "", 0);
    run(place, "upsert id=1\ncommit");
    assert_string_equal(ask(place, "SELECT id FROM t"), "1 ");
}

/* -- what stays behind ------------------------------------------------------------------- */

static void test_failed_first_sync_leaves_no_file(void **state)
{
    struct place *place = *state;
    struct tl_error err;

    assert_int_equal(run_mode(place, DESTINATION_WRITE, "upsert id=1\nupsert id=null", &err),
                     TL_DATA);
    assert_int_equal(rmdir(place->folder), 0);
    assert_int_equal(mkdir(place->folder, 0700), 0);
}

static void test_after_closing_there_is_one_private_file(void **state)
{
    struct place *place = *state;
    struct stat status;
    mode_t mask = umask(0);

    run(place, "upsert id=1\ncommit");
    umask(mask);
    assert_int_equal(stat(place->path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    unlink(place->path);
    assert_int_equal(rmdir(place->folder), 0);
    assert_int_equal(mkdir(place->folder, 0700), 0);
}

static void check_no_trace(const struct place *place, const char *text)
{
    struct tl_error err;
    char *before = fingerprint(place);

    if (run_mode(place, DESTINATION_DRY_RUN, text, &err) != TL_OK)
        fail_msg("dry run: %s", err.message);
    if (run_mode(place, DESTINATION_READ, "", &err) != TL_OK)
        fail_msg("reading: %s", err.message);
    check_untouched(place, before);
}

static const char DRY[] = "upsert id=1 a='y' ; id=9 b=1\ndelete id=2\ncommit {\"dry\":1}";

static void test_no_trace_of_looking(void **state)
{
    struct place *place = *state;

    check_no_trace(place, DRY); /* absent */
    run(place, "upsert id=1 a='x' ; id=2\ncommit {}");
    check_no_trace(place, DRY);
    assert_int_equal(chmod(place->path, 0400), 0);
    check_no_trace(place, DRY);
    assert_int_equal(chmod(place->path, 0600), 0);
    (void)ask(place, "PRAGMA journal_mode = DELETE");
    check_no_trace(place, DRY);
}

static void test_no_trace_of_looking_after_a_kill(void **state)
{
    struct place *place = *state;
    char shm[128];

    run_and_be_killed(place, "upsert id=1 a='x' ; id=2\ncommit {\"at\":1}");
    check_no_trace(place, DRY);
    snprintf(shm, sizeof(shm), "%s-shm", place->path);
    assert_int_equal(unlink(shm), 0);
    check_no_trace(place, DRY);

    struct script script = script_at(place, DESTINATION_READ);
    struct tl_error err = {0};
    assert_int_equal(script_open(&script, &err), TL_OK);
    assert_int_equal(script.contents.n_states, 1); /* it stands in the -wal only */
    assert_string_equal(script.contents.states[0].json, "{\"at\":1}");
    script_close(&script);
    assert_string_equal(ask(place, "SELECT id FROM t"), "1 2 ");
}

static void test_no_trace_of_looking_while_a_sync_runs(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1 a='x' ; id=2\ncommit {}");
    struct holder holder = hold(place, "upsert id=5\ncommit\nupsert id=6");
    check_no_trace(place, DRY);
    let_go(&holder);
    holder = hold(place, ""); /* it has written nothing yet */
    check_no_trace(place, DRY);
    let_go(&holder);
    assert_string_equal(ask(place, "SELECT id FROM t"), "1 2 5 ");
}

/* -- locks and readers ------------------------------------------------------------------- */

static void test_second_sync_is_told_who_has_it(void **state)
{
    struct place *place = *state;
    struct holder holder = hold(place, "upsert id=1");
    char pid[32];

    snprintf(pid, sizeof(pid), "process %d", (int)holder.pid);
    refuses(place, TL_LOCKED, "upsert id=2", pid);
    let_go(&holder); /* it had committed nothing: the file goes with it */
    assert_int_equal(access(place->path, F_OK), -1);
    run(place, "upsert id=2\ncommit");
}

static void test_lock_ends_with_its_process(void **state)
{
    struct place *place = *state;

    run_and_be_killed(place, "upsert id=1\ncommit\nupsert id=2");
    run(place, "upsert id=3\ncommit");
    assert_string_equal(ask(place, "SELECT id FROM t"), "1 3 ");
}

static void test_locked_by_another_program(void **state)
{
    struct place *place = *state;
    sqlite3 *db;

    run(place, "upsert id=1\ncommit");
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    pid_t child = fork();
    if (child == 0) {
        struct tl_error err;
        bool fine = run_mode(place, DESTINATION_WRITE, "upsert id=2", &err) == TL_DESTINATION &&
                    strstr(err.message, "locked by another program") != NULL;
        _exit(fine ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    sqlite3_close(db);
}

static void test_reader_sees_the_old_table_until_commit(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1 a=1\ncommit");
    struct holder holder = hold(place, "upsert id=1 a='new' ; id=2 b=2");
    assert_string_equal(ask(place, "SELECT a FROM t"), "1 ");
    let_go(&holder);
    holder = hold(place, "upsert id=1 a='new' ; id=2 b=2\ncommit");
    assert_string_equal(ask(place, "SELECT a FROM t"), "new null ");
    let_go(&holder);
}

static void test_kill_at_any_moment(void **state)
{
    struct place *place = *state;
    static const char *const moments[] = {"", "upsert id=1", "upsert id=1\ncommit {\"at\":1}",
                                          "upsert id=1\ncommit {\"at\":1}\nupsert id=2",
                                          "upsert id=1\ncommit {\"at\":1}\nupsert id=2 "
                                          "a='x'\nupsert id=3 a=1\ncommit {\"at\":3}"};
    static const char *const expected[] = {"", "", "1 ", "1 ", "1 2 3 "};

    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        unlink(place->path);
        run_and_be_killed(place, moments[i]);
        assert_string_equal(ask(place, "PRAGMA integrity_check"), "ok ");
        if (*expected[i] != '\0')
            assert_string_equal(ask(place, "SELECT id FROM t"), expected[i]);
        run(place, "upsert id=7\ncommit");
        assert_string_equal(ask(place, "SELECT count(*) FROM t WHERE id = 7"), "1 ");
    }
}

/* -- disk and limits --------------------------------------------------------------------- */

static void write_until_it_fails(const struct place *place)
{
    struct script script = script_at(place, DESTINATION_WRITE);
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    struct tl_error err = {0};
    char line[256];

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    enum tl_status status = script_open(&script, &err);
    for (int i = 0; i < 100000 && status == TL_OK; i++) {
        snprintf(line, sizeof(line), "upsert id=%d a='%0100d'", i + 10, i);
        status = script_line(&script, line, &err);
    }
    script_close(&script);
    _exit(status == TL_DESTINATION && err.remedy[0] != '\0' &&
                  strstr(err.message, "test.db") != NULL
              ? 0
              : 1);
}

static void test_full_disk_keeps_the_last_commit(void **state)
{
    struct place *place = *state;
    int status;

    run(place, "upsert id=1 a='kept'\ncommit");
    pid_t child = fork();
    if (child == 0)
        write_until_it_fails(place);
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_string_equal(ask(place, "PRAGMA integrity_check"), "ok ");
    assert_string_equal(ask(place, "SELECT a FROM t"), "kept ");
    run(place, "upsert id=2\ncommit");
}

/* A table of so many columns, the key included, upserted twice. */
static enum tl_status write_wide(const struct place *place, uint32_t count,
                                 struct tl_error *err)
{
    struct catalog_table table = {.name = (char *)(uintptr_t) "wide"};
    struct tl_value *cells = calloc(count, sizeof(*cells));
    uint32_t *source = calloc(count, sizeof(*source));
    struct block block = {.stride = count, .n_rows = 1, .cells = cells};
    struct batch_part part = {.block = &block, .source = source};
    struct batch_row row = {0};
    struct batch batch = {
        .table = &table, .parts = &part, .n_parts = 1, .rows = &row, .n_rows = 1};
    struct catalog_change change = {.kind = CATALOG_CREATE_TABLE};
    struct tally tally = {0};
    struct destination *destination = NULL;

    for (uint32_t i = 0; i < count; i++) {
        char name[32];
        snprintf(name, sizeof(name), "column %u", i);
        struct catalog_column column = {.name = name,
                                        .source_name = name,
                                        .source_size = (uint32_t)strlen(name),
                                        .observed = OBSERVED(TL_TYPE_LONG),
                                        .type = TL_TYPE_LONG,
                                        .key = i == 0};
        cells[i] = tl_long(i);
        source[i] = i;
        assert_int_equal(catalog_add_column(&table, &column, err), TL_OK);
    }
    enum tl_status status =
        sqlite_destination.open(place->url, DESTINATION_WRITE, &destination, err);
    if (status == TL_OK)
        status = sqlite_destination.alter(destination, &table, &change, 1, err);
    for (int i = 0; i < 2 && status == TL_OK; i++) {
        cells[count - 1].as.integer++;
        status = sqlite_destination.upsert(destination, &batch, &tally, err);
    }
    if (status == TL_OK)
        status = sqlite_destination.update(destination, &batch, &tally, err);
    if (status == TL_OK) {
        assert_int_equal(tally.inserted + tally.updated + tally.unchanged, 3);
        status = sqlite_destination.commit(destination, "s", NULL, NULL, err);
    }
    sqlite_destination.close(destination);
    table.name = NULL;
    for (uint32_t i = 0; i < count; i++) {
        free(table.columns[i].name);
        free(table.columns[i].source_name);
    }
    free(table.columns);
    free(cells);
    free(source);
    return status;
}

static void test_as_many_columns_as_fit(void **state)
{
    struct place *place = *state;
    struct tl_error err = {0};

    assert_int_equal(write_wide(place, 1999, &err), TL_DESTINATION);
    assert_non_null(strstr(err.message, "wide"));
    assert_non_null(strstr(err.message, "2001"));
    assert_int_equal(access(place->path, F_OK), -1);
    if (write_wide(place, 1998, &err) != TL_OK)
        fail_msg("%s", err.message);
    assert_string_equal(ask(place, "SELECT \"column 1997\" FROM wide"), "1999 ");
}

static void test_table_names_that_are_refused(void **state)
{
    struct place *place = *state;
    struct script script = script_at(place, DESTINATION_WRITE);
    static const char *const names[] = {"sqlite_x", "_towline_runs", "_TOWLINE_x", ""};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct tl_error err = {0};
        char line[] = "upsert id=1";
        strcpy(script.key, "id");
        assert_int_equal(script_open(&script, &err), TL_OK);
        strcpy(script.table, names[i]);
        assert_int_equal(script_line(&script, line, &err), TL_CONFIGURATION);
        script_close(&script);
    }
    refuses(place, TL_DESTINATION, "upsert id=1\ntable T id\nupsert id=1", "one name");
}

static void test_tables_that_are_the_users(void **state)
{
    struct place *place = *state;

    run(place, "table mine id\nupsert id=1\ncommit");
    (void)ask(place, "CREATE TABLE t(id INTEGER PRIMARY KEY); INSERT INTO t VALUES (5)");
    refuses(place, TL_DESTINATION, "upsert id=1", "table t is there already");
    (void)ask(place, "DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id");
    refuses(place, TL_DESTINATION, "upsert id=1", "view t is there already");
    run(place, "table mine id\nupsert id=2\ncommit");
}

/* -- what users add ---------------------------------------------------------------------- */

static void test_what_users_add_survives_widening(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1 a=1 b='x' ; id=2 a=2 b='y'\ncommit");
    (void)ask(place,
              "CREATE INDEX by_a ON t(a); CREATE UNIQUE INDEX by_b ON t(b) WHERE b > 'a';"
              "CREATE VIEW v AS SELECT a FROM t; CREATE TABLE log(x);"
              "ALTER TABLE t ADD COLUMN note TEXT DEFAULT 'n''(,' CHECK (note <> ')');"
              "ALTER TABLE t ADD COLUMN twice AS (a || ',' || a);"
              "CREATE TRIGGER tr AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (new.a);"
              " END; UPDATE t SET note = 'mine' WHERE id = 2; DELETE FROM log");
    run(place, "upsert id=3 a='z' b={}\ncommit");
    assert_string_equal(ask(place, "SELECT a FROM v"), "1 2 z ");
    assert_string_equal(ask(place, "SELECT typeof(a) FROM t"), "text text text ");
    assert_string_equal(ask(place, "SELECT b FROM t"), "\"x\" \"y\" {} ");
    assert_string_equal(ask(place, "SELECT note FROM t"), "n'(, mine n'(, ");
    assert_string_equal(ask(place, "SELECT twice FROM t"), "1,1 2,2 z,z ");
    assert_string_equal(ask(place, "SELECT name FROM sqlite_schema WHERE tbl_name = 't' AND "
                                   "sql IS NOT NULL ORDER BY name"),
                        "by_a by_b t tr ");
    assert_string_equal(ask(place, "SELECT count(*) FROM log"), "0 ");
    assert_string_equal(ask(place, "SELECT name FROM pragma_table_xinfo('t')"),
                        "id a b _towline_synced _towline_deleted note twice ");
    run(place, "upsert id=1 a='changed' b='x'\ncommit");
    assert_string_equal(ask(place, "SELECT x FROM log"), "changed ");
    assert_string_equal(ask(place, "PRAGMA integrity_check"), "ok ");
}

static void test_triggers_do_not_count(void **state)
{
    struct place *place = *state;
    struct script script = script_at(place, DESTINATION_WRITE);
    struct tl_error err = {0};

    run(place, "upsert id=1 a=1\ncommit");
    (void)ask(place,
              "CREATE TABLE log(x); CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO "
              "log VALUES (1); UPDATE t SET a = a WHERE id = 1; END; CREATE TRIGGER u AFTER "
              "UPDATE ON t BEGIN INSERT INTO log VALUES (2); END");
    assert_int_equal(script_run(&script,
                                "upsert id=1 a=1 ; id=2 a=2 ; id=3 a=3\nupsert id=2 "
                                "a=5\ncommit",
                                &err),
                     TL_OK);
    assert_int_equal(script.tally.inserted, 2);
    assert_int_equal(script.tally.updated, 1);
    assert_int_equal(script.tally.unchanged, 1);
}

static void test_what_users_drop_is_made_again(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1 a=1 b=2\ncommit");
    (void)ask(place, "ALTER TABLE t DROP COLUMN a");
    run(place, "upsert id=1 a='back' b=2\ncommit");
    assert_string_equal(ask(place, "SELECT a FROM t"), "back ");
    (void)ask(place, "DROP TABLE t");
    run(place, "upsert id='k' c=1\ncommit");
    assert_string_equal(ask(place, "SELECT name FROM pragma_table_info('t')"),
                        "id c _towline_synced _towline_deleted ");
    assert_string_equal(ask(place, "SELECT column_name FROM _towline_columns"), "id c ");
}

static void test_unchanged_rows_are_not_written(void **state)
{
    struct place *place = *state;
    char before[64];

    run(place, "upsert id=1 a='x' ; id=2 b=1.5\ncommit");
    snprintf(before, sizeof(before), "%s", ask(place, "SELECT max(_towline_synced) FROM t"));
    char *files = fingerprint(place);
    struct script script = script_at(place, DESTINATION_WRITE);
    struct tl_error err = {0};
    script.clock_us = 1800000000000000;
    assert_int_equal(script_run(&script, "upsert id=1 a='x' ; id=2 b=1.5", &err), TL_OK);
    assert_int_equal(script.tally.unchanged, 2);
    assert_string_equal(ask(place, "SELECT max(_towline_synced) FROM t"), before);
    assert_string_equal(before, "2023-11-14T22:13:20.000001Z ");
    free(files);
}

static void test_catalog_is_as_documented(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1 a=9007199254740993 n=null ID='x'\ncommit {\"at\":1}");
    run(place, "declare d DECIMAL\nupsert id=2 d=1\ncommit");
    assert_string_equal(
        ask(place, "SELECT table_name || ':' || column_name || ':' || source_name || ':' || "
                   "position || ':' || type || ':' || observed || ':' || primary_key FROM "
                   "_towline_columns ORDER BY position"),
        "t:id:id:1:LONG:LONG:1 t:a:a:2:LONG:LONG WIDE:0 t:n:n:3:NULL::0 "
        "t:ID_2:ID:4:STRING:STRING:0 t:d:d:5:DECIMAL:DECIMAL DECLARED:0 ");
    assert_string_equal(ask(place, "SELECT stream || state FROM _towline_state"),
                        "s{\"at\":1} ");
    assert_string_equal(ask(place, "SELECT printf('%x', application_id) FROM "
                                   "pragma_application_id"),
                        "544f574c ");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(test_not_a_database),
        TEST(test_database_of_another_program),
        TEST(test_names_of_what_is_there),
        TEST(test_newer_catalog),
        TEST(test_corrupt_database),
        TEST(test_places_that_are_no_file),
        TEST(test_links),
        TEST(test_paths_with_special_characters),
        TEST(test_empty_file_is_taken),
        TEST(test_failed_first_sync_leaves_no_file),
        TEST(test_after_closing_there_is_one_private_file),
        TEST(test_no_trace_of_looking),
        TEST(test_no_trace_of_looking_after_a_kill),
        TEST(test_no_trace_of_looking_while_a_sync_runs),
        TEST(test_second_sync_is_told_who_has_it),
        TEST(test_lock_ends_with_its_process),
        TEST(test_locked_by_another_program),
        TEST(test_reader_sees_the_old_table_until_commit),
        TEST(test_kill_at_any_moment),
        TEST(test_full_disk_keeps_the_last_commit),
        TEST(test_as_many_columns_as_fit),
        TEST(test_table_names_that_are_refused),
        TEST(test_tables_that_are_the_users),
        TEST(test_what_users_add_survives_widening),
        TEST(test_triggers_do_not_count),
        TEST(test_what_users_drop_is_made_again),
        TEST(test_unchanged_rows_are_not_written),
        TEST(test_catalog_is_as_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
