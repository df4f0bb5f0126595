/* Waits between attempts: how they grow, their chance, and whose generator it is not. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "base/backoff.h"

static void test_doubles_up_to_the_last(void **state)
{
    static const int64_t most[] = {500, 500, 1000, 2000, 3000, 3000};
    (void)state;
    for (uint64_t failures = 0; failures < sizeof(most) / sizeof(most[0]); failures++)
        for (int i = 0; i < 1000; i++)
            assert_in_range(backoff_ms(500, 3000, failures), most[failures] / 2,
                            most[failures]);
    assert_in_range(backoff_ms(500, 3000, UINT64_MAX), 1500, 3000);
}

static void test_half_is_chance(void **state)
{
    int64_t first = backoff_ms(1 << 20, 1 << 20, 1);
    int same = 0;

    (void)state;
    for (int i = 0; i < 100; i++)
        same += backoff_ms(1 << 20, 1 << 20, 1) == first;
    assert_in_range(same, 0, 10);
}

static void test_the_hosts_generator_is_left_alone(void **state)
{
    long expected;

    (void)state;
    srandom(1);
    expected = random();
    srandom(1);
    (void)backoff_ms(500, 3000, 3);
    assert_int_equal(random(), expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_doubles_up_to_the_last),
        cmocka_unit_test(test_half_is_chance),
        cmocka_unit_test(test_the_hosts_generator_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
