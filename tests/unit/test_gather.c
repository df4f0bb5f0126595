/* Gathering: rows in key order, equal keys in order of arrival. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sync/gather.h"

enum { BLOCK_ROWS = 50, BLOCKS = 20 };

static struct catalog_column columns[] = {
    {.name = (char[]){"n"}, .observed = OBSERVED(TL_TYPE_LONG), .type = TL_TYPE_LONG},
    {.name = (char[]){"id"},
     .observed = OBSERVED(TL_TYPE_LONG),
     .type = TL_TYPE_LONG,
     .key = 1}};
static struct catalog_table table = {
    .name = (char[]){"t"}, .columns = columns, .n_columns = 2, .n_key = 1, .exists = true};
static const uint32_t source[] = {0, 1};

static char texts[BLOCKS * BLOCK_ROWS][24];
static size_t n_texts;

/* A key of the wanted kind that orders as the number does. */
static struct tl_value key_of(long number, bool is_text)
{
    if (!is_text)
        return tl_long(number);
    snprintf(texts[n_texts], sizeof(texts[0]), "a common start %04ld", number);
    return tl_string(texts[n_texts++]);
}

static struct operation *operation_of(const long *keys, bool is_text, uint64_t *arrival)
{
    struct tl_error err = {0};
    struct operation *operation = operation_new(OPERATION_UPSERT, NULL, &err);
    struct block *block = calloc(1, sizeof(*block));

    assert_true(operation != NULL && block != NULL);
    block->columns = columns_new();
    block->stride = 2;
    block->n_rows = BLOCK_ROWS;
    block->bytes = 1000;
    block->cells = calloc(2 * BLOCK_ROWS, sizeof(*block->cells));
    for (uint32_t row = 0; row < BLOCK_ROWS; row++) {
        block->cells[2 * row] = tl_long((int64_t)(*arrival)++);
        block->cells[2 * row + 1] = key_of(keys[row], is_text);
    }
    operation->block = block;
    return operation;
}

static const struct tl_value *cell(const struct batch *batch, size_t row, uint32_t column)
{
    const struct batch_row *at = &batch->rows[row];
    return block_row(batch->parts[at->part].block, at->row) + column;
}

static int order_of(const struct tl_value *left, const struct tl_value *right)
{
    if (left->type == TL_TYPE_LONG)
        return (left->as.integer > right->as.integer) - (left->as.integer < right->as.integer);
    return memcmp(left->as.text, right->as.text, left->size);
}

static void check_order(bool is_text)
{
    struct tl_error err = {0};
    struct gather gather;
    struct batch batch;
    uint64_t arrival = 0;

    n_texts = 0;
    columns[1].type = is_text ? TL_TYPE_STRING : TL_TYPE_LONG;
    gather_init(&gather);
    srand(11);
    for (int i = 0; i < BLOCKS; i++) {
        long keys[BLOCK_ROWS];
        for (size_t row = 0; row < BLOCK_ROWS; row++)
            keys[row] = rand() % 300;
        assert_int_equal(
            gather_add(&gather, operation_of(keys, is_text, &arrival), source, &table, &err),
            TL_OK);
    }
    assert_false(gather_is_ripe(&gather));
    assert_int_equal(gather_batch(&gather, &table, &batch, &err), TL_OK);
    assert_int_equal(batch.n_rows, BLOCKS * BLOCK_ROWS);
    for (size_t row = 1; row < batch.n_rows; row++) {
        int order = order_of(cell(&batch, row - 1, 1), cell(&batch, row, 1));
        assert_true(order <= 0);
        if (order == 0)
            assert_true(cell(&batch, row - 1, 0)->as.integer <
                        cell(&batch, row, 0)->as.integer);
    }
    gather_reset(&gather);
}

static void integer_keys_are_sorted_stably(void **state)
{
    (void)state;
    check_order(false);
}

static void text_keys_with_a_common_start_are_sorted_stably(void **state)
{
    (void)state;
    check_order(true);
}

static void rows_in_order_are_ripe_at_once(void **state)
{
    struct tl_error err = {0};
    struct gather gather;
    uint64_t arrival = 0;
    long keys[BLOCK_ROWS];

    (void)state;
    columns[1].type = TL_TYPE_LONG;
    gather_init(&gather);
    for (long row = 0; row < BLOCK_ROWS; row++)
        keys[row] = row - 10;
    assert_int_equal(
        gather_add(&gather, operation_of(keys, false, &arrival), source, &table, &err), TL_OK);
    assert_true(gather_is_ripe(&gather));
    assert_int_equal(
        gather_add(&gather, operation_of(keys, false, &arrival), source, &table, &err), TL_OK);
    assert_false(gather_is_ripe(&gather));
    gather_reset(&gather);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_keys_are_sorted_stably),
        cmocka_unit_test(text_keys_with_a_common_start_are_sorted_stably),
        cmocka_unit_test(rows_in_order_are_ripe_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
