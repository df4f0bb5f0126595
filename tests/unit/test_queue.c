/* The queue: order, back-pressure, readiness, and draining, between two threads. */
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

static bool fd_is_readable(const struct queue *queue)
{
    struct pollfd fd = {.fd = queue_ready_fd(queue), .events = POLLIN};
    return poll(&fd, 1, 0) == 1;
}

static void readiness_follows_the_fill(void **state)
{
    struct tl_error err = {0};
    struct queue *queue;

    (void)state;
    assert_int_equal(queue_new(BLOCK_BYTES, 100 * BLOCK_BYTES, &queue, &err), TL_OK);
    assert_true(queue_ready(queue) && fd_is_readable(queue));
    queue_push(queue, operation_of(BLOCK_BYTES, 1));
    assert_true(queue_ready(queue) && fd_is_readable(queue));
    queue_push(queue, operation_of(1, 2));
    assert_false(queue_ready(queue) || fd_is_readable(queue));
    operation_free(queue_pop(queue));
    assert_true(queue_ready(queue) && fd_is_readable(queue));
    queue_free(queue);
}

struct taker {
    struct queue *queue;
    uint64_t taken;
    bool in_order;
};

static void *take_all(void *argument)
{
    struct taker *taker = argument;
    struct operation *operation;

    while ((operation = queue_pop(taker->queue)) != NULL) {
        if (operation->progress.rows_read != taker->taken)
            taker->in_order = false;
        taker->taken++;
        if (taker->taken % 64 == 0)
            usleep(100);
        operation_free(operation);
        queue_finish(taker->queue);
    }
    return NULL;
}

static void everything_arrives_once_in_order_and_drain_waits(void **state)
{
    struct tl_error err = {0};
    struct taker taker = {.in_order = true};
    pthread_t thread;

    (void)state;
    assert_int_equal(queue_new(2 * BLOCK_BYTES, 8 * BLOCK_BYTES, &taker.queue, &err), TL_OK);
    assert_int_equal(pthread_create(&thread, NULL, take_all, &taker), 0);
    for (uint64_t i = 0; i < OPERATIONS; i++)
        queue_push(taker.queue, operation_of(BLOCK_BYTES, i));
    queue_drain(taker.queue);
    assert_int_equal(taker.taken, OPERATIONS);
    queue_close(taker.queue);
    pthread_join(thread, NULL);
    assert_true(taker.in_order);
    queue_free(taker.queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readiness_follows_the_fill),
        cmocka_unit_test(everything_arrives_once_in_order_and_drain_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
