/* The builder: blocks, their columns and memory, and rows that bring new columns. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <time.h>

#include "rows_text.h"

static const struct builder_limits roomy = {
    .max_columns = 5000, .block_bytes = 1 << 20, .block_rows = 100000};

struct fixture {
    struct rows_text text;
    struct builder builder;
    struct tl_error err;
};

static void open_fixture(struct fixture *f, const struct builder_limits *limits)
{
    *f = (struct fixture){0};
    rows_text_init(&f->text);
    builder_init(&f->builder, &f->text.sink, limits);
}

static void close_fixture(struct fixture *f)
{
    builder_reset(&f->builder);
    buf_free(&f->text.text);
}

static void put(struct fixture *f, const char *name, const char *value)
{
    struct tl_value *cell = builder_cell(&f->builder, name, strlen(name), &f->err);
    size_t size = strlen(value);
    char *text = builder_text(&f->builder, size);
    assert_non_null(cell);
    assert_non_null(text);
    memcpy(text, value, size);
    *cell = tl_text(TL_TYPE_STRING, text, size);
}

static void begin(struct fixture *f)
{
    assert_int_equal(builder_begin(&f->builder, &f->err), TL_OK);
}

static void end(struct fixture *f)
{
    assert_int_equal(builder_end(&f->builder, &f->err), TL_OK);
}

static void assert_rows(struct fixture *f, const char *expected)
{
    assert_int_equal(builder_flush(&f->builder, &f->err), TL_OK);
    assert_string_equal(buf_text(&f->text.text), expected);
}

static void test_rows(void **state)
{
    struct fixture f;
    (void)state;
    open_fixture(&f, &roomy);
    begin(&f);
    put(&f, "a", "1");
    put(&f, "b", "2");
    end(&f);
    begin(&f);
    put(&f, "b", "4");
    put(&f, "a", "3");
    end(&f);
    begin(&f);
    end(&f);
    begin(&f);
    put(&f, "b", "5");
    end(&f);
    assert_int_equal(f.builder.rows, 4);
    assert_rows(&f, "a=STRING:1 b=STRING:2\na=STRING:3 b=STRING:4\n\nb=STRING:5\n");
    assert_int_equal(f.text.blocks, 1);
    close_fixture(&f);
}

/* The finished rows go; the row under construction, with its text, begins the next block. */
static void test_new_column_within_block(void **state)
{
    struct fixture f;
    (void)state;
    open_fixture(&f, &roomy);
    for (int i = 0; i < 3; i++) {
        begin(&f);
        put(&f, "a", "first");
        end(&f);
    }
    begin(&f);
    put(&f, "a", "moved along");
    put(&f, "b", "new");
    put(&f, "c", "newer");
    end(&f);
    assert_int_equal(f.text.blocks, 1);
    begin(&f);
    put(&f, "c", "last");
    end(&f);
    assert_rows(&f, "a=STRING:first\na=STRING:first\na=STRING:first\n"
                    "a=STRING:moved along b=STRING:new c=STRING:newer\nc=STRING:last\n");
    assert_int_equal(f.text.blocks, 2);
    close_fixture(&f);
}

static void test_duplicate(void **state)
{
    struct fixture f;
    (void)state;
    open_fixture(&f, &roomy);
    begin(&f);
    put(&f, "a", "1");
    assert_int_equal(f.builder.duplicate, COLUMNS_NONE);
    put(&f, "b", "2");
    put(&f, "a", "3");
    assert_int_equal(f.builder.duplicate, 0);
    end(&f);
    begin(&f);
    assert_int_equal(f.builder.duplicate, COLUMNS_NONE);
    end(&f);
    assert_rows(&f, "a=STRING:3 b=STRING:2\n\n");
    close_fixture(&f);
}

static void test_cancel(void **state)
{
    struct fixture f;
    (void)state;
    open_fixture(&f, &roomy);
    begin(&f);
    put(&f, "a", "1");
    end(&f);
    begin(&f);
    for (int i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof(name), "gone_%d", i);
        put(&f, name, "x");
    }
    builder_cancel(&f.builder);
    assert_int_equal(f.builder.columns->count, 1);
    assert_int_equal(columns_find(f.builder.columns, "gone_7", 6), COLUMNS_NONE);
    assert_int_equal(columns_find(f.builder.columns, "a", 1), 0);
    begin(&f);
    put(&f, "b", "2");
    end(&f);
    assert_rows(&f, "a=STRING:1\nb=STRING:2\n");
    close_fixture(&f);
}

static void test_column_before_rows(void **state)
{
    struct fixture f;
    uint32_t index;
    (void)state;
    open_fixture(&f, &roomy);
    assert_int_equal(builder_column(&f.builder, "key", 3, &index, &f.err), TL_OK);
    assert_int_equal(index, 0);
    begin(&f);
    put(&f, "a", "1");
    end(&f);
    assert_int_equal(builder_column(&f.builder, "late", 4, &index, &f.err), TL_OK);
    assert_int_equal(index, 2);
    assert_int_equal(builder_column(&f.builder, "a", 1, &index, &f.err), TL_OK);
    assert_int_equal(index, 1);
    begin(&f);
    put(&f, "late", "2");
    end(&f);
    assert_rows(&f, "a=STRING:1\nlate=STRING:2\n");
    close_fixture(&f);
}

static void test_too_many_columns(void **state)
{
    static const struct builder_limits three = {
        .max_columns = 3, .block_bytes = 1 << 20, .block_rows = 100};
    struct fixture f;
    (void)state;
    open_fixture(&f, &three);
    begin(&f);
    put(&f, "a", "1");
    put(&f, "b", "1");
    put(&f, "c", "1");
    end(&f);
    begin(&f);
    assert_null(builder_cell(&f.builder, "d", 1, &f.err));
    assert_int_equal(f.err.status, TL_DATA);
    assert_non_null(strstr(f.err.message, "row 2"));
    assert_non_null(strstr(f.err.message, "\"d\""));
    assert_rows(&f, "a=STRING:1 b=STRING:1 c=STRING:1\n");
    close_fixture(&f);
}

/* A million columns in one row take a moment, not a quadratic while. */
static void test_many_columns(void **state)
{
    static const struct builder_limits million = {
        .max_columns = 1000000, .block_bytes = 1 << 20, .block_rows = 100};
    struct fixture f;
    clock_t start = clock();
    (void)state;
    open_fixture(&f, &million);
    begin(&f);
    for (int i = 0; i < 1000000; i++) {
        char name[16];
        int size = snprintf(name, sizeof(name), "c%d", i);
        struct tl_value *cell = builder_cell(&f.builder, name, (size_t)size, &f.err);
        assert_non_null(cell);
        *cell = tl_null();
    }
    assert_null(builder_cell(&f.builder, "x", 1, &f.err));
    assert_true(clock() - start < 20 * CLOCKS_PER_SEC);
    close_fixture(&f);
}

static void test_block_limits(void **state)
{
    static const struct builder_limits rows = {
        .max_columns = 10, .block_bytes = 1 << 20, .block_rows = 7};
    static const struct builder_limits bytes = {
        .max_columns = 10, .block_bytes = 64 << 10, .block_rows = 100000};
    static char text[1001];
    struct fixture f;
    (void)state;
    open_fixture(&f, &rows);
    for (int i = 0; i < 21; i++) {
        begin(&f);
        put(&f, "a", "1");
        end(&f);
    }
    assert_int_equal(f.text.blocks, 3);
    assert_null(f.builder.block);
    close_fixture(&f);

    memset(text, 'x', 1000);
    open_fixture(&f, &bytes);
    for (int i = 0; i < 1000; i++) {
        begin(&f);
        put(&f, "a", text);
        end(&f);
    }
    assert_true(f.text.blocks >= 7 && f.text.blocks <= 40);
    close_fixture(&f);
}

struct watch {
    struct builder_sink sink;
    struct columns *kept;
    type_observed observed[2];
    uint64_t first_row;
    size_t bytes;
    uint64_t checked;
    uint64_t refuse;
};

static enum tl_status watch_row(struct builder_sink *sink, struct tl_value *cells,
                                uint64_t row_number, struct tl_error *err)
{
    struct watch *self = (struct watch *)sink;
    self->checked = row_number;
    if (row_number == self->refuse)
        return tl_fail(err, TL_DATA, "row %d has no key", (int)row_number);
    cells[0] = tl_boolean(true);
    return TL_OK;
}

static enum tl_status watch_block(struct builder_sink *sink, struct block *block,
                                  struct tl_error *err)
{
    struct watch *self = (struct watch *)sink;
    (void)err;
    columns_free(self->kept);
    self->kept = columns_share(block->columns);
    self->first_row = block->first_row;
    self->bytes = block->bytes;
    for (uint32_t i = 0; i < 2; i++)
        self->observed[i] = i < block->stride ? block->observed[i] : 0;
    block_free(block);
    return TL_OK;
}

static void test_sink(void **state)
{
    struct watch watch = {.sink = {.row = watch_row, .block = watch_block}, .refuse = 4};
    struct builder builder;
    struct tl_error err = {0};
    (void)state;
    builder_init(&builder, &watch.sink, &roomy);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(builder_begin(&builder, &err), TL_OK);
        *builder_cell(&builder, "a", 1, &err) = tl_long(1);
        if (i == 2)
            *builder_cell(&builder, "b", 1, &err) = tl_double(0.5);
        else
            *builder_cell(&builder, "a", 1, &err) = tl_null();
        assert_int_equal(builder_end(&builder, &err), TL_OK);
    }
    assert_int_equal(watch.first_row, 1);
    assert_int_equal(watch.observed[0], OBSERVED(TL_TYPE_BOOLEAN));
    assert_int_equal(watch.kept->count, 1);
    assert_int_equal(builder_begin(&builder, &err), TL_OK);
    assert_int_equal(builder_end(&builder, &err), TL_DATA);
    assert_int_equal(builder_flush(&builder, &err), TL_OK);
    assert_int_equal(watch.checked, 4);
    assert_int_equal(watch.first_row, 3);
    assert_int_equal(watch.observed[1], OBSERVED(TL_TYPE_DOUBLE));
    assert_true(watch.bytes > 0);
    columns_free(watch.kept);
    builder_reset(&builder);
}

/* Whoever shares the columns keeps them as they were. */
static void test_columns_copied_when_shared(void **state)
{
    struct columns *mine = columns_new(), *yours;
    struct tl_error err = {0};
    uint32_t index;
    (void)state;
    assert_int_equal(columns_add(&mine, "a", 1, &index, &err), TL_OK);
    yours = columns_share(mine);
    assert_int_equal(columns_add(&mine, "b\0c", 3, &index, &err), TL_OK);
    assert_ptr_not_equal(mine, yours);
    assert_int_equal(yours->count, 1);
    assert_int_equal(mine->count, 2);
    assert_int_equal(columns_find(mine, "b\0c", 3), 1);
    assert_int_equal(columns_find(mine, "b", 1), COLUMNS_NONE);
    assert_int_equal(columns_find(yours, "b\0c", 3), COLUMNS_NONE);
    assert_false(mine->names[1].plain);
    columns_free(mine);
    columns_free(yours);
    columns_free(NULL);
}

static void test_arena(void **state)
{
    struct arena arena = {0};
    char *pieces[2000];
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i % 97 == 0 ? 100000 : i % 61;
        pieces[i] = arena_alloc(&arena, size);
        assert_non_null(pieces[i]);
        memset(pieces[i], (int)(i % 251), size);
    }
    for (size_t i = 0; i < 2000; i++) {
        size_t size = i % 97 == 0 ? 100000 : i % 61;
        for (size_t k = 0; k < size; k++)
            assert_int_equal((unsigned char)pieces[i][k], i % 251);
    }
    assert_true(arena.total_bytes >= 21 * 100000);
    arena_free(&arena);
    assert_null(arena.pieces);
}

/* Keeps what the last block showed of its first two columns. */
struct observed_sink {
    struct builder_sink sink;
    type_observed observed[2];
    uint32_t n_blocks, n_rows;
};

static enum tl_status observe_block(struct builder_sink *sink, struct block *block,
                                    struct tl_error *err)
{
    struct observed_sink *self = (struct observed_sink *)sink;
    (void)err;
    assert_int_equal(block->stride, 2);
    memcpy(self->observed, block->observed, sizeof(self->observed));
    self->n_blocks++;
    self->n_rows += block->n_rows;
    block_free(block);
    return TL_OK;
}

static void test_expectations(void **state)
{
    struct observed_sink sink = {.sink = {.block = observe_block}};
    struct builder builder;
    struct tl_error err = {0};
    struct tl_value *cell;
    uint32_t a, b;
    (void)state;
    builder_init(&builder, &sink.sink, &roomy);
    assert_int_equal(builder_column(&builder, "a", 1, &a, &err), TL_OK);
    assert_int_equal(builder_column(&builder, "b", 1, &b, &err), TL_OK);
    assert_int_equal(builder_expect(&builder, b, OBSERVED(TL_TYPE_DOUBLE), &err), TL_OK);
    assert_int_equal(builder_announce(&builder, &err), TL_OK);
    assert_int_equal(sink.n_blocks, 1);
    assert_int_equal(sink.n_rows, 0);
    assert_int_equal(sink.observed[0], 0);
    assert_int_equal(sink.observed[1], OBSERVED(TL_TYPE_DOUBLE));
    assert_int_equal(builder_begin(&builder, &err), TL_OK);
    cell = builder_cell(&builder, "b", 1, &err);
    assert_non_null(cell);
    *cell = (struct tl_value){.type = TL_TYPE_BOOLEAN, .as.boolean = true};
    assert_int_equal(builder_end(&builder, &err), TL_OK);
    /* What is expected anew begins with the rows that follow. */
    assert_int_equal(builder_expect(&builder, a, OBSERVED(TL_TYPE_JSON), &err), TL_OK);
    assert_int_equal(sink.n_rows, 1);
    assert_int_equal(sink.observed[0], 0);
    assert_int_equal(sink.observed[1], OBSERVED(TL_TYPE_DOUBLE) | OBSERVED(TL_TYPE_BOOLEAN));
    assert_int_equal(builder_announce(&builder, &err), TL_OK);
    assert_int_equal(sink.observed[0], OBSERVED(TL_TYPE_JSON));
    builder_reset(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_new_column_within_block),
        cmocka_unit_test(test_duplicate),
        cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_column_before_rows),
        cmocka_unit_test(test_too_many_columns),
        cmocka_unit_test(test_many_columns),
        cmocka_unit_test(test_block_limits),
        cmocka_unit_test(test_sink),
        cmocka_unit_test(test_columns_copied_when_shared),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_expectations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
