/* SQLite: tables beside those of users, and what users add to ours. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "sqlite_place.h"

static void test_what_users_add_survives_widening(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1 a=1 b='x' ; id=2 a=2 b='y'\ncommit");
    (void)ask(place,
              "CREATE INDEX by_a ON t(a); CREATE UNIQUE INDEX by_b ON t(b) WHERE b > 'a';"
              "CREATE VIEW v AS SELECT a FROM t; CREATE TABLE log(x);"
              "ALTER TABLE t ADD COLUMN note TEXT DEFAULT 'n''(,' CHECK (note <> ')' AND "
              "length(coalesce(note, 1)) < 99 /* not, this */);"
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
    run(place, "upsert id=4 c=1\ncommit"); /* a column after those of the user */
    run(place, "upsert id=4 c='x'\ncommit");
    assert_string_equal(ask(place, "SELECT type FROM pragma_table_info('t') WHERE name = 'c'"),
                        "TEXT ");
    assert_string_equal(ask(place, "SELECT note FROM t WHERE id = 2"), "mine ");
    assert_string_equal(ask(place, "PRAGMA integrity_check"), "ok ");
}

/* A name that a new column would get may be taken by a column of the user. */
static void test_a_users_column_is_not_taken_over(void **state)
{
    struct place *place = *state;

    run(place, "upsert id=1 a=1\ncommit");
    (void)ask(place, "ALTER TABLE t ADD COLUMN Mine TEXT; UPDATE t SET Mine = 'x'");
    refuses(place, TL_DESTINATION, "upsert id=1 a=1 mine=2",
            "column Mine is there already and was not made by Towline");
    run(place, "upsert id=1 a=2\ncommit");
    assert_string_equal(ask(place, "SELECT a || Mine FROM t"), "2x ");
    (void)ask(place, "ALTER TABLE t DROP COLUMN Mine");
    run(place, "upsert id=1 a=1 mine=2\ncommit");
    assert_string_equal(ask(place, "SELECT mine FROM t"), "2 ");
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
    assert_string_equal(ask(place, "SELECT column_name FROM _towline_columns"), "c id ");
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
        TEST(test_what_users_add_survives_widening),
        TEST(test_triggers_do_not_count),
        TEST(test_what_users_drop_is_made_again),
        TEST(test_unchanged_rows_are_not_written),
        TEST(test_catalog_is_as_documented),
        TEST(test_a_users_column_is_not_taken_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
