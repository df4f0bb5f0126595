/* The nearest known word: config_nearest. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/config.h"

static const char *const names[] = {"ssh_host", "ssh_port",    "ssh_user", "sync", "state",
                                    "check",    "--dry-run",   "discover", "id",   "table",
                                    "streams",  "--log-level", NULL};

static void expect(const char *word, const char *nearest)
{
    const char *found = config_nearest(word, names);
    if (nearest == NULL)
        assert_null(found);
    else if (found == NULL)
        fail_msg("nothing is near %s", word);
    else
        assert_string_equal(found, nearest);
}

static void test_slips_of_the_fingers(void **state)
{
    (void)state;
    expect("ssh_hots", "ssh_host");
    expect("shh_host", "ssh_host");
    expect("ssh_prt", "ssh_port");
    expect("snyc", "sync");
    expect("syncc", "sync");
    expect("sycn", "sync");
    expect("chekc", "check");
    expect("dicsover", "discover");
    expect("tabel", "table");
    expect("--dry-rnu", "--dry-run");
}

static void test_case_and_dashes_are_one(void **state)
{
    (void)state;
    expect("SSH-Host", "ssh_host");
    expect("--dry_run", "--dry-run");
    expect("SYNC", "sync");
}

static void test_a_word_begun(void **state)
{
    (void)state;
    expect("disc", "discover");
    expect("--log", "--log-level");
    expect("dis", "discover");
}

static void test_the_nearest_wins(void **state)
{
    static const char *const close[] = {"user", "users", "used", NULL};
    (void)state;
    assert_string_equal(config_nearest("users", close), "users");
    assert_string_equal(config_nearest("userss", close), "users");
}

static void test_nothing_near(void **state)
{
    static const char *const none[] = {NULL};
    char huge[5000];
    (void)state;
    expect("", NULL);
    expect("zzzzzz", NULL);
    expect("x", NULL);
    expect("init", NULL);
    assert_null(config_nearest("sync", none));
    memset(huge, 's', sizeof(huge) - 1);
    huge[sizeof(huge) - 1] = '\0';
    expect(huge, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slips_of_the_fingers),
        cmocka_unit_test(test_case_and_dashes_are_one),
        cmocka_unit_test(test_a_word_begun),
        cmocka_unit_test(test_the_nearest_wins),
        cmocka_unit_test(test_nothing_near),
    };
    return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
