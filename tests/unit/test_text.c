/* Text made safe: what a terminal acts on, or shows otherwise than it is. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/error.h"
#include "base/text.h"

typedef void append(struct buf *out, const char *text, size_t size);

static void expect(append *function, const char *text, const char *expected)
{
    struct buf out = BUF_INIT(4096);

    function(&out, text, strlen(text));
    assert_string_equal(buf_text(&out), expected);
    buf_free(&out);
}

static void test_plain_text_stays(void **state)
{
    static const char plain[] =
        "a \"b\" \\ \xc2\xa0\xc3\xa4 \xe2\x80\x8d\xe2\x80\xa7\xe2\x80\xaf "
        "\xe2\x81\xa5\xe2\x81\xaa \xef\xbb\xbe \xd8\x9b \xf0\x9f\x92\xa9";
    (void)state;
    expect(text_append_safe, plain, plain);
    expect(text_append_json_safe, plain, plain);
}

static void test_controls(void **state)
{
    (void)state;
    expect(text_append_safe, "a\tb\r\n\x1b[31m\x7f", "a\\tb\\r\\n\\x1b[31m\\x7f");
    expect(text_append_safe, "\xc2\x80\xc2\x9b\xc2\x9f", "\\xc2\\x80\\xc2\\x9b\\xc2\\x9f");
    expect(text_append_safe, "\xff\xe2\x80", "\\xff\\xe2\\x80");
    expect(text_append_json_safe, "{\t\"a\":\r\n\"\x1b\x7f\xc2\x9b\xff\"}",
           "{\t\"a\":\r\n\"\\u001b\\u007f\\u009b\\ufffd\"}");
}

static void test_what_turns_ends_or_hides_a_line(void **state)
{
    static const char *const characters[][2] = {
        {"\xd8\x9c", "\\u061c"},     {"\xe2\x80\x8e", "\\u200e"}, {"\xe2\x80\x8f", "\\u200f"},
        {"\xe2\x80\xa8", "\\u2028"}, {"\xe2\x80\xa9", "\\u2029"}, {"\xe2\x80\xaa", "\\u202a"},
        {"\xe2\x80\xae", "\\u202e"}, {"\xe2\x81\xa6", "\\u2066"}, {"\xe2\x81\xa9", "\\u2069"},
        {"\xef\xbb\xbf", "\\ufeff"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
        expect(text_append_safe, characters[i][0], characters[i][1]);
        expect(text_append_json_safe, characters[i][0], characters[i][1]);
    }
}

static void expect_error(const char *message, const char *remedy, const char *expected)
{
    char text[ERROR_TEXT_SIZE];
    struct tl_error err = {0};

    tl_fail(&err, TL_USAGE, "%s", message);
    tl_remedy(&err, "%s", remedy);
    assert_string_equal(error_text(&err, text), expected);
}

static void test_errors_end_as_sentences(void **state)
{
    (void)state;
    expect_error("cannot", "", "cannot");
    expect_error("cannot", "Do this", "cannot. Do this");
    expect_error("did you mean --port?", "Do this", "did you mean --port? Do this");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_stays),
        cmocka_unit_test(test_controls),
        cmocka_unit_test(test_what_turns_ends_or_hides_a_line),
        cmocka_unit_test(test_errors_end_as_sentences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
