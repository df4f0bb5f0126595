/* Rows as JSON: every type, in the form that its column wants, whatever the text holds. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "frontends/platform/column_schema.h"
#include "frontends/platform/row_text.h"

enum { COLUMNS = 4 };

/* Writes one row of up to four cells whose columns have shown what is given. */
static void expect(const struct tl_value *cells, const type_observed *observed, size_t count,
                   const char *wanted)
{
    static const char *const names[COLUMNS] = {"a", "b\"", "c", "d"};
    const uint32_t source[COLUMNS] = {0, 1, 2, 3};
    const struct block block = {
        .stride = (uint32_t)count, .n_rows = 1, .cells = (struct tl_value *)(uintptr_t)cells};
    const struct batch_part part = {.block = &block, .source = source};
    struct buf out = BUF_INIT(1 << 20);
    struct row_text row_text;
    struct tl_error err = {0};

    row_text_init(&row_text);
    for (uint32_t i = 0; i < count; i++)
        assert_int_equal(row_text_add(&row_text, i, names[i], observed[i], &err), TL_OK);
    row_text_append(&row_text, &part, 0, &out);
    assert_false(out.failed);
    assert_string_equal(buf_text(&out), wanted);
    assert_int_equal(out.size, strlen(wanted));
    row_text_reset(&row_text);
    buf_free(&out);
}

static void expect_one(struct tl_value value, type_observed observed, const char *wanted)
{
    char whole[4096];

    snprintf(whole, sizeof(whole), "{\"a\":%s}", wanted);
    expect(&value, &observed, 1, whole);
}

static void numbers_keep_every_digit(void **state)
{
    (void)state;
    expect_one(tl_long(INT64_MIN), OBSERVED(TL_TYPE_LONG), "-9223372036854775808");
    expect_one(tl_long(INT64_MAX), OBSERVED(TL_TYPE_LONG), "9223372036854775807");
    expect_one(tl_long(0), OBSERVED(TL_TYPE_LONG), "0");
    expect_one(tl_long(100), OBSERVED(TL_TYPE_LONG), "100");
    expect_one(tl_double(-0.1), OBSERVED(TL_TYPE_DOUBLE), "-0.1");
    expect_one(tl_double(1633.93), OBSERVED(TL_TYPE_DOUBLE), "1633.93");
    expect_one(tl_double(0.30000000000000004), OBSERVED(TL_TYPE_DOUBLE), "0.30000000000000004");
    expect_one(tl_text(TL_TYPE_DECIMAL, "1.50", 4), OBSERVED(TL_TYPE_DECIMAL), "1.50");
}

static void text_is_escaped_where_it_must_be(void **state)
{
    static const char text[] =
        "\"\\/\b\f\n\r\t\x01\x1f\x7f\0 \xe2\x82\xac\xe2\x80\xa8\xe2\x80\xa9"
        "\xc2\x85\xc2\xa0\xf0\x9f\x98\x80";

    (void)state;
    expect_one(tl_text(TL_TYPE_STRING, text, sizeof(text) - 1), OBSERVED(TL_TYPE_STRING),
               "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\u0000 \xe2\x82\xac\\u2028\\u2029"
               "\\u0085\xc2\xa0\xf0\x9f\x98\x80\"");
    expect_one(tl_string(""), OBSERVED(TL_TYPE_STRING), "\"\"");
    expect_one(tl_text(TL_TYPE_JSON, "{\"x\":\"\xe2\x80\xa8\xc3\xa9\"}", 13),
               OBSERVED(TL_TYPE_JSON), "{\"x\":\"\\u2028\xc3\xa9\"}");
    expect_one(tl_text(TL_TYPE_UTC_DATETIME, "2026-01-02 03:04:05Z", 20),
               OBSERVED(TL_TYPE_UTC_DATETIME), "\"2026-01-02T03:04:05Z\"");
    expect_one(tl_text(TL_TYPE_BINARY, "\x00\xff", 2),
               OBSERVED(TL_TYPE_BINARY) | OBSERVED_DECLARED, "\"AP8=\"");
}

static void values_take_the_form_of_their_column(void **state)
{
    const type_observed mixed = OBSERVED(TL_TYPE_LONG) | OBSERVED(TL_TYPE_BOOLEAN);
    const struct tl_value cells[COLUMNS] = {
        tl_long(5), tl_boolean(true), tl_null(), {.type = TL_TYPE_ABSENT}};
    const type_observed observed[COLUMNS] = {mixed, mixed, mixed, OBSERVED(TL_TYPE_JSON)};

    (void)state;
    expect(cells, observed, COLUMNS, "{\"a\":\"5\",\"b\\\"\":\"true\",\"c\":null,\"d\":null}");
    expect_one(tl_long(5), OBSERVED(TL_TYPE_JSON) | OBSERVED(TL_TYPE_LONG), "5");
    expect_one(tl_string("x"), OBSERVED(TL_TYPE_JSON) | OBSERVED(TL_TYPE_STRING), "\"x\"");
    expect(NULL, NULL, 0, "{}");
}

static void long_values_find_room(void **state)
{
    static char text[1000], wanted[6 * sizeof(text) + 3];

    (void)state;
    memset(text, '\x01', sizeof(text));
    wanted[0] = '"';
    for (size_t i = 0; i < sizeof(text); i++)
        memcpy(wanted + 1 + 6 * i, "\\u0001", 6);
    strcpy(wanted + 1 + 6 * sizeof(text), "\"");
    struct tl_value value = tl_text(TL_TYPE_STRING, text, sizeof(text));
    const type_observed observed = OBSERVED(TL_TYPE_STRING);
    static char whole[sizeof(wanted) + 16];
    snprintf(whole, sizeof(whole), "{\"a\":%s}", wanted);
    expect(&value, &observed, 1, whole);
}

static void expect_schema(struct column_form form, enum column_dialect dialect,
                          const char *wanted)
{
    struct buf out = BUF_INIT(4096);

    column_schema_append(&out, &form, dialect);
    assert_string_equal(buf_text(&out), wanted);
    buf_free(&out);
}

static void schemas_say_what_columns_hold(void **state)
{
    (void)state;
    expect_schema((struct column_form){.observed = OBSERVED(TL_TYPE_LONG), .key = true},
                  COLUMN_AIRBYTE, "{\"type\":\"integer\"}");
    expect_schema((struct column_form){.observed = OBSERVED(TL_TYPE_NAIVE_DATETIME)},
                  COLUMN_SINGER, "{\"type\":[\"null\",\"string\"]}");
    expect_schema(
        (struct column_form){.observed = OBSERVED(TL_TYPE_JSON) | OBSERVED(TL_TYPE_DOUBLE),
                             .shapes = COLUMN_ARRAYS},
        COLUMN_SINGER, "{\"type\":[\"null\",\"array\",\"number\"]}");
}

static void white_space_goes_but_not_within_strings(void **state)
{
    char json[] = " {\n \"a b\" : [ 1 ,\t\"c \\\" d\\\\\" ] }\r\n";

    (void)state;
    text_compact_json(json);
    assert_string_equal(json, "{\"a b\":[1,\"c \\\" d\\\\\"]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_keep_every_digit),
        cmocka_unit_test(text_is_escaped_where_it_must_be),
        cmocka_unit_test(values_take_the_form_of_their_column),
        cmocka_unit_test(long_values_find_room),
        cmocka_unit_test(schemas_say_what_columns_hold),
        cmocka_unit_test(white_space_goes_but_not_within_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
