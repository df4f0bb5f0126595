/* One row: values as they came, names, duplicates, limits, messages; in any chunking. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/log.h"
#include "rows_text.h"

static const struct json_reader_options strict = {.max_row_bytes = 1 << 20, .max_depth = 100};
static const struct json_reader_options replacing = {
    .max_row_bytes = 1 << 20, .max_depth = 100, .invalid_utf8 = JSON_UTF8_REPLACE};

/* The text gives the rows and, behind "! ", the message, however it is cut. */
static void check_sized(const struct json_reader_options *options, const char *json,
                        size_t size, const char *expected)
{
    static const size_t pieces[] = {0, 1, 997, 7, 65};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        struct buf rows = BUF_INIT(1 << 24);
        rows_text_read(options, json, size, &pieces[i], 1, &rows);
        assert_string_equal(buf_text(&rows), expected);
        buf_free(&rows);
    }
}

static void check(const struct json_reader_options *options, const char *json,
                  const char *expected)
{
    check_sized(options, json, strlen(json), expected);
}

/* Only the beginning of the message: it goes on with text that the cut may hide. */
static void check_fault(const struct json_reader_options *options, const char *json,
                        size_t size, const char *expected)
{
    static const size_t pieces[] = {0, 1, 997, 7};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        struct buf rows = BUF_INIT(1 << 24);
        const char *message;
        rows_text_read(options, json, size, &pieces[i], 1, &rows);
        message = strstr(buf_text(&rows), "! ");
        assert_non_null(message);
        if (strncmp(message + 2, expected, strlen(expected)) != 0)
            assert_string_equal(message + 2, expected);
        buf_free(&rows);
    }
}

static void test_values(void **state)
{
    (void)state;
    check(
        &strict,
        "{\"a\":1,\"b\":1.50,\"c\":true,\"d\":false,\"e\":null,\"f\":\"x\",\"g\":[1],\"h\":{},"
        "\"i\":12345678901234567890123,\"j\":\"2024-02-29\",\"k\":\"2024-02-29T01:02:03Z\"}",
        "a=LONG:1 b=DOUBLE:1.5 c=BOOLEAN:true d=BOOLEAN:false e=NULL f=STRING:x g=JSON:[1] "
        "h=JSON:{} i=DECIMAL:12345678901234567890123 j=NAIVE_DATE:2024-02-29 "
        "k=UTC_DATETIME:2024-02-29T01:02:03Z\n");
}

static void test_strings(void **state)
{
    (void)state;
    check(
        &strict,
        "{\"a\":\"\\u0000\\u0041\\u00e9\\u6f22\\ud83d\\ude00\",\"b\":\"\\\"\\\\\\/"
        "\\b\\f\\n\\r\\t\","
        "\"c\":\"\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80\",\"d\":\"\"}",
        "a=STRING:\\x00A\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80 b=STRING:\"\\/\\x08\\x0c\\n\\r\\t "
        "c=STRING:\xc3\xa9\xe6\xbc\xa2\xf0\x9f\x98\x80 d=STRING:\n");
}

/* Nested values lose white space outside strings and nothing else. */
static void test_nested(void **state)
{
    (void)state;
    check(&strict,
          "{\"a\": [ 1.10 , -0, 1E5,\t\"x \\u0041 \\\" ]\" , { \"b\" : null,\"b\":{ } } ] }",
          "a=JSON:[1.10,-0,1E5,\"x \\u0041 \\\" ]\",{\"b\":null,\"b\":{}}]\n");
    check(&strict, "{\"a\":[1.10,-0,\" y \"]}", "a=JSON:[1.10,-0,\" y \"]\n");
}

static void test_names(void **state)
{
    (void)state;
    check(&strict, "{\"\\u0069d\":1}{\"id\":2}{\"\":3}{\"a\\u0000\":4}{\"i\":5}{\"idx\":6}",
          "id=LONG:1\nid=LONG:2\n=LONG:3\na\\x00=LONG:4\ni=LONG:5\nidx=LONG:6\n");
    /* A name that holds a backslash does not stand in the text as it is. */
    check(&strict, "{\"a\\\\nb\":1}{\"a\\nb\":2}{\"a\\\\nb\":3}",
          "a\\nb=LONG:1\na\\nb=LONG:2\na\\nb=LONG:3\n");
}

/* A new column with an escaped name, when rows of the block before are handed over. */
static void test_new_escaped_name(void **state)
{
    (void)state;
    check(&strict, "{\"a\":\"x\"}\n{\"a\":\"kept\",\"b\\u0062\":[1, 2],\"c\\u0063\":\"y\"}",
          "a=STRING:x\na=STRING:kept bb=JSON:[1,2] cc=STRING:y\n");
}

static void test_replace(void **state)
{
    (void)state;
    check(&replacing, "{\"a\xff\":\"x\xff\xc3\xa9\xe2\x82\",\"n\":[\"\xc0\", 1]}",
          "a\xef\xbf\xbd=STRING:x\xef\xbf\xbd\xc3\xa9\xef\xbf\xbd\xef\xbf\xbd "
          "n=JSON:[\"\xef\xbf\xbd\",1]\n");
    check(&replacing, "{\"a\":\"\\n\xff\\u0041\"}",
          "a=STRING:\\n\xef\xbf\xbd"
          "A\n");
}

struct counting_log {
    struct log_sink sink;
    int lines;
    char last[256];
};

static void count_line(struct log_sink *sink, enum tl_log_level level, int64_t utc_us,
                       const char *message)
{
    struct counting_log *self = (struct counting_log *)sink;
    (void)utc_us;
    assert_int_equal(level, TL_LOG_WARNING);
    self->lines++;
    snprintf(self->last, sizeof(self->last), "%s", message);
}

static void test_duplicates(void **state)
{
    static const char json[] = "{\"a\":1,\"b\":2,\"a\":3,\"b\":null}\n{\"a\":4,\"a\":5}\n"
                               "{\"c\":6,\"\\u0063\":7}";
    static const size_t whole = 0;
    struct counting_log log = {.sink = {.line = count_line, .level = TL_LOG_DEBUG}};
    struct buf rows = BUF_INIT(1 << 20);
    (void)state;
    log_set_sink(&log.sink);
    rows_text_read(&strict, json, strlen(json), &whole, 1, &rows);
    log_set_sink(NULL);
    assert_string_equal(buf_text(&rows), "a=LONG:3 b=NULL\na=LONG:5\nc=LONG:7\n");
    assert_int_equal(log.lines, 3);
    assert_non_null(strstr(log.last, "row 3"));
    buf_free(&rows);
}

static void test_messages(void **state)
{
    (void)state;
    check_fault(&strict, "{\"a\":1}\n{\"b\":[1,{\"c\":01}]}", 26,
                "row 2 is not valid JSON at byte 22 (column \"b\"): not a JSON number; there "
                "stands \"1}]}");
    check_fault(&strict, "{\"a\":1,}", 8,
                "row 1 is not valid JSON at byte 7: expected a name in double quotes");
    check_fault(
        &strict, "{\"a\":\"\xe9\"}", 9,
        "row 1 is not valid JSON at byte 6 (column \"a\"): bytes in a string that are not "
        "UTF-8; there stands \"\\xe9\"");
    check_fault(&strict, "{\"a\":\"\\ud800\"}", 15,
                "row 1 is not valid JSON at byte 6 (column \"a\"): lone surrogate escape");
    check_fault(&strict, "{\"a\":\"x\x1b[31m\"}", 14,
                "row 1 is not valid JSON at byte 7 (column \"a\"): raw control character in a "
                "string; there stands \"\\x1b[");
    check_fault(&strict, "{\"a\x1b\":tru}", 11,
                "row 1 is not valid JSON at byte 3: raw control character in a string");
    check_fault(&strict, "{\"a\":NaN}", 9,
                "row 1 is not valid JSON at byte 5 (column \"a\"): expected a JSON value");
}

static void test_depth(void **state)
{
    static const struct json_reader_options shallow = {.max_row_bytes = 1000, .max_depth = 3};
    (void)state;
    check(&shallow, "{\"a\":[[1]]}", "a=JSON:[[1]]\n");
    check_fault(&shallow, "{\"a\":[[[1]]]}", 13,
                "row 1 is nested deeper than max_depth (3) at byte 7 (column \"a\")");
}

static void test_name_limit(void **state)
{
    char json[1100];
    (void)state;
    snprintf(json, sizeof(json), "{\"%01024d\":1}", 0);
    struct buf rows = BUF_INIT(1 << 20);
    static const size_t whole = 0;
    rows_text_read(&strict, json, strlen(json), &whole, 1, &rows);
    assert_null(strchr(buf_text(&rows), '!'));
    buf_free(&rows);
    snprintf(json, sizeof(json), "{\"%01025d\":1}", 0);
    check_fault(&strict, json, strlen(json),
                "row 1 at byte 0: a name of 1025 bytes (limit 1024)");
}

static void test_too_many_columns(void **state)
{
    struct buf json = BUF_INIT(1 << 20);
    (void)state;
    buf_append_string(&json, "{\"id\":1}{\"id\":2");
    for (int i = 0; i < 2001; i++)
        buf_printf(&json, ",\"c%d\":%d", i, i);
    buf_append_char(&json, '}');
    check_fault(&strict, buf_text(&json), json.size,
                "row 2: column \"c1999\" would be one more than the limit of 2000");
    buf_free(&json);
}

static void test_value_parse(void **state)
{
    static const char *const cases[][2] = {
        {"5", "LONG:5"},
        {"-1.5e3", "DOUBLE:-1500"},
        {"\"a\\u0062\"", "STRING:ab"},
        {"null", "NULL"},
        {"true", "BOOLEAN:true"},
        {"[1, 2]", "JSON:[1,2]"},
        {"1e400", "DECIMAL:1e400"},
    };
    struct builder_limits limits = {.max_columns = 5, .block_bytes = 1000, .block_rows = 5};
    struct rows_text text;
    struct builder builder;
    struct tl_error err = {0};
    uint32_t column;
    (void)state;
    rows_text_init(&text);
    builder_init(&builder, &text.sink, &limits);
    assert_int_equal(builder_column(&builder, "v", 1, &column, &err), TL_OK);
    assert_int_equal(builder_begin(&builder, &err), TL_OK);
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct buf shown = BUF_INIT(1000);
        struct tl_value cell;
        assert_int_equal(
            json_value_parse(cases[i][0], strlen(cases[i][0]), &builder, column, &cell, &err),
            TL_OK);
        rows_text_value(&shown, &cell);
        assert_string_equal(buf_text(&shown), cases[i][1]);
        buf_free(&shown);
    }
    builder_reset(&builder);
    buf_free(&text.text);
}

static enum tl_status refuse_row(struct builder_sink *sink, struct tl_value *cells,
                                 uint64_t row_number, struct tl_error *err)
{
    (void)sink;
    (void)cells;
    return row_number < 2 ? TL_OK : tl_fail(err, TL_DATA, "row 2 lacks its key");
}

/* The byte offset stands before what the builder's check of the row says. */
static void test_refused_row(void **state)
{
    static const char json[] = "[{\"a\":1}, {\"a\":2}]";
    struct builder_limits limits = {.max_columns = 5, .block_bytes = 1000, .block_rows = 5};
    struct json_row_limits row_limits = {.max_depth = 5, .max_name_bytes = 5};
    struct rows_text text;
    struct builder builder;
    struct json_rows rows;
    struct json_reader *reader;
    struct tl_error err = {0};
    (void)state;
    rows_text_init(&text);
    text.sink.row = refuse_row;
    builder_init(&builder, &text.sink, &limits);
    json_rows_init(&rows, &builder, &row_limits);
    assert_int_equal(json_reader_new(&strict, &rows.sink, &reader, &err), TL_OK);
    assert_int_equal(json_reader_feed(reader, json, strlen(json), &err), TL_OK);
    assert_int_equal(json_reader_finish(reader, &err), TL_DATA);
    assert_string_equal(err.message, "at byte 10: row 2 lacks its key");
    assert_int_equal(json_reader_rows(reader), 1);
    json_reader_free(reader);
    json_rows_reset(&rows);
    builder_reset(&builder);
    buf_free(&text.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_nested),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_new_escaped_name),
        cmocka_unit_test(test_replace),
        cmocka_unit_test(test_duplicates),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_name_limit),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_value_parse),
        cmocka_unit_test(test_refused_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
