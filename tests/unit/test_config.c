/* Configurations: every form a value may have, and every way to get one wrong. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "config_made_up.h"

static const char *item_text(size_t item, const char *name)
{
    return tl_config_text(tl_config_item(config, "streams", item), name);
}

static void test_defaults(void **state)
{
    (void)state;
    accept("{\"ssh_host\": \"h\"}");
    assert_int_equal(tl_config_integer(config, "ssh_port"), 22);
    assert_int_equal(tl_config_ms(config, "idle_timeout"), 300000);
    assert_int_equal(tl_config_ms(config, "command_timeout"), -1);
    assert_false(tl_config_boolean(config, "compress"));
    assert_string_equal(tl_config_text(config, "policy"), "strict");
    assert_string_equal(tl_config_list(config, "codes")[0], "0");
    assert_null(tl_config_list(config, "codes")[1]);
    assert_null(tl_config_text(config, "ssh_password"));
    assert_int_equal(tl_config_count(config, "streams"), 0);
    assert_string_equal(tl_config_text(config, "destination"), "sqlite:warehouse.db");
    assert_int_equal(tl_config_integer(config, "retry_attempts"), 5);
}

static void test_unknown_names_give_zero(void **state)
{
    const char *column, *type;
    (void)state;
    accept("{\"ssh_host\": \"h\"}");
    assert_null(tl_config_text(config, "nothing"));
    assert_int_equal(tl_config_integer(config, "nothing"), 0);
    assert_null(tl_config_list(config, "nothing"));
    assert_null(tl_config_item(config, "streams", 0));
    assert_false(tl_config_pair(config, "nothing", 0, &column, &type));
}

static void test_texts_and_native_values_are_equal(void **state)
{
    static const char *const forms[] = {
        "\"ssh_port\": \"2222\", \"idle_timeout\": \"1.5\", \"compress\": \"true\","
        "\"codes\": \"0, 1\", \"command_timeout\": \"0.0001\"",
        "\"ssh_port\": 2222, \"idle_timeout\": 1.5, \"compress\": true, \"codes\": [0, \"1\"],"
        "\"command_timeout\": 0.0001",
        "\"ssh_port\": 2222.0, \"idle_timeout\": \"01.50\", \"compress\": 1,"
        "\"codes\": \"[0,1]\", \"command_timeout\": \"0.001\"",
    };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        accept_with(forms[i]);
        assert_int_equal(tl_config_integer(config, "ssh_port"), 2222);
        assert_int_equal(tl_config_ms(config, "idle_timeout"), 1500);
        assert_int_equal(tl_config_ms(config, "command_timeout"), 1);
        assert_true(tl_config_boolean(config, "compress"));
        assert_string_equal(tl_config_list(config, "codes")[0], "0");
        assert_string_equal(tl_config_list(config, "codes")[1], "1");
        assert_null(tl_config_list(config, "codes")[2]);
    }
}

static void test_empty_and_null_are_not_given(void **state)
{
    (void)state;
    accept_with("\"ssh_port\": \"\", \"ssh_password\": \"\", \"policy\": null, \"codes\": [],"
                "\"streams\": \"\"");
    assert_int_equal(tl_config_integer(config, "ssh_port"), 22);
    assert_null(tl_config_text(config, "ssh_password"));
    assert_string_equal(tl_config_text(config, "policy"), "strict");
    assert_string_equal(tl_config_list(config, "codes")[0], "0");
    refuse("{\"ssh_host\": \"\"}", "\"ssh_host\" is missing");
}

static void test_streams_in_every_form(void **state)
{
    static const char *const forms[] = {
        "\"streams\": [{\"table\": \"a\", \"columns\": {\"x\": \"LONG\", \"file\": \"JSON\"}},"
        " {\"table\": \"b\", \"primary_key\": [\"id\", \"/a/b\"]}]",
        "\"streams\": \"[{\\\"table\\\": \\\"a\\\", \\\"columns\\\": {\\\"x\\\": \\\"LONG\\\","
        "\\\"file\\\": \\\"JSON\\\"}}, {\\\"table\\\": \\\"b\\\","
        "\\\"primary_key\\\": \\\"id,/a/b\\\"}]\"",
        "\"streams\": [{\"table\": \"a\", \"columns\": \"{\\\"x\\\": \\\"LONG\\\","
        "\\\"file\\\": \\\"JSON\\\"}\"}, \"{\\\"table\\\": \\\"b\\\", \\\"primary_key\\\":"
        "\\\"id , /a/b\\\"}\"]",
    };
    const char *column, *type;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        accept_with(forms[i]);
        assert_int_equal(tl_config_count(config, "streams"), 2);
        assert_string_equal(item_text(0, "table"), "a");
        assert_string_equal(item_text(1, "table"), "b");
        assert_string_equal(
            tl_config_list(tl_config_item(config, "streams", 1), "primary_key")[1], "/a/b");
        assert_true(
            tl_config_pair(tl_config_item(config, "streams", 0), "columns", 1, &column, &type));
        assert_string_equal(column, "file");
        assert_string_equal(type, "JSON");
        assert_false(
            tl_config_pair(tl_config_item(config, "streams", 0), "columns", 2, &column, &type));
    }
}

static void test_short_objects(void **state)
{
    static const char *const forms[] = {
        "\"jump\": \"a@b:1, c\"",
        "\"jump\": [\"a@b:1\", \"c\"]",
        "\"jump\": [{\"ssh_host\": \"a@b:1\"}, {\"ssh_host\": \"c\"}]",
        "\"jump\": \"[{\\\"ssh_host\\\": \\\"a@b:1\\\"}, \\\"c\\\"]\"",
    };
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        const struct tl_config *second;
        accept_with(forms[i]);
        assert_int_equal(tl_config_count(config, "jump"), 2);
        second = tl_config_item(config, "jump", 1);
        assert_string_equal(tl_config_text(tl_config_item(config, "jump", 0), "ssh_host"),
                            "a@b:1");
        assert_string_equal(tl_config_text(second, "ssh_host"), "c");
        assert_int_equal(tl_config_integer(second, "ssh_port"), 22);
        assert_true(tl_config_given(second, "ssh_host"));
        assert_false(tl_config_given(second, "ssh_port"));
    }
    accept_with("\"jump\": \"\"");
    assert_int_equal(tl_config_count(config, "jump"), 0);
    refuse_with("\"jump\": \"a,,b\"",
                "\"jump\" is not a list with something between its commas");
    refuse_with("\"jump\": [\"a,\"]",
                "\"jump[0]\" is not a list with something between its commas");
    refuse_with("\"jump\": [{\"ssh_prot\": 1}]",
                "unknown key \"jump[0].ssh_prot\"; did you mean \"ssh_port\"?");
    refuse_with("\"jump\": [7]", "\"jump[0]\" is a number: not an array of objects");
}

static void test_one_stream_at_the_top(void **state)
{
    (void)state;
    accept_with("\"table\": \"t\", \"command\": \"c\", \"ordered\": \"true\"");
    assert_int_equal(tl_config_count(config, "streams"), 1);
    assert_string_equal(item_text(0, "table"), "t");
    assert_true(tl_config_boolean(tl_config_item(config, "streams", 0), "ordered"));
    accept_with("\"streams\": {\"table\": \"t\"}");
    assert_string_equal(item_text(0, "table"), "t");
    refuse_with("\"command\": \"c\"", "\"table\" is missing");
    refuse_with("\"streams\": [{\"table\": \"a\"}], \"command\": \"c\"",
                "\"command\" stands beside \"streams\"");
    refuse_with("\"tabel\": \"t\", \"command\": \"c\"",
                "unknown key \"tabel\"; did you mean \"table\"?");
}

static void test_duplicate_keys(void **state)
{
    (void)state;
    refuse("{\"ssh_host\": \"a\", \"ssh_host\": \"b\"}", "duplicate key \"ssh_host\"");
    refuse_with("\"streams\": [{\"table\": \"a\", \"table\": \"a\"}]",
                "duplicate key \"streams[0].table\"");
    refuse_with("\"streams\": \"[{\\\"table\\\": 1, \\\"table\\\": 2}]\"",
                "duplicate key \"streams[0].table\"");
    refuse_with("\"table\": \"t\", \"columns\": {\"a\": \"LONG\", \"a\": \"JSON\"}",
                "duplicate key \"columns.a\"");
}

static void test_wrong_values(void **state)
{
    (void)state;
    refuse_with("\"ssh_port\": \"70000\"",
                "\"ssh_port\" is \"70000\": not between 1 and 65535");
    refuse_with("\"ssh_port\": 0", "\"ssh_port\" is \"0\": not between 1 and 65535");
    refuse_with("\"ssh_port\": \"22x\"", "\"ssh_port\" is \"22x\": not a whole number");
    refuse_with("\"ssh_port\": \" 22\"", "\"ssh_port\" is \" 22\": not a whole number");
    refuse_with("\"ssh_port\": 22.5", "\"ssh_port\" is \"22.5\": not a whole number");
    refuse_with("\"ssh_port\": \"99999999999999999999\"",
                "\"ssh_port\" is \"99999999999999999999\": not a whole number");
    refuse_with("\"ssh_port\": 1e300", "\"ssh_port\" is too large a number: write it as text");
    refuse_with("\"ssh_port\": [22]", "\"ssh_port\" is an array: not a number");
    refuse_with("\"idle_timeout\": \"0\"",
                "\"idle_timeout\" is \"0\": not between 1 and 86400 seconds");
    refuse_with("\"idle_timeout\": \"-1\"",
                "\"idle_timeout\" is \"-1\": not a number of seconds or none");
    refuse_with("\"idle_timeout\": \"1,5\"",
                "\"idle_timeout\" is \"1,5\": not a number of seconds or none");
    refuse_with("\"compress\": \"maybe\"", "\"compress\" is \"maybe\": not true or false");
    refuse_with("\"policy\": \"lax\"",
                "\"policy\" is \"lax\": not strict, accept-new or relaxed");
    refuse_with("\"policy\": \"strict|accept-new\"",
                "\"policy\" is \"strict|accept-new\": not strict, accept-new or relaxed");
    refuse_with("\"codes\": \"1,,2\"",
                "\"codes\" is \"1,,2\": not a list with something between its commas");
    refuse_with("\"codes\": [[1]]", "\"codes[0]\" is an array: not a text");
    refuse_with("\"table\": \"t\", \"columns\": {\"a\": 1}",
                "\"columns.a\" is a number: not a type's name");
    refuse_with("\"table\": \"t\", \"columns\": \"LONG\"",
                "\"columns\": not valid JSON: error at line 1, column 1");
    refuse_with("\"streams\": 5", "\"streams\" is a number: not an array of objects");
    refuse_with("\"streams\": [[]]", "\"streams[0]\" is an array: not an object");
    refuse_with("\"streams\": [{\"table\": {\"a\": 1}}]",
                "\"streams[0].table\" is an object: not a text");
    refuse_with("\"streams\": [{}]", "\"streams[0].table\" is missing");
}

static void test_broken_documents(void **state)
{
    (void)state;
    refuse("", "not valid JSON: error at line 1, column 1");
    refuse("[]", "it is an array: not an object");
    refuse("{\n  \"ssh_host\": oops\n}", "not valid JSON: error at line 2, column 15");
    refuse("{\"ssh_host\": \"h\"} x", "not valid JSON: error at line 1, column 19");
    refuse("{\"ssh_host\": \"h\\u0000i\"}",
           "\\u0000, which no value may hold, at line 1, column 16");
    refuse("{\"ssh_host\": \"\xff\"}", "not UTF-8 at line 1, column 15");
    accept("\xef\xbb\xbf {\"ssh_host\": \"h\\\\u0000\"}\n");
    assert_string_equal(tl_config_text(config, "ssh_host"), "h\\u0000");
}

static void test_references(void **state)
{
    char path[] = "towline-test-XXXXXX", members[256];
    int fd = mkstemp(path);
    (void)state;
    assert_int_equal(write(fd, "top secret\n\n", 12), 12);
    assert_int_equal(close(fd), 0);
    assert_int_equal(setenv("TOWLINE_TEST_PORT", "2200", 1), 0);
    (void)snprintf(members, sizeof(members),
                   "\"ssh_port\": {\"env\": \"TOWLINE_TEST_PORT\"},"
                   "\"ssh_password\": {\"file\": \"%s\"}",
                   path);
    accept_with(members);
    assert_int_equal(tl_config_integer(config, "ssh_port"), 2200);
    assert_string_equal(tl_config_text(config, "ssh_password"), "top secret\n");
    assert_false(config_holds_secret(config));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(setenv("TOWLINE_TEST_STREAMS", "[{\"table\": \"{{config.key}}\"}]", 1), 0);
    accept_with("\"streams\": {\"env\": \"TOWLINE_TEST_STREAMS\"}, \"key\": \"k123\"");
    assert_string_equal(item_text(0, "table"), "{{config.key}}");
    assert_string_equal(tl_config_text(config, "key"), "k123");
    refuse_with("\"ssh_password\": {\"env\": \"TOWLINE_TEST_ABSENT\"}",
                "\"ssh_password\": the environment variable TOWLINE_TEST_ABSENT is not set");
    refuse_with("\"ssh_password\": {\"file\": \"no/such\"}",
                "\"ssh_password\": cannot read no/such: No such file or directory");
    refuse_with("\"ssh_password\": {\"env\": \"A\", \"file\": \"B\"}",
                "\"ssh_password\" is an object: not a text");
}

static void test_home_in_references(void **state)
{
    char folder[] = "towline-home-XXXXXX", path[64];
    FILE *file;
    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/secret", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs("at home\r\n", file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(setenv("HOME", folder, 1), 0);
    accept_with("\"ssh_password\": {\"file\": \"~/secret\"}");
    assert_string_equal(tl_config_text(config, "ssh_password"), "at home");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* A key must be its owner's alone; of another secret it is only said, of other values nothing.
 */
static void test_files_that_others_can_read(void **state)
{
    static const struct {
        const char *name;
        mode_t mode;
        enum tl_status status;
    } cases[] = {{"key", 0644, TL_KEY}, {"key", 0640, TL_KEY},         {"key", 0600, TL_OK},
                 {"key", 0400, TL_OK},  {"ssh_password", 0644, TL_OK}, {"policy", 0644, TL_OK}};
    char path[] = "towline-test-XXXXXX", json[256];
    int fd = mkstemp(path);
    (void)state;
    assert_int_equal(write(fd, "strict\n", 7), 7);
    assert_int_equal(close(fd), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(chmod(path, cases[i].mode), 0);
        (void)snprintf(json, sizeof(json), "{\"ssh_host\": \"h\", \"%s\": {\"file\": \"%s\"}}",
                       cases[i].name, path);
        assert_int_equal(parse(json), cases[i].status);
        if (cases[i].status == TL_KEY)
            assert_non_null(strstr(err.remedy, "chmod 600"));
    }
    assert_int_equal(unlink(path), 0);
}

static void test_maps(void **state)
{
    static const char *const forms[] = {
        "\"table\": \"t\", \"headers\": {\"A\": \"x\", \"B\": 7}",
        "\"table\": \"t\", \"headers\": \"{\\\"A\\\": \\\"x\\\", \\\"B\\\": \\\"7\\\"}\"",
        "\"table\": \"t\", \"headers\": {\"A\": {\"env\": \"TEST_MAP\"}, \"B\": \"7\"}",
    };
    const char *key, *text;
    (void)state;
    assert_int_equal(setenv("TEST_MAP", "x", 1), 0);
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        accept_with(forms[i]);
        const struct tl_config *item = tl_config_item(config, "streams", 0);
        assert_true(tl_config_pair(item, "headers", 0, &key, &text));
        assert_string_equal(key, "A");
        assert_string_equal(text, "x");
        assert_true(tl_config_pair(item, "headers", 1, &key, &text));
        assert_string_equal(text, "7");
        assert_false(tl_config_pair(item, "headers", 2, &key, &text));
    }
    refuse_with("\"streams\": [{\"table\": \"t\", \"headers\": {\"A\": [1]}}]",
                "\"streams[0].headers.A\" is an array: not a text");
    refuse_with("\"streams\": [{\"table\": \"t\", \"headers\": 7}]",
                "\"streams[0].headers\" is a number: not an object");
}

static void test_one_object(void **state)
{
    (void)state;
    accept_with("\"table\": \"t\", \"auth\": {\"url\": \"x\", \"user\": \"u\"}");
    assert_string_equal(
        tl_config_text(tl_config_item(tl_config_item(config, "streams", 0), "auth", 0), "user"),
        "u");
    refuse_with("\"streams\": [{\"table\": \"t\", \"auth\": [{}, {}]}]",
                "\"streams[0].auth\" is an array: not an object");
}

/* Forms hand over each field of each object, with its default where nobody filled it in. */
static void test_one_object_that_says_nothing_is_not_given(void **state)
{
    static const char *const nothings[] = {
        "{}", "{\"tries\": 3}", "{\"url\": \"\", \"user\": null, \"tries\": \"3\"}",
        "{\"codes\": []}", "{\"codes\": [\"0\"], \"// why\": \"because\"}"};

    (void)state;
    for (size_t i = 0; i < sizeof(nothings) / sizeof(nothings[0]); i++) {
        char members[160];
        (void)snprintf(members, sizeof(members),
                       "\"streams\": [{\"table\": \"t\", \"auth\": %s}]", nothings[i]);
        accept_with(members);
        assert_int_equal(tl_config_count(tl_config_item(config, "streams", 0), "auth"), 0);
    }
    refuse_with("\"streams\": [{\"table\": \"t\", \"auth\": {\"tries\": 4}}]",
                "\"streams[0].auth.url\" is missing");
    refuse_with("\"streams\": [{\"table\": \"t\", \"auth\": {\"tires\": 3}}]",
                "unknown key \"streams[0].auth.tires\"; did you mean \"tries\"?");
}

static void test_json_stands_for_its_text(void **state)
{
    (void)state;
    accept_with("\"table\": \"t\", \"body\": {\"a\": [1, \"b\"]}");
    assert_string_equal(item_text(0, "body"), "{\"a\":[1,\"b\"]}");
    accept_with("\"table\": \"t\", \"body\": \"a=1&b={{cursor}}\"");
    assert_string_equal(item_text(0, "body"), "a=1&b={{cursor}}");
}

static void test_a_second_name(void **state)
{
    (void)state;
    accept("{\"bastion_host\": \"b\"}");
    assert_string_equal(tl_config_text(config, "ssh_host"), "b");
    refuse("{\"bastion_host\": \"b\", \"ssh_host\": \"h\"}",
           "\"ssh_host\" and \"bastion_host\" mean the same: give one of them");
    accept("{\"bastion_host\": \"b\", \"ssh_host\": \"\"}");
    assert_string_equal(tl_config_text(config, "ssh_host"), "b");
    accept("{\"ssh_host\": \"h\", \"bastion_host\": null}");
    assert_string_equal(tl_config_text(config, "ssh_host"), "h");
}

static void test_placeholders(void **state)
{
    (void)state;
    accept_with("\"table\": \"t\", \"command\": \"curl {{config.api_key}} {{config.unset}}\","
                "\"api_key\": 1234");
    assert_string_equal(tl_config_text(config, "api_key"), "1234");
    assert_null(tl_config_text(config, "unset"));
    assert_true(config_holds_secret(config));
    accept_with("\"table\": \"t\", \"command\": \"{{{ config.api_key }}\", \"api_key\": \"x\"");
    assert_string_equal(tl_config_text(config, "api_key"), "x");
    refuse_with("\"table\": \"t\", \"command\": \"{{config.api_key}}\", \"api_kye\": \"x\"",
                "unknown key \"api_kye\"; did you mean \"api_key\"?");
    refuse_with("\"table\": \"t\", \"command\": \"{{config.api_key\", \"api_key\": \"x\"",
                "unknown key \"api_key\"");
}

static void expect_masked(const char *text, const char *masked)
{
    struct buf out = BUF_INIT(1000);
    log_append_masked(&out, text, strlen(text));
    assert_string_equal(buf_text(&out), masked);
    buf_free(&out);
}

static void test_secrets_are_masked(void **state)
{
    (void)state;
    log_forget_secrets();
    accept_with("\"ssh_password\": \"hunter22\", \"table\": \"t\", \"token\": \"tok\\\\nen-2\","
                "\"command\": \"{{config.api_key}}\", \"api_key\": \"k-123456\"");
    assert_true(config_holds_secret(config));
    expect_masked("a hunter22 b k-123456 c tok\\nen-2 d tok\nen-2",
                  "a **** b **** c **** d ****");
    refuse_with("\"ssh_password\": [\"s3cret\"]", "\"ssh_password\" is an array: not a text");
    log_forget_secrets();
    expect_masked("hunter22", "hunter22");
}

static void test_any_number_of_secrets_is_masked(void **state)
{
    char secret[32];

    (void)state;
    log_forget_secrets();
    for (int i = 0; i < 1000; i++) {
        int size = snprintf(secret, sizeof(secret), "/%d/pass", i);
        tl_log_add_secret(secret, (size_t)size);
    }
    tl_log_add_secret("/0/p", 4);
    expect_masked("a /0/p b /0/pass c /999/pass d %2F999%2Fpass",
                  "a **** b **** c **** d ****");
    log_forget_secrets();
    expect_masked("/0/pass", "/0/pass");
}

static void test_the_locale_does_not_matter(void **state)
{
    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        skip();
    accept_with("\"idle_timeout\": \"1.5\", \"command_timeout\": 2.5");
    assert_int_equal(tl_config_ms(config, "idle_timeout"), 1500);
    assert_int_equal(tl_config_ms(config, "command_timeout"), 2500);
    (void)setlocale(LC_ALL, "C");
}

static int forget(void **state)
{
    (void)state;
    config_free(config);
    config_free(NULL);
    log_forget_secrets();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_unknown_names_give_zero),
        cmocka_unit_test(test_texts_and_native_values_are_equal),
        cmocka_unit_test(test_empty_and_null_are_not_given),
        cmocka_unit_test(test_streams_in_every_form),
        cmocka_unit_test(test_short_objects),
        cmocka_unit_test(test_one_stream_at_the_top),
        cmocka_unit_test(test_duplicate_keys),
        cmocka_unit_test(test_wrong_values),
        cmocka_unit_test(test_broken_documents),
        cmocka_unit_test(test_references),
        cmocka_unit_test(test_home_in_references),
        cmocka_unit_test(test_files_that_others_can_read),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_one_object),
        cmocka_unit_test(test_one_object_that_says_nothing_is_not_given),
        cmocka_unit_test(test_json_stands_for_its_text),
        cmocka_unit_test(test_a_second_name),
        cmocka_unit_test(test_placeholders),
        cmocka_unit_test(test_secrets_are_masked),
        cmocka_unit_test(test_any_number_of_secrets_is_masked),
        cmocka_unit_test(test_the_locale_does_not_matter),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, forget);
}
