/* CSV: which rows and values it holds, in any chunking. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/log.h"
#include "csv/value.h"
#include "csv_text.h"

static const struct csv_limits usual = {.max_row_bytes = 1 << 20, .max_name_bytes = 64};
static const struct csv_limits replacing = {
    .max_row_bytes = 1 << 20, .max_name_bytes = 64, .replace_invalid_utf8 = true};
static const struct csv_limits tight = {.max_row_bytes = 8, .max_name_bytes = 64};

/* The text gives the rows and, behind "! ", the beginning of the message, however it is cut. */
static void check_sized(const struct csv_limits *limits, const char *csv, size_t size,
                        const char *expected)
{
    static const size_t pieces[] = {0, 1, 997, 2, 7, 64, 65};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        struct buf rows = BUF_INIT(1 << 24);
        csv_text_read(limits, csv, size, &pieces[i], 1, &rows);
        if (strstr(expected, "! ") == NULL ||
            strncmp(buf_text(&rows), expected, strlen(expected)) != 0)
            assert_string_equal(buf_text(&rows), expected);
        buf_free(&rows);
    }
}

static void check_with(const struct csv_limits *limits, const char *csv, const char *expected)
{
    check_sized(limits, csv, strlen(csv), expected);
}

static void check(const char *csv, const char *expected)
{
    check_with(&usual, csv, expected);
}

static void test_layout(void **state)
{
    (void)state;
    check("", "");
    check("\n\r\n\n", "");
    check("a,b\n", "");
    check("a,b", "");
    check("a,b\n1,2\n", "a=LONG:1 b=LONG:2\n");
    check("a,b\r\n1,2\r\n", "a=LONG:1 b=LONG:2\n");
    check("a,b\n1,2", "a=LONG:1 b=LONG:2\n");
    check("a,b\n1,2\r", "a=LONG:1 b=LONG:2\n");
    check("\n\na,b\n\n1,2\r\n\r\n3,4\n\n", "a=LONG:1 b=LONG:2\na=LONG:3 b=LONG:4\n");
    check("\xef\xbb\xbf"
          "a,b\n1,2\n",
          "a=LONG:1 b=LONG:2\n");
    check("\"a\",\"b,c\"\n1,2\n", "a=LONG:1 b,c=LONG:2\n");
    check("a,b\n1,\n,2", "a=LONG:1 b=NULL\na=NULL b=LONG:2\n");
    check("a\nx\n\ny\n", "a=STRING:x\na=NULL\na=STRING:y\n");
}

static void test_utf16(void **state)
{
    static const char little[] = "\xff\xfe"
                                 "a\0,\0b\0\n\0"
                                 "1\0,\0\xe4\0\n\0";
    static const char big[] = "\xfe\xff"
                              "\0a\0,\0b\0\n\0"
                              "1\0,\0\xe4\0\n";
    (void)state;
    check_sized(&usual, little, sizeof(little) - 1, "a=LONG:1 b=STRING:\xc3\xa4\n");
    check_sized(&usual, big, sizeof(big) - 1, "a=LONG:1 b=STRING:\xc3\xa4\n");
    check_sized(
        &usual, little, sizeof(little) - 2,
        "a=LONG:1 b=STRING:\xc3\xa4\n! the output ends within a UTF-16 character at byte 16");
}

static void test_quotes(void **state)
{
    static const char nul[] = "a\nx\0y\n";
    (void)state;
    check("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n", "a=STRING:x,y b=STRING:say \"hi\"\n");
    check("a,b\n\"two\nlines\",\"and\r\nmore\"\n",
          "a=STRING:two\\nlines b=STRING:and\\r\\nmore\n");
    check("a,b\n\"\",\n", "a=STRING: b=NULL\n");
    check("a\n\"\"\"\"\n\"\"\"\"\"\"\n", "a=STRING:\"\na=STRING:\"\"\n");
    check("a,b\n\"7\",\"true\"\n", "a=LONG:7 b=BOOLEAN:true\n");
    check("a,b\n x ,\ty\n", "a=STRING: x  b=STRING:\\ty\n");
    check_sized(&usual, nul, sizeof(nul) - 1, "a=STRING:x\\x00y\n");
}

/* Each must come back as it was: that is the whole point of the types. */
static void test_values(void **state)
{
    (void)state;
    check("a\n0\n-1\n9223372036854775807\n9223372036854775808\n",
          "a=LONG:0\na=LONG:-1\na=LONG:9223372036854775807\na=DECIMAL:9223372036854775808\n");
    check("a\n007\n+1\n-0\n-0.00\n1.\n.5\n", "a=STRING:007\na=STRING:+1\na=STRING:-0\n"
                                             "a=STRING:-0.00\na=STRING:1.\na=STRING:.5\n");
    check("a\n0.5\n1.50\n3.0\n-2.25\n", "a=DOUBLE:0.5\na=DECIMAL:1.50\na=DECIMAL:3.0\n"
                                        "a=DOUBLE:-2.25\n");
    check("a\n1e3\n1E3\n1e+300\n1e22\n", "a=STRING:1e3\na=STRING:1E3\na=DOUBLE:1e+300\n"
                                         "a=STRING:1e22\n");
    check("a\n0.12345678901234567890123\n", "a=DECIMAL:0.12345678901234567890123\n");
    check("a\ntrue\nfalse\nTrue\nt\nnull\n", "a=BOOLEAN:true\na=BOOLEAN:false\na=STRING:True\n"
                                             "a=STRING:t\na=STRING:null\n");
    check(
        "a\n2024-02-29\n2024-02-30\n2024-02-29T10:20:30Z\n",
        "a=NAIVE_DATE:2024-02-29\na=STRING:2024-02-30\na=UTC_DATETIME:2024-02-29T10:20:30Z\n");
    check("a\n\"{\"\"b\"\":1}\"\n", "a=STRING:{\"b\":1}\n");
    check("a\nNaN\nInfinity\n0x10\n1_000\n12-5\n-\n",
          "a=STRING:NaN\na=STRING:Infinity\na=STRING:0x10\na=STRING:1_000\na=STRING:12-5\n"
          "a=STRING:-\n");
}

/* What a column of text gets back from the value is what stood there. */
static void test_values_come_back(void **state)
{
    static const char *const texts[] = {"0",
                                        "-1",
                                        "9223372036854775807",
                                        "0.1",
                                        "1.50",
                                        "-2.25",
                                        "1e+300",
                                        "5e-324",
                                        "123456.789",
                                        "9007199254740993",
                                        "0.30000000000000004",
                                        "100000000000000000000.5",
                                        "true"};
    struct buf scratch = BUF_INIT(1024);
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
        struct tl_value value = csv_value(texts[i], (uint32_t)strlen(texts[i]));
        struct tl_value back =
            types_fit(&value, types_observe(&value) | OBSERVED(TL_TYPE_STRING), &scratch);
        assert_int_equal(back.type, TL_TYPE_STRING);
        assert_int_equal(back.size, strlen(texts[i]));
        assert_memory_equal(back.as.text, texts[i], back.size);
    }
    buf_free(&scratch);
}

static void test_declared_numbers(void **state)
{
    struct buf scratch = BUF_INIT(1024);
    struct tl_value value = csv_value("1.50", 4);
    (void)state;
    assert_true(types_coerce(&value, TL_TYPE_DOUBLE, &scratch));
    assert_true(value.as.real == 1.5);
    value = csv_value("3.0", 3);
    assert_true(types_coerce(&value, TL_TYPE_INT, &scratch));
    assert_int_equal(value.as.integer, 3);
    value = csv_value("0.12345678901234567890123", 25);
    assert_false(types_coerce(&value, TL_TYPE_DOUBLE, &scratch));
    buf_free(&scratch);
}

static void test_ragged(void **state)
{
    (void)state;
    check("a,b\n1,2\n3\n",
          "a=LONG:1 b=LONG:2\n! row 2 at byte 8 has only 1 fields, and the header names 2");
    check("a,b\n1,2,3\n", "! row 1 at byte 4 has at least 3 fields, and the header names 2");
    check("a,b\n1,2,\n", "! row 1 at byte 4 has at least 3 fields, and the header names 2");
    check("a,b\n\"\"\n", "! row 1 at byte 4 has only 1 fields, and the header names 2");
}

static void test_not_csv(void **state)
{
    (void)state;
    check("a,b\n1,x\"y\n",
          "! row 1 is not valid CSV at byte 7: a quote in a field that does not "
          "begin with one; there stands \"\"y");
    check("a,b\n\"x\"y,1\n", "! row 1 is not valid CSV at byte 7: text after a field's closing "
                             "quote; there stands \"y");
    check("a,b\n\"x\" ,1\n", "! row 1 is not valid CSV at byte 7: text after");
    check("a,b\n1\r2\n",
          "! row 1 is not valid CSV at byte 5: a carriage return that no line feed "
          "follows");
    check("a\rb\n", "! the header is not valid CSV at byte 1: a carriage return");
    check("a,b\n1,\"x\n2,3\n", "! the output ends at byte 13, within the quotes of row 1 that "
                               "begins at byte 4");
    check("\"a,b\n",
          "! the output ends at byte 5, within the quotes of the header that begins at "
          "byte 0");
    check("a\n\xff\n",
          "! row 1 is not valid CSV at byte 2: bytes that are not UTF-8; there stands "
          "\"\\xff");
    check_with(&replacing, "a\xff\nx\xff\xc3y\n",
               "a\xef\xbf\xbd=STRING:x\xef\xbf\xbd\xef\xbf\xbdy\n");
}

static void test_header(void **state)
{
    struct buf csv = BUF_INIT(1 << 20);
    (void)state;
    check("a,b,a\n1,2,3\n", "! the header names a column twice: \"a\"");
    check(",b\n1,2\n", "=LONG:1 b=LONG:2\n");
    for (int i = 0; i < 65; i++)
        buf_append_char(&csv, 'x');
    check(buf_text(&csv), "! the header names a column by more than max_name_bytes");
    buf_reset(&csv);
    for (int i = 0; i < 2001; i++)
        buf_printf(&csv, "%sc%d", i > 0 ? "," : "", i);
    check(buf_text(&csv), "! row 1: column \"c2000\" would be one more than the limit of 2000");
    buf_free(&csv);
}

static void test_long_rows(void **state)
{
    struct buf csv = BUF_INIT(1 << 20), rows = BUF_INIT(1 << 20);
    (void)state;
    check_with(&tight, "a\n1234567\n", "a=LONG:1234567\n");
    check_with(&tight, "a\n12345678\n", "! row 1 at byte 2 is longer than max_row_bytes (8)");
    check_with(&tight, "a\n\"12345678", "! row 1 at byte 2 is longer than max_row_bytes (8)");
    check_with(&tight, "abcdefgh\n1\n",
               "! the header at byte 0 is longer than max_row_bytes (8)");
    buf_append_string(&csv, "a,b\n");
    buf_append_string(&rows, "");
    for (int i = 0; i < 5000; i++) {
        buf_printf(&csv, "%d,\"line %d\n\"\"%d\"\"\"\r\n", i, i, i);
        buf_printf(&rows, "a=LONG:%d b=STRING:line %d\\n\"%d\"\n", i, i, i);
    }
    check(buf_text(&csv), buf_text(&rows));
    buf_free(&csv);
    buf_free(&rows);
}

/* Each page begins with its own header, which may have another order. */
static void test_parts(void **state)
{
    static const char *const pages[] = {"a,b\n1,2\n",
                                        "\xef\xbb\xbf"
                                        "b,a\r\n4,3",
                                        "", "a\n5\n"};
    struct builder_limits limits = {.max_columns = 10, .block_bytes = 1 << 16, .block_rows = 9};
    struct rows_text text;
    struct builder builder;
    struct csv_reader *reader;
    struct tl_error err = {0};

    (void)state;
    rows_text_init(&text);
    builder_init(&builder, &text.sink, &limits);
    assert_int_equal(csv_reader_new(&usual, &builder, &reader, &err), TL_OK);
    assert_int_equal(csv_reader_headers(reader), 0);
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(csv_reader_feed(reader, pages[i], strlen(pages[i]), &err), TL_OK);
        assert_int_equal(csv_reader_finish_part(reader, &err), TL_OK);
    }
    assert_int_equal(csv_reader_headers(reader), 3);
    assert_int_equal(csv_reader_rows(reader), 3);
    assert_int_equal(builder_flush(&builder, &err), TL_OK);
    assert_string_equal(buf_text(&text.text),
                        "a=LONG:1 b=LONG:2\na=LONG:3 b=LONG:4\na=LONG:5\n");
    csv_reader_free(reader);
    builder_reset(&builder);
    buf_free(&text.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layout),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_values_come_back),
        cmocka_unit_test(test_declared_numbers),
        cmocka_unit_test(test_ragged),
        cmocka_unit_test(test_not_csv),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_long_rows),
        cmocka_unit_test(test_parts),
    };
    log_set_sink(NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
