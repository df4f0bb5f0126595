/* Types as `columns` declares them, and how many digits a number takes. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "config/config.h"
#include "rows/number.h"
#include "towline/stream.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const struct tl_option options[] = {
    {.name = "columns", .kind = TL_OPTION_COLUMNS, .help = "types"},
    {.name = NULL},
};

static struct tl_config *config;
static struct tl_error err;

static enum tl_status parse(const char *json)
{
    static const struct tl_option *const tables[] = {options, NULL};
    config_free(config);
    config = NULL;
    err = (struct tl_error){0};
    return config_parse(json, strlen(json), tables, &config, &err);
}

static void expect(const char *json, const char *const *types)
{
    const char *column, *type;
    size_t i = 0;

    assert_int_equal(parse(json), TL_OK);
    for (; types[i] != NULL; i++) {
        assert_true(tl_config_pair(config, "columns", i, &column, &type));
        assert_string_equal(type, types[i]);
    }
    assert_false(tl_config_pair(config, "columns", i, &column, &type));
}

static void refuse(const char *json, const char *message)
{
    assert_int_equal(parse(json), TL_CONFIGURATION);
    assert_string_equal(err.message, message);
}

static void types_have_names(void **state)
{
    static const struct {
        const char *text;
        enum tl_type type; /* TL_TYPE_COUNT: refused */
        uint32_t precision, scale;
    } cases[] = {
        {"LONG", TL_TYPE_LONG, 0, 0},
        {"decimal", TL_TYPE_DECIMAL, 0, 0},
        {"DECIMAL(10,2)", TL_TYPE_DECIMAL, 10, 2},
        {"Decimal ( 38 , 38 ) ", TL_TYPE_DECIMAL, 38, 38},
        {"DECIMAL(1000)", TL_TYPE_DECIMAL, 1000, 0},
        {"DECIMAL(1001,0)", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(99999999999,0)", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(2,3)", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(0,0)", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL()", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(10,)", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(10,-2)", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(10,2", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(10,2)x", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL(10,2,1)", TL_TYPE_COUNT, 0, 0},
        {"DECIMAL 10", TL_TYPE_COUNT, 0, 0},
        {"LONG(10,2)", TL_TYPE_COUNT, 0, 0},
        {"NULL", TL_TYPE_COUNT, 0, 0},
        {"(10,2)", TL_TYPE_COUNT, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tl_column column = {.name = "c", .type = TL_TYPE_COUNT};
        bool taken = tl_column_set_type(&column, cases[i].text);
        if (taken != (cases[i].type != TL_TYPE_COUNT))
            fail_msg("%s", cases[i].text);
        assert_string_equal(column.name, "c");
        assert_int_equal(column.type, cases[i].type);
        assert_int_equal(column.precision, cases[i].precision);
        assert_int_equal(column.scale, cases[i].scale);
    }
}

static void a_number_has_places(void **state)
{
    static const struct {
        const char *text;
        int64_t written[2], needed[2];
    } cases[] = {
        {"7", {1, 0}, {1, 0}},
        {"1.50", {1, 2}, {1, 1}},
        {"-120.00", {3, 2}, {3, 0}},
        {"0.05", {1, 2}, {0, 2}},
        {"1e3", {4, 0}, {4, 0}},
        {"1500E-2", {2, 2}, {2, 0}},
        {"0.012e1", {2, 2}, {0, 2}},
        {"1.5e-3", {0, 4}, {0, 4}},
        {"0", {1, 0}, {0, 0}},
        {"-0.000", {1, 3}, {0, 0}},
        {"0e400", {401, 0}, {0, 0}},
        {"12345678901234567890.10", {20, 2}, {20, 1}},
        {"1000000000000000000000e-21", {1, 21}, {1, 0}},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t size = (uint32_t)strlen(cases[i].text);
        struct number_places written = number_written_places(cases[i].text, size);
        struct number_places needed = number_needed_places(cases[i].text, size);
        if (written.whole != cases[i].written[0] || written.fraction != cases[i].written[1] ||
            needed.whole != cases[i].needed[0] || needed.fraction != cases[i].needed[1])
            fail_msg("%s: %d.%d, %d.%d", cases[i].text, (int)written.whole,
                     (int)written.fraction, (int)needed.whole, (int)needed.fraction);
    }
}

static void types_may_be_objects(void **state)
{
    (void)state;
    expect(
        "{\"columns\": {\"a\": {\"type\": \"DECIMAL\", \"precision\": 10, \"scale\": 2},"
        "\"b\": {\"scale\": \"0\", \"precision\": \"5\", \"type\": \"decimal\"},"
        "\"c\": {\"type\": \"LONG\"}, \"d\": \"DECIMAL(38,9)\"}}",
        (const char *const[]){"DECIMAL(10,2)", "decimal(5,0)", "LONG", "DECIMAL(38,9)", NULL});
    /* a column of that name, and no file's content */
    expect("{\"columns\": {\"file\": \"DECIMAL(9,2)\"}}",
           (const char *const[]){"DECIMAL(9,2)", NULL});
    config_free(config);
    config = NULL;
}

static void objects_that_are_no_type_are_refused(void **state)
{
    (void)state;
    refuse("{\"columns\": {\"a\": {\"precision\": 1}}}", "\"columns.a.type\" is missing");
    refuse("{\"columns\": {\"a\": {\"type\": \"DECIMAL\", \"scael\": 1}}}",
           "unknown key \"columns.a.scael\"; did you mean \"scale\"?");
    refuse("{\"columns\": {\"a\": {\"type\": \"DECIMAL\", \"scale\": 1}}}",
           "\"columns.a\" has a scale but no precision");
    refuse("{\"columns\": {\"a\": {\"type\": \"DECIMAL\", \"precision\": 1001}}}",
           "\"columns.a.precision\" is \"1001\": not between 1 and 1000");
    refuse("{\"columns\": {\"a\": []}}", "\"columns.a\" is an array: not a type's name");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_have_names),
        cmocka_unit_test(a_number_has_places),
        cmocka_unit_test(types_may_be_objects),
        cmocka_unit_test(objects_that_are_no_type_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
