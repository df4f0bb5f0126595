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

static size_t block_bytes;

static struct operation *operation_of(const long *keys, bool is_text, uint64_t *arrival)
{
    struct tl_error err = {0};
    struct operation *operation = operation_new(OPERATION_UPSERT, NULL, &err);
    struct block *block = calloc(1, sizeof(*block));

    assert_true(operation != NULL && block != NULL);
    block->columns = columns_new();
    block->stride = 2;
    block->n_rows = BLOCK_ROWS;
    block->bytes = block_bytes;
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

/* Takes all there is to be had and checks that it goes on from the row before, which *last
 * holds: in order of key, and of arrival where keys are equal. Returns the number of rows. */
static size_t take(struct gather *gather, bool all, bool is_text, struct tl_value last[2])
{
    static char kept[1 << 15];
    struct tl_error err = {0};
    struct batch batch;
    size_t n_rows = 0;

    while (gather_next(gather, &table, all, &batch, &err) == TL_OK && batch.n_rows > 0) {
        for (size_t row = 0; row < batch.n_rows; row++) {
            const struct tl_value *key = cell(&batch, row, 1);
            const struct tl_value *number = cell(&batch, row, 0);
            int order = n_rows++ > 0 ? order_of(&last[1], key) : -1;
            assert_int_equal(key->type, is_text ? TL_TYPE_STRING : TL_TYPE_LONG);
            assert_true(order < 0 || (order == 0 && last[0].as.integer < number->as.integer));
            last[0] = *number;
            last[1] = *key;
            if (is_text)
                last[1].as.text = memcpy(kept, key->as.text, key->size);
        }
    }
    assert_int_equal(err.status, TL_OK);
    return n_rows;
}

static void add_random_blocks(struct gather *gather, int count, bool is_text, uint64_t *arrival)
{
    struct tl_error err = {0};

    for (int i = 0; i < count; i++) {
        long keys[BLOCK_ROWS];
        for (size_t row = 0; row < BLOCK_ROWS; row++)
            keys[row] = rand() % 300;
        assert_int_equal(
            gather_add(gather, operation_of(keys, is_text, arrival), source, &table, &err),
            TL_OK);
    }
}

/* All blocks, of so many bytes each: those that are more than fits in memory wait on disk. */
static void check_order(bool is_text, size_t bytes)
{
    struct tl_value last[2];
    struct gather gather;
    uint64_t arrival = 0;

    n_texts = 0;
    block_bytes = bytes;
    columns[1].type = is_text ? TL_TYPE_STRING : TL_TYPE_LONG;
    columns[1].observed = OBSERVED(columns[1].type);
    gather_init(&gather);
    srand(11);
    for (int i = 0; i < BLOCKS; i++) {
        add_random_blocks(&gather, 1, is_text, &arrival);
        assert_int_equal(take(&gather, false, is_text, last), 0);
    }
    assert_int_equal(gather.runs != NULL, bytes * BLOCKS >= GATHER_MAX_BYTES);
    assert_int_equal(take(&gather, true, is_text, last), BLOCKS * BLOCK_ROWS);
    assert_null(gather.runs);
    assert_int_equal(take(&gather, true, is_text, last), 0);
    gather_reset(&gather);
}

static void integer_keys_are_sorted_stably(void **state)
{
    (void)state;
    check_order(false, 1000);
}

static void text_keys_with_a_common_start_are_sorted_stably(void **state)
{
    (void)state;
    check_order(true, 1000);
}

static void rows_beyond_memory_are_sorted_stably(void **state)
{
    (void)state;
    check_order(false, GATHER_MAX_BYTES / 3);
    check_order(false, GATHER_MAX_BYTES);
    check_order(true, GATHER_MAX_BYTES / 3);
}

/* A row that is too large for a run is written with those in memory, after the runs. */
static void large_rows_are_not_kept_on_disk(void **state)
{
    static char large[RUNS_ROW_MAX + 1];
    struct tl_error err = {0};
    struct tl_value last[2];
    struct gather gather;
    uint64_t arrival = 0;
    long keys[BLOCK_ROWS] = {9, 8, 7};
    struct operation *operation;
    struct batch batch;

    (void)state;
    memset(large, 'x', sizeof(large));
    n_texts = 0;
    block_bytes = GATHER_MAX_BYTES;
    columns[1].type = TL_TYPE_STRING;
    columns[1].observed = OBSERVED(TL_TYPE_STRING);
    gather_init(&gather);
    add_random_blocks(&gather, 3, true, &arrival);
    assert_int_equal(take(&gather, false, true, last), 0);
    operation = operation_of(keys, true, &arrival);
    operation->block->cells[3] =
        (struct tl_value){.type = TL_TYPE_STRING, .size = sizeof(large), .as.text = large};
    assert_int_equal(gather_add(&gather, operation, source, &table, &err), TL_OK);
    for (size_t left = 4 * BLOCK_ROWS; left > 0; left -= batch.n_rows) {
        assert_int_equal(gather_next(&gather, &table, false, &batch, &err), TL_OK);
        assert_in_range(batch.n_rows, 1, left);
        assert_int_equal(gather.given, left == BLOCK_ROWS);
    }
    assert_int_equal(take(&gather, true, true, last), 0);
    gather_reset(&gather);
}

/* Reading all runs at once must not take more memory than is set aside for it. */
static void there_are_fewer_runs_of_wide_rows(void **state)
{
    enum { WIDTH = 1000 };
    static struct catalog_column wide[WIDTH];
    static uint32_t all_the_same[WIDTH];
    struct catalog_table wide_table = {.columns = wide, .n_columns = WIDTH, .n_key = 1};
    struct tl_value one = tl_long(1);
    const struct block block = {.stride = 1, .n_rows = 1, .cells = &one};
    const struct batch_part part = {.block = &block, .source = all_the_same};
    const struct batch_row row = {0};
    const struct batch batch = {
        .table = &wide_table, .parts = &part, .n_parts = 1, .rows = &row, .n_rows = 1};
    struct runs *runs = runs_new();
    struct tl_error err = {0};
    bool fits = true;
    size_t count = 0;

    (void)state;
    wide[0] = (struct catalog_column){
        .observed = OBSERVED(TL_TYPE_LONG), .type = TL_TYPE_LONG, .key = 1};
    for (; fits; count += fits)
        assert_int_equal(runs_add(runs, &batch, &fits, &err), TL_OK);
    assert_in_range(count, 2, RUNS_BYTES / (2 * RUNS_ROW_MAX + sizeof(one) * WIDTH));
    runs_free(runs);
}

static void rows_in_order_do_not_wait(void **state)
{
    struct tl_error err = {0};
    struct tl_value last[2];
    struct gather gather;
    uint64_t arrival = 0;
    long keys[BLOCK_ROWS];

    (void)state;
    block_bytes = 1000;
    columns[1].type = TL_TYPE_LONG;
    columns[1].observed = OBSERVED(TL_TYPE_LONG);
    gather_init(&gather);
    for (long row = 0; row < BLOCK_ROWS; row++)
        keys[row] = row - 10;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            gather_add(&gather, operation_of(keys, false, &arrival), source, &table, &err),
            TL_OK);
        assert_int_equal(take(&gather, false, false, last), BLOCK_ROWS);
    }
    keys[0] = 1000;
    assert_int_equal(
        gather_add(&gather, operation_of(keys, false, &arrival), source, &table, &err), TL_OK);
    assert_int_equal(take(&gather, false, false, last), 0);
    gather_reset(&gather);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integer_keys_are_sorted_stably),
        cmocka_unit_test(text_keys_with_a_common_start_are_sorted_stably),
        cmocka_unit_test(rows_beyond_memory_are_sorted_stably),
        cmocka_unit_test(large_rows_are_not_kept_on_disk),
        cmocka_unit_test(there_are_fewer_runs_of_wide_rows),
        cmocka_unit_test(rows_in_order_do_not_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
