/* Cursors: order, the highest value, and stepping back from it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "rows/types.h"
#include "sync/cursor.h"

/* A value as the JSON parser would make it: a number, or text of the type its form says. */
static struct tl_value value_of(const char *text, bool number)
{
    uint32_t size = (uint32_t)strlen(text);
    return number ? types_number(text, size) : tl_text(types_string(text, size), text, size);
}

static void values_are_ordered_by_meaning(void **state)
{
    /* Each lower than the next. */
    static const char *const numbers[] = {"-1e400",
                                          "-12345678901234567890",
                                          "-2",
                                          "-1.5",
                                          "-0.1",
                                          "0",
                                          "1e-400",
                                          "0.25",
                                          "1",
                                          "1.0000000000000000001",
                                          "2",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "9223372036854775807",
                                          "9223372036854775808",
                                          "18446744073709551616",
                                          "1e30",
                                          "1e400"};
    static const char *const instants[] = {
        "2026-11-21T11:59:59Z",        "2026-11-21T12:00:00Z",
        "2026-11-21T12:00:00.000001Z", "2026-11-21T14:00:00.5+02:00",
        "2026-11-21T07:30:00-05:00",   "2027-01-01T00:00:00Z"};
    static const char *const texts[] = {"", "10", "2", "A", "a", "aa", "\xc3\xa9"};
    const struct {
        const char *const *list;
        size_t count;
        bool number;
    } groups[] = {{numbers, 18, true}, {instants, 6, false}, {texts, 7, false}};

    (void)state;
    for (size_t g = 0; g < 3; g++)
        for (size_t i = 0; i < groups[g].count; i++)
            for (size_t j = 0; j < groups[g].count; j++) {
                struct tl_value left = value_of(groups[g].list[i], groups[g].number);
                struct tl_value right = value_of(groups[g].list[j], groups[g].number);
                int order;
                assert_true(cursor_compare(&left, &right, &order));
                if ((order > 0) - (order < 0) != (i > j) - (i < j))
                    fail_msg("%s against %s gives %d", groups[g].list[i], groups[g].list[j],
                             order);
            }
}

static void the_highest_value_is_kept_and_mixing_refused(void **state)
{
    struct tl_value values[] = {tl_null(), tl_long(3), tl_long(7), tl_long(5), tl_null()};
    struct tl_value text = tl_string("x"), nested = tl_text(TL_TYPE_JSON, "[1]", 3);
    struct tl_value with_nul = tl_text(TL_TYPE_STRING, "a\0b", 3);
    struct tl_error err = {0};
    struct cursor cursor;

    (void)state;
    cursor_init(&cursor);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(cursor_follow(&cursor, &values[i], &err), TL_OK);
    assert_int_equal(cursor.value.as.integer, 7);
    assert_int_equal(cursor_follow(&cursor, &text, &err), TL_DATA);
    assert_int_equal(cursor_follow(&cursor, &nested, &err), TL_DATA);
    cursor_reset(&cursor);
    assert_int_equal(cursor_follow(&cursor, &with_nul, &err), TL_DATA);
    cursor_reset(&cursor);
}

static void overlaps_are_numbers_or_durations(void **state)
{
    static const char *const valid[] = {"0", "5", "0.5", "90s", "15m", "2h", "1d"};
    static const char *const wrong[] = {"",     "abc", "-5",  "5x",   "m",
                                        "1d2h", "nan", "inf", "1e300"};

    (void)state;
    for (size_t i = 0; i < sizeof(valid) / sizeof(valid[0]); i++)
        assert_true(cursor_overlap_is_valid(valid[i]));
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_false(cursor_overlap_is_valid(wrong[i]));
}

static void stepping_back_keeps_the_form(void **state)
{
    static const struct {
        const char *text, *overlap, *result;
    } cases[] = {
        {"100", "10", "90"},
        {"9223372036854775807", "1", "9223372036854775806"},
        {"1.5", "0.25", "1.25"},
        {"2026-11-21T12:00:00Z", "60", "2026-11-21T11:59:00Z"},
        {"2026-11-21T12:00:00Z", "15m", "2026-11-21T11:45:00Z"},
        {"2026-03-01 00:00:00.123456+02:00", "1d", "2026-02-28 00:00:00.123456+02:00"},
        {"2026-01-01T00:00:00", "2h", "2025-12-31T22:00:00"},
        {"2026-01-01", "1d", "2025-12-31"},
        {"0001-01-02T00:00:00Z", "9d", "0001-01-01T00:00:00Z"},      /* no year 0 */
        {"123456789012345678901234", "1", "1.2345678901234567e+23"}, /* nor rounded up */
        {"2026-01-01", "1h", "2025-12-31"}, /* a date steps by whole days, rather too far */
    };
    struct buf out = BUF_INIT(256);
    struct tl_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        buf_reset(&out);
        assert_int_equal(cursor_step_back(cases[i].text, cases[i].overlap, &out, &err), TL_OK);
        assert_string_equal(buf_text(&out), cases[i].result);
    }
    assert_int_equal(cursor_step_back("abc", "1", &out, &err), TL_CONFIGURATION);
    assert_int_equal(cursor_step_back("100", "15m", &out, &err), TL_CONFIGURATION);
    assert_int_equal(cursor_step_back("100", "nan", &out, &err), TL_CONFIGURATION);
    assert_int_equal(cursor_step_back("100", "1e300", &out, &err), TL_CONFIGURATION);
    assert_int_equal(cursor_step_back("1-2", "1", &out, &err), TL_CONFIGURATION);
    assert_int_equal(cursor_step_back("2026-01-01T00:00:00Z", "soon", &out, &err),
                     TL_CONFIGURATION);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_ordered_by_meaning),
        cmocka_unit_test(the_highest_value_is_kept_and_mixing_refused),
        cmocka_unit_test(overlaps_are_numbers_or_durations),
        cmocka_unit_test(stepping_back_keeps_the_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
