/* The reader: which rows a stream of JSON holds, in any format, encoding and chunking. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "rows_text.h"

static const char *const id_key[] = {"id", NULL};
static const char *const two_keys[] = {"a", "b", NULL};

static struct json_reader_options with(const char *rows, const char *const *keys,
                                       enum json_format format)
{
    return (struct json_reader_options){.rows = rows,
                                        .key_columns = keys,
                                        .format = format,
                                        .max_row_bytes = 8 << 20,
                                        .max_depth = 100};
}

/* The text gives the rows, or the beginning of the message after them, however it is cut. */
static void check_sized(struct json_reader_options options, const char *json, size_t size,
                        const char *expected)
{
    static const size_t pieces[] = {0, 1, 997, 5, 64, 65};
    for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
        struct buf rows = BUF_INIT(1 << 26);
        rows_text_read(&options, json, size, &pieces[i], 1, &rows);
        if (strstr(expected, "! ") == NULL ||
            strncmp(buf_text(&rows), expected, strlen(expected)) != 0)
            assert_string_equal(buf_text(&rows), expected);
        buf_free(&rows);
    }
}

static void check(struct json_reader_options options, const char *json, const char *expected)
{
    check_sized(options, json, strlen(json), expected);
}

static void test_layouts(void **state)
{
    struct json_reader_options any = with(NULL, NULL, JSON_FORMAT_AUTO);
    (void)state;
    check(any, "", "");
    check(any, " \r\n\t", "");
    check(any, "[]", "");
    check(any, "{}", "\n");
    check(any, "{\"a\":1}", "a=LONG:1\n");
    check(any, "[{\"a\":1},{\"a\":2}]", "a=LONG:1\na=LONG:2\n");
    check(any, "[\r\n  {\"a\": 1},\r\n  {\"a\": 2}\r\n]\r\n", "a=LONG:1\na=LONG:2\n");
    check(any, "{\"a\":1}\n{\"a\":2}", "a=LONG:1\na=LONG:2\n");
    check(any, "{\"a\":1}\r\n\r\n{\"a\":2}\r\n", "a=LONG:1\na=LONG:2\n");
    check(any, "{\"a\":1}{\"a\":2}", "a=LONG:1\na=LONG:2\n");
    check(any, "{\n\"a\":\n1\n}\n{\n\"a\":2}", "a=LONG:1\na=LONG:2\n");
    check(any, "[{\"a\":1}][]\n{\"a\":2}[{\"a\":3}]", "a=LONG:1\na=LONG:2\na=LONG:3\n");
    check(any, "\xef\xbb\xbf{\"a\":1}", "a=LONG:1\n");
}

static void test_formats(void **state)
{
    struct json_reader_options json = with(NULL, NULL, JSON_FORMAT_JSON);
    struct json_reader_options lines = with(NULL, NULL, JSON_FORMAT_NDJSON);
    (void)state;
    check(json, "[{\"a\":1}]\n", "a=LONG:1\n");
    check(json, "{\"a\":\n1}", "a=LONG:1\n");
    check(json, "", "");
    check(
        json, "{\"a\":1}\n{\"a\":2}",
        "a=LONG:1\n! the output is not valid JSON at byte 8, after row 1: more text after the "
        "document (json)");
    check(lines, "{\"a\":1}\n\n{\"a\":2}\r\n", "a=LONG:1\na=LONG:2\n");
    check(lines, "[{\"a\":1},{\"a\":2}]\n{\"a\":3}", "a=LONG:1\na=LONG:2\na=LONG:3\n");
    check(
        lines, "{\"a\":1} {\"a\":2}",
        "a=LONG:1\n! the output is not valid JSON at byte 8, after row 1: more text after the "
        "value on a line (ndjson)");
    check(lines, "[{\"a\":1},\n{\"a\":2}]",
          "a=LONG:1\n! the output is not valid JSON at byte 9, after row 1: a value that goes "
          "on");
}

/* Feeds each text as a part of its own; gives how many rows there were and what went wrong. */
static void check_parts(struct json_reader_options options, const char *const *parts,
                        uint64_t n_rows, const char *message)
{
    struct builder_limits limits = {
        .max_columns = 10, .block_bytes = 64 << 10, .block_rows = 500};
    struct json_row_limits row_limits = {.max_depth = 100, .max_name_bytes = 1024};
    struct rows_text text;
    struct json_rows rows;
    struct builder builder;
    struct json_reader *reader;
    struct tl_error err = {0};

    rows_text_init(&text);
    builder_init(&builder, &text.sink, &limits);
    json_rows_init(&rows, &builder, &row_limits);
    assert_int_equal(json_reader_new(&options, &rows.sink, &reader, &err), TL_OK);
    for (; err.status == TL_OK && *parts != NULL; parts++)
        if (json_reader_feed(reader, *parts, strlen(*parts), &err) == TL_OK)
            err.status = json_reader_finish_part(reader, &err);
    assert_string_equal(err.message, message);
    assert_int_equal(json_reader_rows(reader), n_rows);
    json_reader_free(reader);
    json_rows_reset(&rows);
    builder_reset(&builder);
    buf_free(&text.text);
}

static void test_parts(void **state)
{
    static const char *const pages[] = {"{\"a\":1}",      "",          "[{\"a\":2},{\"a\":3}]",
                                        "\xef\xbb\xbf[]", "{\"a\":4}", NULL};
    static const char *const cut[] = {"[{\"a\":1}]", "[{\"a\":2},", "{\"a\":3}]", NULL};
    static const char *const lost[] = {"{\"rows\":[{\"a\":1}]}", "{\"error\":\"no\"}", NULL};
    (void)state;
    check_parts(with(NULL, NULL, JSON_FORMAT_JSON), pages, 4, "");
    check_parts(with(NULL, NULL, JSON_FORMAT_AUTO), cut, 2,
                "the output ends at byte 9, after row 2, within the document that begins at "
                "byte 0");
    check_parts(
        with("/rows", NULL, JSON_FORMAT_AUTO), lost, 1,
        "there are no rows at \"/rows\": at \"\" the output has an object with \"error\"");
}

static void test_ndjson_value_over_lines(void **state)
{
    static const char json[] = "{\"a\":1}\n{\"a\":\n2}\n";
    struct json_reader_options options = with(NULL, NULL, JSON_FORMAT_NDJSON);
    static const size_t whole = 0;
    struct buf rows = BUF_INIT(1 << 20);
    (void)state;
    rows_text_read(&options, json, strlen(json), &whole, 1, &rows);
    assert_non_null(
        strstr(buf_text(&rows), "! the output is not valid JSON at byte 13, after row 1"));
    buf_free(&rows);
}

static void test_default_rule(void **state)
{
    struct json_reader_options id = with(NULL, id_key, JSON_FORMAT_AUTO);
    struct json_reader_options keyless = with(NULL, NULL, JSON_FORMAT_AUTO);
    struct json_reader_options two = with(NULL, two_keys, JSON_FORMAT_AUTO);
    (void)state;
    check(id, "{\"data\":[{\"id\":1},{\"id\":2}],\"next\":{\"page\":[2]}}",
          "id=LONG:1\nid=LONG:2\n");
    check(id, "{\"total\":2,\"data\":[{\"id\":1},{\"id\":2}]}", "id=LONG:1\nid=LONG:2\n");
    check(id, "{\"d\\u0061ta\":[{\"id\":1}]}", "id=LONG:1\n");
    check(id, "{\"data\":[]}", "");
    check(id, "{\"data\":[{\"id\":1}],\"x\":{\"id\":5}}", "id=LONG:1\n");
    check(id, "{\"id\":7,\"data\":[1,2]}", "id=LONG:7 data=JSON:[1,2]\n");
    check(id, "{\"data\":[1,2],\"id\":7}", "data=JSON:[1,2] id=LONG:7\n");
    check(id, "{\"data\":[1,2],\"\\u0069d\":7}", "data=JSON:[1,2] id=LONG:7\n");
    check(id, "{\"data\":{\"id\":1}}", "data=JSON:{\"id\":1}\n");
    check(id, "{\"data\":null,\"error\":\"no\"}", "data=NULL error=STRING:no\n");
    check(id, "{\"x\":{\"data\":[1]}}", "x=JSON:{\"data\":[1]}\n");
    check(keyless, "{\"data\":[{\"x\":1}],\"id\":7}", "x=LONG:1\n");
    check(two, "{\"a\":1,\"data\":[{\"a\":1,\"b\":2}]}", "a=LONG:1 b=LONG:2\n");
    check(two, "{\"a\":1,\"data\":[],\"b\":2}", "a=LONG:1 data=JSON:[] b=LONG:2\n");
    /* For each document anew; the wrapper's own members make no columns. */
    check(
        id,
        "{\"n\":1,\"data\":[{\"id\":1}]}\n{\"id\":2,\"n\":3}\n{\"n\":2,\"data\":[{\"id\":3}]}",
        "id=LONG:1\nid=LONG:2 n=LONG:3\nid=LONG:3\n");
}

/* A wrapper larger than what is held for the decision, with the key in each place. */
static void make_wrapper(struct buf *out, const char *before, const char *after)
{
    buf_reset(out);
    buf_printf(out, "{%s\"data\":[", before);
    for (int i = 0; i < 15000; i++)
        buf_printf(out, "%s{\"id\":%d,\"text\":\"%090d\"}", i ? "," : "", i, i);
    buf_printf(out, "]%s}", after);
}

static size_t count_lines(const struct buf *text)
{
    size_t lines = 0;
    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static void test_large_wrapper(void **state)
{
    static const size_t piece = 4096;
    struct json_reader_options id = with(NULL, id_key, JSON_FORMAT_AUTO);
    struct buf json = BUF_INIT(1 << 26), rows = BUF_INIT(1 << 26);
    (void)state;
    make_wrapper(&json, "\"n\":1,", ",\"n\":1");
    rows_text_read(&id, buf_text(&json), json.size, &piece, 1, &rows);
    assert_int_equal(count_lines(&rows), 15000);

    make_wrapper(&json, "\"id\":1,", "");
    buf_reset(&rows);
    rows_text_read(&id, buf_text(&json), json.size, &piece, 1, &rows);
    assert_int_equal(count_lines(&rows), 1);

    make_wrapper(&json, "", ",\"id\":1");
    buf_reset(&rows);
    rows_text_read(&id, buf_text(&json), json.size, &piece, 1, &rows);
    assert_non_null(
        strstr(buf_text(&rows), "! the object at byte 0 has the primary key only after"));
    buf_free(&json);
    buf_free(&rows);
}

static void test_pointer(void **state)
{
    (void)state;
    check(with("/a/b", NULL, 0),
          "{\"x\":[{\"b\":[{\"n\":9}]}],\"a\":{\"b\":[{\"n\":1}],\"c\":[1]}}", "n=LONG:1\n");
    check(with("/a/b", NULL, 0), "{\"a\":{\"b\":[{\"n\":1}]},\"c\":{\"b\":[{\"n\":9}]}}",
          "n=LONG:1\n");
    check(with("/a", NULL, 0), "{\"a\":{\"n\":1}}", "n=LONG:1\n");
    check(with("", NULL, 0), "{\"data\":[{\"n\":1}]}", "data=JSON:[{\"n\":1}]\n");
    check(with("", NULL, 0), "[{\"n\":1}]{\"n\":2}", "n=LONG:1\nn=LONG:2\n");
    check(with("/a/1", NULL, 0), "{\"a\":[[{\"n\":1}],[{\"n\":2}]]}", "n=LONG:2\n");
    check(with("/0", NULL, 0), "[{\"n\":1},{\"n\":2}]", "n=LONG:1\n");
    check(with("/a~1b/~0", NULL, 0), "{\"a/b\":{\"~\":[{\"n\":1}]}}", "n=LONG:1\n");
    check(with("/\xc3\xa9", NULL, 0), "{\"\\u00e9\":[{\"n\":1}]}", "n=LONG:1\n");
    check(with("/*", NULL, 0), "{\"a\":[{\"n\":1}],\"b\":{\"n\":2}}", "n=LONG:1\nn=LONG:2\n");
    check(with("/~2", NULL, 0), "{\"a\":[{\"n\":1}],\"*\":[{\"n\":2}]}", "n=LONG:2\n");
    check(with("/r/*/i", NULL, 0),
          "{\"r\":[{\"i\":[{\"n\":1},{\"n\":2}]},{\"j\":[{\"n\":9}]},{\"i\":[]},{\"i\":[{\"n\":"
          "3}]}]}",
          "n=LONG:1\nn=LONG:2\nn=LONG:3\n");
    check(with("/a", NULL, 0), "{\"a\":[{\"n\":1}]}\n{\"b\":1}\n5\n{\"a\":[{\"n\":2}]}",
          "n=LONG:1\nn=LONG:2\n");
    check(with("/a", NULL, 0), "", "");
    check(with("/a", NULL, 0), "{\"a\":[]}", "");
}

static void test_pointer_not_found(void **state)
{
    (void)state;
    check(with("/a/b", NULL, 0), "{\"a\":{\"c\":1,\"d\":2}}",
          "! there are no rows at \"/a/b\": at \"/a\" the output has an object with \"c\", "
          "\"d\"\n");
    check(with("/a/b", NULL, 0), "{\"x\":{\"b\":[]}}",
          "! there are no rows at \"/a/b\": at \"\" the output has an object with \"x\"\n");
    check(with("/a/b", NULL, 0), "{\"a\":7}",
          "! there are no rows at \"/a/b\": at \"/a\" the output has a number\n");
    check(with("/a", NULL, 0), "[{\"a\":[]}]",
          "! there are no rows at \"/a\": at \"\" the output has an array\n");
    check(with("/a", NULL, 0), "{\"a\":null}", "! row 1 at byte 5 is null, not an object\n");
    check(with("/a", NULL, 0), "{}",
          "! there are no rows at \"/a\": at \"\" the output has an object");
}

/* Rows are handed over as they come: the last of equal keys can win within a row only. */
static void test_ways_that_stand_twice(void **state)
{
    struct json_reader_options any = with(NULL, NULL, JSON_FORMAT_AUTO);
    (void)state;
    check(any, "{\"data\":[{\"a\":1}],\"data\":[{\"a\":2}]}",
          "a=LONG:1\n! the key \"data\" that leads to the rows stands twice in one object, "
          "again at byte 18, after row 1\n");
    check(with("/r/x", NULL, 0), "{\"r\":{\"x\":[{\"a\":1}]},\"\\u0072\":{\"x\":[]}}",
          "a=LONG:1\n! the key \"r\" that leads to the rows stands twice in one object, again "
          "at byte 21, after row 1\n");
    check(with("/r", NULL, 0), "{\"a\":1,\"a\":2,\"r\":[{\"r\":1,\"b\":2}]}",
          "r=LONG:1 b=LONG:2\n");
    check(with("/r/*/x", NULL, 0), "{\"r\":[{\"x\":{\"a\":1}},{\"x\":{\"a\":2}}]}",
          "a=LONG:1\na=LONG:2\n");
    check(with("/r", NULL, 0), "{\"r\":{\"a\":1}}{\"r\":{\"a\":2}}", "a=LONG:1\na=LONG:2\n");
}

static void test_not_rows(void **state)
{
    struct json_reader_options any = with(NULL, NULL, JSON_FORMAT_AUTO);
    (void)state;
    check(any, "[{\"a\":1}, 17]", "a=LONG:1\n! row 2 at byte 10 is a number, not an object\n");
    check(any, "[[]]", "! row 1 at byte 1 is an array, not an object\n");
    check(any, "{\"a\":1}\n\"x\"", "a=LONG:1\n! row 2 at byte 8 is a string, not an object");
    check(any, "5 updates can be applied",
          "! row 1 at byte 0 is a number, not an object; there stands \"5 ");
    check(any, "Welcome to Debian\n{\"a\":1}",
          "! the output is not JSON: at byte 0 it goes \"Welcome to Debian\\n{");
    check(any, "-bash: x: not found", "! the output is not JSON: at byte 0 it goes \"-bash");
    check(any, "no data", "! the output is not JSON: at byte 0 it goes \"no data\"\n");
    check(any, "null", "! row 1 at byte 0 is null, not an object; there stands \"null\"\n");
    check(any, "\n<html>", "! the output is not JSON: at byte 1 it goes \"<html>\"\n");
    check(any, "\x1b[31mred", "! the output is not JSON: at byte 0 it goes \"\\x1b[31mred\"\n");
    check(any, "nothing", "! the output is not JSON: at byte 0 it goes \"nothing\"\n");
    check(any, "{\"a\":1},", "a=LONG:1\n! the output is not valid JSON at byte 7, after row 1");
    check(
        any, "[{\"a\":1} {\"a\":2}]",
        "a=LONG:1\n! the output is not valid JSON at byte 9, after row 1: expected ',' or ']'");
    check(any, "[{\"a\":1},]",
          "a=LONG:1\n! the output is not valid JSON at byte 9, after row 1");
}

static void test_long_noise_is_cut(void **state)
{
    static const size_t whole = 0;
    struct json_reader_options any = with(NULL, NULL, JSON_FORMAT_AUTO);
    struct buf json = BUF_INIT(1 << 20), rows = BUF_INIT(1 << 20);
    (void)state;
    for (int i = 0; i < 1000; i++)
        buf_append_string(&json, "noise ");
    rows_text_read(&any, buf_text(&json), json.size, &whole, 1, &rows);
    assert_true(rows.size < 130);
    assert_non_null(strstr(buf_text(&rows), "noise...\"") ? ""
                                                          : strstr(buf_text(&rows), "...\""));
    buf_free(&json);
    buf_free(&rows);
}

static void test_cut_short(void **state)
{
    struct json_reader_options any = with(NULL, NULL, JSON_FORMAT_AUTO);
    (void)state;
    check(any, "[{\"a\":1},{\"a\":",
          "a=LONG:1\n! the output ends at byte 14, within row 2 that begins at byte 9\n");
    check(any, "[{\"a\":1}",
          "a=LONG:1\n! the output ends at byte 8, after row 1, within the document that begins "
          "at "
          "byte 0\n");
    check(any, "{\"data\":[{\"id\":1},{\"id\":2}]",
          "! the output ends at byte 27, within row 1 that begins at byte 0\n");
    check(with("/a", NULL, 0), "{\"a\":[],\"b\":\"x",
          "! the output ends at byte 14, before the first row, within the document");
    check(with("/a", NULL, 0), "{\"a\":[],\"b\":1", "! the output ends at byte 13");
    check(with("/a", NULL, 0), "{\"a\"", "! the output ends at byte 4");
    /* What is wrong before the end counts first. */
    check(any, "{\"a\":tru1", "! row 1 is not valid JSON at byte 5");
}

/* No beginning of a document is taken for a document. */
static void test_every_prefix(void **state)
{
    static const char json[] =
        "{\"data\":[{\"id\":1,\"n\":{\"x\":[1.5e3,\"\\ud83d\\ude00\",null]}},"
        "{\"id\":2,\"t\":true}],\"page\":{\"next\":[false,-1]}}";
    struct json_reader_options options = with("/data", NULL, JSON_FORMAT_AUTO);
    static const size_t pieces[] = {0, 1, 3};
    (void)state;
    for (size_t size = 1; size <= sizeof(json) - 1; size++) {
        for (size_t i = 0; i < 3; i++) {
            struct buf rows = BUF_INIT(1 << 20);
            rows_text_read(&options, json, size, &pieces[i], 1, &rows);
            assert_int_equal(strstr(buf_text(&rows), "! ") == NULL, size == sizeof(json) - 1);
            buf_free(&rows);
        }
    }
}

static void test_utf16(void **state)
{
    static const char text[] = "[{\"a\":\"x\"},{\"a\":2}]\r\n";
    struct json_reader_options any = with(NULL, NULL, JSON_FORMAT_AUTO);
    char wide[2 * sizeof(text) + 16];
    (void)state;
    for (int big = 0; big < 2; big++) {
        size_t size = 0;
        wide[size++] = big ? '\xfe' : '\xff';
        wide[size++] = big ? '\xff' : '\xfe';
        for (size_t i = 0; i < sizeof(text) - 1; i++) {
            /* x becomes U+1F600, a pair. */
            static const unsigned char pair[] = {0xd8, 0x3d, 0xde, 0x00};
            unsigned char units[4] = {0, (unsigned char)text[i]};
            size_t n = 2;
            if (text[i] == 'x') {
                memcpy(units, pair, 4);
                n = 4;
            }
            for (size_t k = 0; k < n; k++)
                wide[size++] = (char)units[big ? k : k ^ 1];
        }
        check_sized(any, wide, size, "a=STRING:\xf0\x9f\x98\x80\na=LONG:2\n");
        check_sized(
            any, wide, size - 1,
            "a=STRING:\xf0\x9f\x98\x80\na=LONG:2\n! the output ends within a UTF-16 character");
    }
}

static void test_limits(void **state)
{
    struct json_reader_options options = with(NULL, NULL, JSON_FORMAT_AUTO);
    (void)state;
    options.max_row_bytes = 20;
    check(options, "{\"a\":\"0123456789ab\"}", "a=STRING:0123456789ab\n");
    check(options, "{\"a\":\"0123456789abc\"}",
          "! row 1 at byte 0 is longer than max_row_bytes (20)\n");
    check(options, "[{\"a\":1},{\"a\":\"0123456789abc\"}]",
          "a=LONG:1\n! row 2 at byte 9 is longer than max_row_bytes (20)\n");
    check(options, "{\"data\":[{\"a\":1},{\"a\":2},{\"a\":3}]}",
          "a=LONG:1\na=LONG:2\na=LONG:3\n");
    options.rows = "/rows";
    check(options, "{\"skipped\":[\"0123456789\"],\"rows\":[]}", "");
    options.max_depth = 3;
    check(options, "{\"s\":[[]],\"rows\":[]}", "");
    check(options, "{\"s\":[[[]]],\"rows\":[]}",
          "! the output is nested deeper than max_depth (3) at byte 7, before the first row");
}

static void test_options_refused(void **state)
{
    struct json_row_sink sink = {0};
    struct json_reader *reader;
    struct tl_error err = {0};
    struct json_reader_options options = with("no slash", NULL, JSON_FORMAT_AUTO);
    (void)state;
    assert_int_equal(json_reader_new(&options, &sink, &reader, &err), TL_CONFIGURATION);
    assert_null(reader);
    options = with(NULL, NULL, JSON_FORMAT_AUTO);
    options.max_depth = JSON_DEPTH_LIMIT + 1;
    assert_int_equal(json_reader_new(&options, &sink, &reader, &err), TL_CONFIGURATION);
    options.max_depth = 10;
    options.max_row_bytes = (size_t)JSON_ROW_BYTES_LIMIT + 1;
    assert_int_equal(json_reader_new(&options, &sink, &reader, &err), TL_CONFIGURATION);
    json_reader_free(NULL);
}

/* A row of megabytes fed byte by byte takes time in proportion to its size. */
static void test_large_row_in_bytes(void **state)
{
    static const size_t one = 1;
    struct json_reader_options any = with(NULL, id_key, JSON_FORMAT_AUTO);
    struct buf json = BUF_INIT(1 << 26), rows = BUF_INIT(1 << 26);
    clock_t start = clock();
    (void)state;
    buf_append_string(&json, "{\"id\":1,\"data\":[");
    while (json.size < (size_t)3 << 20)
        buf_append_string(&json, "[\"text\\n\"], ");
    buf_append_string(&json, "0]}{\"id\":2}");
    rows_text_read(&any, buf_text(&json), json.size, &one, 1, &rows);
    assert_int_equal(count_lines(&rows), 2);
    assert_true(clock() - start < 30 * CLOCKS_PER_SEC);
    buf_free(&json);
    buf_free(&rows);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_layouts),
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_ndjson_value_over_lines),
        cmocka_unit_test(test_default_rule),
        cmocka_unit_test(test_large_wrapper),
        cmocka_unit_test(test_pointer),
        cmocka_unit_test(test_pointer_not_found),
        cmocka_unit_test(test_ways_that_stand_twice),
        cmocka_unit_test(test_not_rows),
        cmocka_unit_test(test_long_noise_is_cut),
        cmocka_unit_test(test_cut_short),
        cmocka_unit_test(test_every_prefix),
        cmocka_unit_test(test_utf16),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_options_refused),
        cmocka_unit_test(test_large_row_in_bytes),
        cmocka_unit_test(test_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
