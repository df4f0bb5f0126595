/* JSON Pointer: parsing, and looking things up. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "json/pointer.h"
#include "towline/json.h"

static void test_parse(void **state)
{
    struct json_pointer pointer;
    struct tl_error err = {0};
    (void)state;
    assert_int_equal(json_pointer_parse("", &pointer, &err), TL_OK);
    assert_int_equal(pointer.count, 0);
    json_pointer_reset(&pointer);
    assert_int_equal(json_pointer_parse("/a~1b/*/~2//~01/0", &pointer, &err), TL_OK);
    assert_int_equal(pointer.count, 6);
    assert_string_equal(pointer.tokens[0].text, "a/b");
    assert_true(pointer.tokens[1].any);
    assert_false(pointer.tokens[2].any);
    assert_string_equal(pointer.tokens[2].text, "*");
    assert_int_equal(pointer.tokens[3].size, 0);
    assert_string_equal(pointer.tokens[4].text, "~1");
    assert_string_equal(pointer.tokens[5].text, "0");
    json_pointer_reset(&pointer);
}

static void test_refused(void **state)
{
    static const char *const texts[] = {"a", "a/b", " /a", "#/a", "/a~", "/a~3", "/~", "/a~/b"};
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct json_pointer pointer;
        struct tl_error err = {0};
        assert_int_equal(json_pointer_parse(texts[i], &pointer, &err), TL_CONFIGURATION);
        assert_non_null(strstr(err.message, texts[i]));
        assert_true(err.remedy[0] >= 'A' && err.remedy[0] <= 'Z');
        json_pointer_reset(&pointer);
    }
}

static void test_index(void **state)
{
    static const struct {
        const char *token;
        uint64_t index;
        bool is;
    } cases[] = {
        {"0", 0, true},   {"12", 12, true},
        {"12", 1, false}, {"01", 1, false},
        {"-", 0, false},  {"", 0, false},
        {"1a", 1, false}, {"999999999999999999999", 0, false},
        {"-1", 1, false}, {"+1", 1, false},
        {"1 ", 1, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct json_token token = {.text = (char *)cases[i].token,
                                   .size = strlen(cases[i].token)};
        assert_int_equal(json_token_is_index(&token, cases[i].index), cases[i].is);
    }
}

/* The example of RFC 6901, section 5, and beyond. */
static void test_find(void **state)
{
    static const char document[] =
        "{ \"foo\" : [\"bar\", \"baz\"],\"\":0,\"a/b\":1,\"c%d\":2,\"e^f\":3,\"g|h\":4,"
        "\"i\\\\j\":5,\"k\\\"l\":6,\" \":7,\"m~n\": 8 ,\"twice\":1,\"twice\":[2],"
        "\"\\u006e\":{\"deep\":[[],[{\"x\":null}]]},\"o\":{}}";
    static const struct {
        const char *pointer, *found;
    } cases[] = {
        {"", document},
        {"/foo", "[\"bar\", \"baz\"]"},
        {"/foo/0", "\"bar\""},
        {"/foo/1", "\"baz\""},
        {"/foo/2", NULL},
        {"/foo/-", NULL},
        {"/foo/00", NULL},
        {"/", "0"},
        {"/a~1b", "1"},
        {"/c%d", "2"},
        {"/i\\j", "5"},
        {"/k\"l", "6"},
        {"/ ", "7"},
        {"/m~0n", "8"},
        {"/twice", "[2]"},
        {"/twice/0", "2"},
        {"/n/deep/1/0/x", "null"},
        {"/n/deep/0/0", NULL},
        {"/o", "{}"},
        {"/o/x", NULL},
        {"/none", NULL},
        {"/a~1b/x", NULL},
        {"/foo/*", NULL},
        {"/*", NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct json_pointer pointer;
        struct tl_error err = {0};
        const char *found = NULL;
        size_t size = 0;
        assert_int_equal(json_pointer_parse(cases[i].pointer, &pointer, &err), TL_OK);
        if (json_pointer_find(&pointer, 0, document, strlen(document), &found, &size) !=
            (cases[i].found != NULL))
            fail_msg("%s", cases[i].pointer);
        if (cases[i].found != NULL) {
            assert_int_equal(size, strlen(cases[i].found));
            assert_memory_equal(found, cases[i].found, size);
        }
        json_pointer_reset(&pointer);
    }
}

static void test_find_from(void **state)
{
    struct json_pointer pointer;
    struct tl_error err = {0};
    const char *found;
    size_t size;
    (void)state;
    assert_int_equal(json_pointer_parse("/meta/id", &pointer, &err), TL_OK);
    assert_true(json_pointer_find(&pointer, 1, "{\"id\":77}", 9, &found, &size));
    assert_int_equal(size, 2);
    assert_memory_equal(found, "77", 2);
    assert_false(json_pointer_find(&pointer, 1, "", 0, &found, &size));
    json_pointer_reset(&pointer);
}

static void check_text(const char *json, const char *pointer, const char *expected)
{
    struct tl_error err = {0};
    char *text;
    assert_int_equal(tl_json_find(json, strlen(json), pointer, &text, &err), TL_OK);
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text, expected);
    free(text);
}

static void test_values_as_text(void **state)
{
    struct tl_error err = {0};
    char *text;
    (void)state;
    check_text(" {\"next\": \"a\\u0020b\", \"n\": 12 }", "/next", "a b");
    check_text("{\"a\": {\"n\": 12}}", "/a/n", "12");
    check_text("{\"a\": {\"n\": 12}}", "/a", "{\"n\": 12}");
    check_text("{\"a\": true, \"b\": null, \"c\": \"\"}", "/a", "true");
    check_text("{\"a\": true, \"b\": null, \"c\": \"\"}", "/b", NULL);
    check_text("{\"a\": true, \"b\": null, \"c\": \"\"}", "/c", "");
    check_text("{\"a\": \"x\\u0000y\"}", "/a", NULL);
    check_text("{\"a\": \"cut", "/a", NULL);
    check_text("<html>", "/a", NULL);
    check_text("", "/a", NULL);
    check_text("\xef\xbb\xbf {\"a\": \"x\"}", "/a", "x");
    assert_int_equal(tl_json_find("{}", 2, "a", &text, &err), TL_CONFIGURATION);
}

static void test_values_in_utf16(void **state)
{
    static const char little[] = "\xff\xfe{\0\"\0a\0\"\0:\0\"\0\xe9\0\"\0}";
    static const char big[] = "\xfe\xff\0{\0\"\0a\0\"\0:\0\"\0\xe9\0\"\0}";
    struct tl_error err = {0};
    char *text;
    (void)state;
    assert_int_equal(tl_json_find(little, sizeof(little), "/a", &text, &err), TL_OK);
    assert_string_equal(text, "\xc3\xa9");
    free(text);
    assert_int_equal(tl_json_find(big, sizeof(big) - 1, "/a", &text, &err), TL_OK);
    assert_string_equal(text, "\xc3\xa9");
    free(text);
    assert_int_equal(tl_json_find(big, 5, "/a", &text, &err), TL_OK);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),           cmocka_unit_test(test_refused),
        cmocka_unit_test(test_index),           cmocka_unit_test(test_find),
        cmocka_unit_test(test_find_from),       cmocka_unit_test(test_values_as_text),
        cmocka_unit_test(test_values_in_utf16),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
