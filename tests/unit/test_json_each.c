/* tl_json_rows: each row's text, found as a stream's rows are. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/buf.h"
#include "towline/json.h"

struct collector {
    struct tl_json_visitor base;
    struct buf rows;
};

static enum tl_status collect(struct tl_json_visitor *visitor, const char *json, size_t size,
                              struct tl_error *err)
{
    struct collector *self = (struct collector *)visitor;

    buf_append(&self->rows, json, size);
    buf_append_char(&self->rows, '\n');
    return memmem(json, size, "stop", 4) != NULL ? tl_fail(err, TL_DATA, "stopped") : TL_OK;
}

static void check(const char *json, const char *rows, enum tl_status status,
                  const char *expected)
{
    struct collector collector = {.base = {collect}, .rows = BUF_INIT(1024)};
    struct tl_error err = {0};

    if (tl_json_rows(json, strlen(json), rows, &collector.base, &err) != status)
        fail_msg("%s: %s", json, err.message);
    assert_string_equal(buf_text(&collector.rows), expected);
    buf_free(&collector.rows);
}

static void rows_are_found_as_a_streams_are(void **state)
{
    (void)state;
    check("", NULL, TL_OK, "");
    check("[{\"a\":1},{\"a\":{\"b\":[2]}}]", NULL, TL_OK, "{\"a\":1}\n{\"a\":{\"b\":[2]}}\n");
    check("{\"n\":1,\"data\":[{\"a\":1}]}", NULL, TL_OK, "{\"a\":1}\n");
    check("{\"n\":1,\"data\":2}", NULL, TL_OK, "{\"n\":1,\"data\":2}\n");
    check("{\"a\":1}\n{\"a\":2}", NULL, TL_OK, "{\"a\":1}\n{\"a\":2}\n");
    check("{\"x\":{\"y\":[{}]}}", "/x/y", TL_OK, "{}\n");
    check("{\"x\":[{\"y\":[{\"a\":1}]},{\"y\":[]}]}", "/x/*/y", TL_OK, "{\"a\":1}\n");
}

static void what_holds_no_rows_fails(void **state)
{
    (void)state;
    check("[{\"a\":1}", NULL, TL_DATA, "{\"a\":1}\n");
    check("[{\"a\":1},{\"a\":}]", NULL, TL_DATA, "{\"a\":1}\n");
    check("{\"x\":1}", "/y", TL_DATA, "");
    check("[1]", NULL, TL_DATA, "");
    check("{}", "y", TL_CONFIGURATION, "");
}

static void the_visitor_may_stop(void **state)
{
    (void)state;
    check("[{\"a\":\"stop\"},{}]", NULL, TL_DATA, "{\"a\":\"stop\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_found_as_a_streams_are),
        cmocka_unit_test(what_holds_no_rows_fails),
        cmocka_unit_test(the_visitor_may_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
