/* SQLite: files that are not to be touched, and what looking leaves behind. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sqlite_place.h"

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

/* What a program that was killed has left must be found by that program as it was. */
static void test_database_of_another_program_that_was_killed(void **state)
{
    struct place *place = *state;
    pid_t child = fork();
    int status;

    if (child == 0) {
        sqlite3 *db;
        if (sqlite3_open(place->path, &db) == SQLITE_OK)
            sqlite3_exec(db, "PRAGMA journal_mode = WAL; CREATE TABLE theirs(x)", NULL, NULL,
                         NULL);
        raise(SIGKILL);
    }
    waitpid(child, &status, 0);
    char *before = fingerprint(place);
    assert_non_null(strstr(before, "-wal"));
    refuses(place, TL_DESTINATION, "upsert id=1", "theirs");
    check_untouched(place, before);
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

static void test_failed_first_sync_leaves_no_file(void **state)
{
    struct place *place = *state;
    struct tl_error err;

    assert_int_equal(run_mode(place, DESTINATION_WRITE, "upsert id=1\nupsert id=null", &err),
                     TL_DATA);
    assert_int_equal(rmdir(place->folder), 0);
    assert_int_equal(mkdir(place->folder, 0700), 0);
}

static void test_what_others_put_into_a_failed_first_sync_stays(void **state)
{
    struct place *place = *state;
    struct script script = script_at(place, DESTINATION_WRITE);
    struct tl_error err = {0};

    assert_int_equal(script_open(&script, &err), TL_OK);
    (void)ask(place, "CREATE TABLE theirs(x)");
    script_close(&script);
    assert_string_equal(ask(place, "SELECT count(*) FROM theirs"), "0 ");
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

/* The last reader to close takes the -wal and -shm away, at any moment. */
static void test_looking_while_readers_come_and_go(void **state)
{
    struct place *place = *state;
    int left[2];
    struct pollfd hung_up;
    struct tl_error err;
    pid_t child;

    run(place, "upsert id=1 a='x' ; id=2\ncommit {}");
    assert_int_equal(pipe(left), 0);
    child = fork();
    if (child == 0) {
        close(left[1]);
        hung_up = (struct pollfd){.fd = left[0]};
        while (poll(&hung_up, 1, 0) == 0)
            (void)ask(place, "SELECT count(*) FROM t");
        _exit(0);
    }
    close(left[0]);
    for (int i = 0; i < 1000; i++)
        if (run_mode(place, DESTINATION_READ, "", &err) != TL_OK)
            fail_msg("look %d: %s", i, err.message);
    close(left[1]);
    waitpid(child, NULL, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, place_open, place_close)
    const struct CMUnitTest tests[] = {
        TEST(test_not_a_database),
        TEST(test_database_of_another_program),
        TEST(test_database_of_another_program_that_was_killed),
        TEST(test_names_of_what_is_there),
        TEST(test_newer_catalog),
        TEST(test_corrupt_database),
        TEST(test_places_that_are_no_file),
        TEST(test_links),
        TEST(test_paths_with_special_characters),
        TEST(test_empty_file_is_taken),
        TEST(test_failed_first_sync_leaves_no_file),
        TEST(test_what_others_put_into_a_failed_first_sync_stays),
        TEST(test_after_closing_there_is_one_private_file),
        TEST(test_no_trace_of_looking),
        TEST(test_no_trace_of_looking_after_a_kill),
        TEST(test_no_trace_of_looking_while_a_sync_runs),
        TEST(test_looking_while_readers_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
