/* The request to stop, as a connector meets it that does not look for it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <time.h>

#include "stage.h"

/* Takes every failure lightly, as no connector should. */
static enum tl_status careless(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    for (int64_t id = 0; id < 20000; id++) {
        struct tl_error ignored = {0};
        if (put(tl_upsert, sync, id, "row", &ignored) != TL_OK)
            tl_warn(sync, "%s", ignored.message);
        if (id == 3000)
            raise(SIGUSR1);
    }
    (void)err;
    return TL_OK;
}

static int stop_writer = -1;

static void stop_at_signal(int number)
{
    (void)number;
    assert_int_equal(write(stop_writer, "x", 1), 1);
}

static enum tl_status run_until_signal(struct place *place, play *first)
{
    stop_writer = place->stop[1];
    (void)signal(SIGUSR1, stop_at_signal);
    return run(place, first);
}

static void rows_lost_to_a_stop_are_not_committed(void **state)
{
    struct place *place = *state;

    assert_int_equal(run_until_signal(place, careless), TL_INTERRUPTED);
    assert_int_equal(access(place->path, F_OK), -1);
}

enum { SLOW_ROWS = 1000 }; /* far from a block */

static int64_t slow_rows;

/* Looks at nothing but what its operations say. */
static enum tl_status slow(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    static const struct timespec pause = {.tv_nsec = 10000000};

    (void)attempt;
    for (slow_rows = 0; slow_rows < SLOW_ROWS; slow_rows++) {
        if (put(tl_upsert, sync, slow_rows, "row", err) != TL_OK)
            return err->status;
        if (slow_rows == 1)
            raise(SIGUSR1);
        (void)nanosleep(&pause, NULL);
    }
    return TL_OK;
}

static enum tl_status fed;

static enum tl_status feeds_after_a_stop(struct tl_sync *sync, int attempt,
                                         struct tl_error *err)
{
    (void)attempt;
    raise(SIGUSR1);
    fed = feed(sync, "{\"id\":1}", err);
    return fed;
}

static void rows_heed_a_stop_that_their_source_does_not(void **state)
{
    assert_int_equal(run_until_signal(*state, slow), TL_INTERRUPTED);
    assert_in_range(slow_rows, 2, SLOW_ROWS - 1);
}

static void so_does_output(void **state)
{
    assert_int_equal(run_until_signal(*state, feeds_after_a_stop), TL_INTERRUPTED);
    assert_int_equal(fed, TL_INTERRUPTED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(rows_lost_to_a_stop_are_not_committed),
        CASE(rows_heed_a_stop_that_their_source_does_not),
        CASE(so_does_output),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
