/* Streams that fill several tables: which names are theirs, and which cannot be. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sync/schema.h"

static struct tl_stream singer(const char *table)
{
    return (struct tl_stream){.table = table, .format = TL_FORMAT_SINGER};
}

static void names_fit_their_pattern(void **state)
{
    static const struct {
        const char *pattern, *table;
        bool fits;
    } cases[] = {
        {"*", "users", true},        {"a_*", "a_users", true}, {"a_*", "a_", false},
        {"a_*", "b_users", false},   {"*_z", "users_z", true}, {"a_*_z", "a_b_z", true},
        {"a_*_z", "a_z", false},     {"users", "users", true}, {"users", "user", false},
        {"a_*_z", "a_users", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tl_stream stream = singer(cases[i].pattern);
        assert_int_equal(schema_fits(&stream, cases[i].table), cases[i].fits);
    }
}

static void a_star_means_something_of_taps_alone(void **state)
{
    struct tl_stream stream = {.table = "a*", .format = TL_FORMAT_CSV};
    (void)state;
    assert_false(schema_is_pattern(&stream));
    assert_false(schema_fits(&stream, "ab"));
    assert_true(schema_fits(&stream, "a*"));
}

static void patterns_that_may_meet_are_refused(void **state)
{
    static const struct {
        const char *left, *right;
        bool meet;
    } cases[] = {
        {"*", "a_*", true},    {"a_*", "A_b_*", true}, {"a_*", "b_*", false},
        {"*_a", "*_b", false}, {"a_*", "*_b", true},   {"a_*", "a_x", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tl_stream left = singer(cases[i].left), right = singer(cases[i].right);
        struct tl_schema schema = {0};
        struct tl_error err = {0};
        assert_int_equal(tl_schema_add(&schema, &left, &err), TL_OK);
        assert_int_equal(tl_schema_add(&schema, &right, &err),
                         cases[i].meet ? TL_CONFIGURATION : TL_OK);
        schema_reset(&schema);
    }
}

static void a_table_of_another_stream_is_refused(void **state)
{
    struct tl_stream all = singer("a_*"), one = singer("a_x");
    struct tl_schema schema = {0};
    struct tl_error err = {0};
    (void)state;
    assert_int_equal(tl_schema_add(&schema, &all, &err), TL_OK);
    assert_int_equal(tl_schema_add(&schema, &one, &err), TL_OK);
    assert_int_equal(schema_check_table(&schema, "a_y", &err), TL_OK);
    assert_int_equal(schema_check_table(&schema, "A_X", &err), TL_DATA);
    assert_int_equal(schema_check_table(&schema, "_towline_a", &err), TL_DATA);
    schema_reset(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_fit_their_pattern),
        cmocka_unit_test(a_star_means_something_of_taps_alone),
        cmocka_unit_test(patterns_that_may_meet_are_refused),
        cmocka_unit_test(a_table_of_another_stream_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
