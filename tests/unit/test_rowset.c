/* Sets of row numbers: in memory and beyond it, in any order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "destinations/sqlite/rowset.h"

static bool has(struct rowset *set, int64_t row)
{
    bool failed = false;
    bool found = rowset_has(set, row, &failed);

    assert_false(failed);
    return found;
}

static void test_empty(void **state)
{
    struct rowset *set = rowset_new(ROWSET_LARGE);
    struct tl_error err = {0};

    (void)state;
    assert_int_equal(rowset_seal(set, &err), TL_OK);
    assert_false(has(set, INT64_MIN));
    assert_false(has(set, 0));
    assert_false(has(set, INT64_MAX));
    rowset_free(set);
}

static void test_edges_and_overlaps(void **state)
{
    static const int64_t rows[] = {INT64_MAX, INT64_MIN, 5, 4, 6, 5, INT64_MAX - 1, 0, -1};
    struct rowset *set = rowset_new(ROWSET_LARGE);
    struct tl_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        rowset_add(set, rows[i]);
    assert_int_equal(rowset_seal(set, &err), TL_OK);
    assert_true(has(set, INT64_MIN));
    assert_false(has(set, INT64_MIN + 1));
    assert_false(has(set, -2));
    assert_true(has(set, -1));
    assert_true(has(set, 0));
    assert_false(has(set, 1));
    assert_false(has(set, 3));
    for (int64_t row = 4; row <= 6; row++)
        assert_true(has(set, row));
    assert_false(has(set, 7));
    assert_false(has(set, INT64_MAX - 2));
    assert_true(has(set, INT64_MAX - 1));
    assert_true(has(set, INT64_MAX));
    rowset_free(set);
}

/* Every third number in an order that leaves no two neighbours, some of them twice: four times
 * what is held in memory. */
static void test_more_than_memory_holds(void **state)
{
    const uint64_t count = 1 << 20;
    struct rowset *set = rowset_new(ROWSET_LARGE);
    struct tl_error err = {0};

    (void)state;
    for (uint64_t i = 0; i < count + count / 8; i++)
        rowset_add(set, 3 * (int64_t)(i * 7919 % count));
    assert_int_equal(rowset_seal(set, &err), TL_OK);
    for (int64_t row = -1; row <= 3 * (int64_t)count; row++)
        if (has(set, row) != (row >= 0 && row % 3 == 0 && row < 3 * (int64_t)count))
            fail_msg("row %lld", (long long)row);
    rowset_free(set);
}

/* Rows in key order take no memory. */
static void test_neighbours_are_one_range(void **state)
{
    struct rowset *set = rowset_new(ROWSET_LARGE);
    struct tl_error err = {0};

    (void)state;
    for (int64_t row = 0; row < 5000000; row++)
        rowset_add(set, row);
    assert_int_equal(rowset_seal(set, &err), TL_OK);
    assert_true(has(set, 4999999));
    assert_false(has(set, 5000000));
    rowset_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_edges_and_overlaps),
        cmocka_unit_test(test_more_than_memory_holds),
        cmocka_unit_test(test_neighbours_are_one_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
