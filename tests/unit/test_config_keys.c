/* Keys that a configuration does not know, has in another place, or does not read. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "config_made_up.h"

static void test_unknown_keys(void **state)
{
    (void)state;
    refuse("{\"ssh_hots\": \"h\"}", "unknown key \"ssh_hots\"; did you mean \"ssh_host\"?");
    refuse_with("\"SSH_PORT\": 22", "unknown key \"SSH_PORT\"; did you mean \"ssh_port\"?");
    refuse_with("\"zzz\": 22", "unknown key \"zzz\"");
    refuse_with("\"z\\u001b[2J\\n\": 22", "unknown key \"z\\x1b[2J\\n\"");
    refuse_with("\"streams\": [{\"table\": \"a\"}, {\"tabel\": \"b\"}]",
                "unknown key \"streams[1].tabel\"; did you mean \"table\"?");
    refuse_with("\"retry_atempts\": 1",
                "unknown key \"retry_atempts\"; did you mean \"retry_attempts\"?");
}

static void test_keys_of_another_level(void **state)
{
    (void)state;
    refuse_with("\"streams\": [{\"table\": \"a\", \"command_timeout\": 5}]",
                "\"streams[0].command_timeout\" stands inside \"streams\"");
    refuse_with("\"streams\": [{\"table\": \"a\", \"auth\": {\"policy\": 5}}]",
                "\"streams[0].auth.policy\" stands inside \"streams\"");
    refuse_with("\"streams\": [{\"table\": \"a\", \"auth\": {\"url\": \"u\", \"ordered\": 1}}]",
                "\"streams[0].auth.ordered\" stands inside \"auth\"");
    refuse_with("\"table\": \"a\", \"columns\": {\"v\": {\"type\": \"LONG\", \"ordered\": 1}}",
                "\"columns.v.ordered\" stands inside \"columns\"");
    refuse_with("\"table\": \"a\", \"auth\": {\"url\": \"u\", \"ordered\": 1}",
                "\"auth.ordered\" stands inside \"auth\"");
    refuse_with("\"streams\": [{\"table\": \"a\", \"tries\": 5}]",
                "\"streams[0].tries\" stands outside of \"auth\"");
    refuse_with("\"streams\": [{\"table\": \"a\", \"auth\": {\"url\": \"u\"}, \"tries\": 5}]",
                "\"streams[0].tries\" stands beside \"auth\"");
}

static enum tl_status parse_without_streams(const char *json)
{
    static const char *const unread[] = {"streams", "destination", NULL};
    config_free(config);
    config = NULL;
    err = (struct tl_error){0};
    return config_parse_part(json, strlen(json), tables, unread, &config, &err);
}

static void test_what_is_not_read_need_not_be_there(void **state)
{
    static const char *const absent = "{\"env\": \"TOWLINE_TEST_ABSENT\"}";
    static const char *const members[] = {
        "\"streams\": [{\"table\": \"t\", \"command\": %s}]", "\"streams\": %s",
        "\"table\": \"t\", \"command\": %s", "\"destination\": %s",
        "\"table\": \"t\", \"command\": \"{{config.api_key}}\", \"api_key\": %s"};

    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        char member[200], json[300];
        (void)snprintf(member, sizeof(member), members[i], absent);
        (void)snprintf(json, sizeof(json), "{\"ssh_port\": 23, %s}", member);
        if (parse_without_streams(json) != TL_OK)
            fail_msg("%s: %s", json, err.message);
        assert_int_equal(tl_config_integer(config, "ssh_port"), 23);
        assert_int_equal(tl_config_count(config, "streams"), 0);
        assert_string_equal(tl_config_text(config, "destination"), "sqlite:warehouse.db");
    }
    assert_int_equal(parse_without_streams("{\"tabel\": 1}"), TL_CONFIGURATION);
    assert_string_equal(err.message, "unknown key \"tabel\"; did you mean \"table\"?");
    assert_int_equal(parse_without_streams("{\"key\": {\"env\": \"TOWLINE_TEST_ABSENT\"}}"),
                     TL_CONFIGURATION);
}

static int free_config(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown_keys),
        cmocka_unit_test(test_keys_of_another_level),
        cmocka_unit_test(test_what_is_not_read_need_not_be_there),
    };
    return cmocka_run_group_tests(tests, NULL, free_config);
}
