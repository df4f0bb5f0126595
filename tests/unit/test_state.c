/* State objects: members read and set without touching the others. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "sync/state.h"

static void members_come_out_as_text(void **state)
{
    static const struct {
        const char *json, *name, *value;
    } cases[] = {
        {"{\"cursor\":\"a\\nb\"}", "cursor", "a\nb"},
        {"{\"cursor\": 9007199254740993 }", "cursor", "9007199254740993"},
        {"{\"a\":{\"cursor\":1},\"cursor\":[1, 2]}", "cursor", "[1, 2]"},
        {"{\"Cursor\":1}", "cursor", NULL},
        {"{}", "cursor", NULL},
        {"{\"cursor\": null}", "cursor", NULL},
        {"{\"cursor\":\"null\"}", "cursor", "null"},
        {"{\"\":5}", "", "5"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT(256);
        bool found = state_get(cases[i].json, cases[i].name, &out);
        assert_int_equal(found, cases[i].value != NULL);
        if (found)
            assert_string_equal(buf_text(&out), cases[i].value);
        buf_free(&out);
    }
}

static void setting_one_member_keeps_the_others(void **state)
{
    char *set = state_set("{\"n\": 12345678901234567890, \"cursor\": 1, \"s\":\"x\"}", "cursor",
                          "5\"", 2);
    (void)state;
    assert_string_equal(set, "{\"n\":12345678901234567890,\"s\":\"x\",\"cursor\":\"5\\\"\"}");
    free(set);
    set = state_set("{}", "cursor", "", 0);
    assert_string_equal(set, "{\"cursor\":\"\"}");
    free(set);
}

static void only_objects_are_states(void **state)
{
    static const char *const wrong[] = {"", "[]", "1", "{} x", "{\"a\":}", "null", "{"};
    struct tl_error err = {0};
    char *json = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(state_check(wrong[i], &err), TL_CONFIGURATION);
    assert_int_equal(state_check(" {\"a\": 1}\n", &err), TL_OK);
    assert_int_equal(state_of_stream("{\"user\":{\"a\":1.10}}", "user", &json, &err), TL_OK);
    assert_string_equal(json, "{\"a\":1.10}");
    free(json);
    assert_int_equal(state_of_stream("{\"user\":5}", "user", &json, &err), TL_CONFIGURATION);
    assert_non_null(strstr(err.message, "user"));
    assert_int_equal(state_of_stream("{}", "user", &json, &err), TL_OK);
    assert_string_equal(json, "{}");
    free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_out_as_text),
        cmocka_unit_test(setting_one_member_keeps_the_others),
        cmocka_unit_test(only_objects_are_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
