/* The queues: order, turns, back-pressure, readiness, and draining, between threads. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "sync/queue.h"

enum { BLOCK_BYTES = 1000, OPERATIONS = 2000 };

static struct operation *operation_of(size_t bytes, uint64_t number)
{
    struct tl_error err = {0};
    struct operation *operation = operation_new(OPERATION_UPSERT, NULL, &err);

    assert_non_null(operation);
    operation->block = calloc(1, sizeof(struct block));
    assert_non_null(operation->block);
    operation->block->bytes = bytes;
    operation->progress.rows_read = number;
    return operation;
}

static struct operation *yielding(size_t bytes, uint64_t number)
{
    struct operation *operation = operation_of(bytes, number);

    operation->yields = true;
    return operation;
}

static struct queues *queues_of(size_t soft, size_t hard, size_t all)
{
    const struct queue_limit each = {soft, hard}, total = {all, SIZE_MAX};
    struct tl_error err = {0};
    struct queues *queues;

    assert_int_equal(queues_new(each, total, &queues, &err), TL_OK);
    return queues;
}

static struct queue *queue_of(struct queues *queues)
{
    struct tl_error err = {0};
    struct queue *queue;

    assert_int_equal(queue_new(queues, &queue, &err), TL_OK);
    return queue;
}

/* Takes the next operation, which must be that number. */
static void take(struct queues *queues, uint64_t number)
{
    struct operation *operation = queues_pop(queues);

    assert_non_null(operation);
    assert_int_equal(operation->progress.rows_read, number);
    operation_free(operation);
    queues_finish(queues);
}

static bool fd_is_readable(const struct queue *queue)
{
    struct pollfd fd = {.fd = queue_ready_fd(queue), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void readiness_follows_the_fill(void **state)
{
    struct queues *queues = queues_of(BLOCK_BYTES, 100 * BLOCK_BYTES, SIZE_MAX);
    struct queue *queue = queue_of(queues);

    (void)state;
    assert_true(queue_ready(queue) && fd_is_readable(queue));
    queue_push(queue, operation_of(BLOCK_BYTES, 1));
    assert_true(queue_ready(queue) && fd_is_readable(queue));
    queue_push(queue, operation_of(1, 2));
    assert_false(queue_ready(queue) || fd_is_readable(queue));
    operation_free(queues_pop(queues));
    assert_true(queue_ready(queue) && fd_is_readable(queue));
    queues_free(queues);
}

struct taker {
    struct queues *queues;
    uint64_t taken;
    bool in_order;
};

static void *take_all(void *argument)
{
    struct taker *taker = argument;
    struct operation *operation;

    while ((operation = queues_pop(taker->queues)) != NULL) {
        if (operation->progress.rows_read != taker->taken)
            taker->in_order = false;
        taker->taken++;
        if (taker->taken % 64 == 0)
            usleep(100);
        operation_free(operation);
        queues_finish(taker->queues);
    }
    return NULL;
}

static void everything_arrives_once_in_order_and_drain_waits(void **state)
{
    struct taker taker = {.queues = queues_of(2 * BLOCK_BYTES, 8 * BLOCK_BYTES, SIZE_MAX),
                          .in_order = true};
    struct queue *queue = queue_of(taker.queues);
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, take_all, &taker), 0);
    for (uint64_t i = 0; i < OPERATIONS; i++)
        queue_push(queue, operation_of(BLOCK_BYTES, i));
    queue_drain(queue);
    assert_int_equal(taker.taken, OPERATIONS);
    queues_close(taker.queues);
    pthread_join(thread, NULL);
    assert_true(taker.in_order);
    queues_free(taker.queues);
}

static void a_turn_lasts_until_an_operation_yields(void **state)
{
    struct queues *queues = queues_of(SIZE_MAX, SIZE_MAX, SIZE_MAX);
    struct queue *first = queue_of(queues), *second = queue_of(queues);

    (void)state;
    queue_push(first, operation_of(1, 1));
    queue_push(second, operation_of(1, 11));
    queue_push(second, yielding(1, 12)); /* complete, so it goes before the one that is not */
    queue_push(second, operation_of(1, 13));
    take(queues, 11);
    take(queues, 12);
    queue_push(first, yielding(1, 2));
    take(queues, 1);
    queue_push(second, yielding(1, 14));
    take(queues, 2);
    take(queues, 13);
    queues_yield(queues); /* as when 13 has failed: 14 has to wait for its turn, too */
    queue_push(first, yielding(1, 3));
    take(queues, 3);
    take(queues, 14);
    queues_free(queues);
}

static void without_room_the_fullest_has_its_turn(void **state)
{
    struct queues *queues = queues_of(SIZE_MAX, SIZE_MAX, 5 * BLOCK_BYTES);
    struct queue *first = queue_of(queues), *second = queue_of(queues);

    (void)state;
    queue_push(first, operation_of(2 * BLOCK_BYTES, 1));
    queue_push(second, operation_of(3 * BLOCK_BYTES, 11));
    assert_true(queue_ready(first) && fd_is_readable(second));
    queue_push(first, operation_of(1, 2));
    assert_false(queue_ready(first) || fd_is_readable(first));
    assert_false(queue_ready(second) || fd_is_readable(second));
    take(queues, 11); /* and from now on the room of all does not hold back the second */
    queue_push(first, operation_of(10 * BLOCK_BYTES, 3));
    assert_false(queue_ready(first) || fd_is_readable(first));
    assert_true(queue_ready(second) && fd_is_readable(second));
    queue_push(second, yielding(1, 12));
    take(queues, 12);
    assert_false(queue_ready(second));
    take(queues, 1);
    assert_true(queue_ready(first));
    queues_free(queues);
}

static void one_left_alone_need_not_be_full(void **state)
{
    struct queues *queues = queues_of(SIZE_MAX, SIZE_MAX, SIZE_MAX);
    struct queue *first = queue_of(queues), *second = queue_of(queues);

    (void)state;
    queue_push(first, operation_of(1, 1));
    queue_close(second);
    take(queues, 1);
    queues_free(queues);
}

static void closing_ends_turns_that_nobody_completes(void **state)
{
    struct queues *queues = queues_of(SIZE_MAX, SIZE_MAX, 0);
    struct queue *first = queue_of(queues), *second = queue_of(queues);

    (void)state;
    queue_push(first, operation_of(1, 1));
    take(queues, 1);
    queue_push(second, operation_of(1, 11));
    queue_close(first);
    take(queues, 11);
    queue_push(second, operation_of(1, 12));
    queues_close(queues);
    take(queues, 12);
    assert_null(queues_pop(queues));
    queues_free(queues);
}

struct filler {
    struct queue *queue;
    uint64_t first;
};

/* Units of four operations, each then waited for now and again. */
static void *fill_units(void *argument)
{
    struct filler *filler = argument;

    for (uint64_t i = 0; i < OPERATIONS; i++) {
        bool last = i % 4 == 3;
        queue_push(filler->queue, last ? yielding(0, filler->first + i)
                                       : operation_of(BLOCK_BYTES, filler->first + i));
        if (last && i % 100 == 99)
            queue_drain(filler->queue);
    }
    queue_close(filler->queue);
    return NULL;
}

static void units_of_several_fillers_are_not_mixed(void **state)
{
    enum { FILLERS = 4, FAR = 1000000 };
    struct queues *queues = queues_of(2 * BLOCK_BYTES, 3 * BLOCK_BYTES, 4 * BLOCK_BYTES);
    struct filler fillers[FILLERS];
    pthread_t threads[FILLERS];
    uint64_t expected[FILLERS] = {0}, unit = 0;

    (void)state;
    for (size_t i = 0; i < FILLERS; i++)
        fillers[i] = (struct filler){.queue = queue_of(queues), .first = i * FAR};
    for (size_t i = 0; i < FILLERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, fill_units, &fillers[i]), 0);
    for (uint64_t taken = 0; taken < FILLERS * OPERATIONS; taken++) {
        struct operation *operation = queues_pop(queues);
        uint64_t number = operation->progress.rows_read;
        if (taken % 4 == 0)
            unit = number / FAR;
        assert_int_equal(number / FAR, unit);
        assert_int_equal(number % FAR, expected[unit]++);
        operation_free(operation);
        queues_finish(queues);
    }
    for (size_t i = 0; i < FILLERS; i++)
        pthread_join(threads[i], NULL);
    queues_close(queues);
    assert_null(queues_pop(queues));
    queues_free(queues);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_follows_the_fill),
        cmocka_unit_test(everything_arrives_once_in_order_and_drain_waits),
        cmocka_unit_test(a_turn_lasts_until_an_operation_yields),
        cmocka_unit_test(without_room_the_fullest_has_its_turn),
        cmocka_unit_test(one_left_alone_need_not_be_full),
        cmocka_unit_test(closing_ends_turns_that_nobody_completes),
        cmocka_unit_test(units_of_several_fillers_are_not_mixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
