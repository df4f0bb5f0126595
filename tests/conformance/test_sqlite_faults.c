/* SQLite: locks, readers, kills, full disks, and as much as a table can hold. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sqlite_place.h"

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
    holder = hold(place, ""); /* and one that is refused leaves the file where it is */
    refuses(place, TL_LOCKED, "upsert id=3", "another sync");
    let_go(&holder);
    assert_string_equal(ask(place, "SELECT id FROM t"), "2 ");
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
    static const char *const moments[] = {
        "",
        "upsert id=1",
        "upsert id=1\ncommit {\"at\":1}",
        "upsert id=1\ncommit {\"at\":1}\nupsert id=2",
        ("upsert id=1\ncommit {\"at\":1}\nupsert id=2 a='x'\n"
         "upsert id=3 a=1\ncommit {\"at\":3}"),
    };
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

static void write_until_it_fails(const struct place *place)
{
    struct script script = script_at(place, DESTINATION_WRITE);
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    struct tl_error err = {0};
    char line[256];

    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    enum tl_status status = script_open(&script, &err);
    for (int i = 0; i < 20000 && status == TL_OK; i++) {
        snprintf(line, sizeof(line), "upsert id=%d a='%0100d'", i + 10, i);
        status = script_line(&script, line, &err);
    }
    strcpy(line, "commit"); /* which is first to write when all fits into the cache */
    if (status == TL_OK)
        status = script_line(&script, line, &err);
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
    static const char *const theirs[] = {"CREATE TABLE t(id INTEGER PRIMARY KEY)",
                                         "DROP TABLE t; CREATE VIEW t AS SELECT 1 AS id",
                                         "DROP VIEW t; CREATE VIRTUAL TABLE t USING fts5(id)"};

    run(place, "upsert id=1\ntable mine id\nupsert id=1\ncommit");
    (void)ask(place, "DROP TABLE t");
    for (size_t i = 0; i < sizeof(theirs) / sizeof(theirs[0]); i++) {
        (void)ask(place, theirs[i]);
        refuses(place, TL_DESTINATION, "upsert id=1", "t is there already");
        run(place, "table mine id\nupsert id=2\ncommit");
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(test_second_sync_is_told_who_has_it),
        TEST(test_lock_ends_with_its_process),
        TEST(test_locked_by_another_program),
        TEST(test_reader_sees_the_old_table_until_commit),
        TEST(test_kill_at_any_moment),
        TEST(test_full_disk_keeps_the_last_commit),
        TEST(test_as_many_columns_as_fit),
        TEST(test_table_names_that_are_refused),
        TEST(test_tables_that_are_the_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
