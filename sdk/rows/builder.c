/* Building blocks row by row. */
#include "rows/builder.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void builder_init(struct builder *builder, struct builder_sink *sink,
                  const struct builder_limits *limits)
{
    *builder = (struct builder){
        .sink = sink,
        .limits = *limits,
        .duplicate = COLUMNS_NONE,
    };
}

void builder_reset(struct builder *builder)
{
    block_free(builder->block);
    columns_free(builder->columns);
    free(builder->next);
    free(builder->expected);
    builder_init(builder, builder->sink, &builder->limits);
}

static enum tl_status no_memory(const struct builder *builder, struct tl_error *err)
{
    return tl_fail(err, TL_MEMORY, "no memory for row %" PRIu64, builder->rows + 1);
}

static size_t cells_before_row(const struct builder *builder)
{
    return (size_t)builder->block->n_rows * builder->block->stride;
}

/* Makes room for the row under construction to be `width` cells wide; those it has stay. */
static bool reserve_row(struct builder *builder, uint32_t width)
{
    struct block *block = builder->block;
    size_t before = cells_before_row(builder);

    if (block->cells == NULL || before + width > builder->cell_capacity) {
        size_t capacity = builder->cell_capacity ? builder->cell_capacity * 2 : 64;
        struct tl_value *cells;
        if (capacity < before + width)
            capacity = before + width;
        cells = realloc(block->cells, capacity * sizeof(*cells));
        if (cells == NULL)
            return false;
        block->cells = cells;
        builder->cell_capacity = capacity;
    }
    builder->row = block->cells + before;
    return true;
}

static bool start_block(struct builder *builder)
{
    size_t like_the_last = builder->cell_capacity;

    builder->block = calloc(1, sizeof(*builder->block));
    if (builder->block == NULL)
        return false;
    builder->cell_capacity = 0;
    builder->row = NULL;
    if (like_the_last > 0) {
        builder->block->cells = malloc(like_the_last * sizeof(*builder->block->cells));
        if (builder->block->cells != NULL)
            builder->cell_capacity = like_the_last;
    }
    return true;
}

static void count_bytes(struct builder *builder, struct block *block)
{
    block->bytes = sizeof(*block) + block->arena.total_bytes +
                   builder->cell_capacity * sizeof(*block->cells) +
                   block->stride * sizeof(*block->observed);
}

/* Gives the block away, or frees it if it holds no row. */
static enum tl_status hand_over(struct builder *builder, struct block *block,
                                struct tl_error *err)
{
    if (block->n_rows > 0)
        return builder->sink->block(builder->sink, block, err);
    block_free(block);
    return TL_OK;
}

enum tl_status builder_flush(struct builder *builder, struct tl_error *err)
{
    struct block *block = builder->block;

    if (block == NULL)
        return TL_OK;
    builder->block = NULL;
    builder->row = NULL;
    count_bytes(builder, block);
    return hand_over(builder, block, err);
}

/* Room to remember what follows each column; until a row shows it, the next by index. */
static bool reserve_next(struct builder *builder)
{
    uint32_t size = builder->columns->capacity + 1;
    uint32_t *next;

    if (size <= builder->next_size)
        return true;
    next = realloc(builder->next, size * sizeof(*next));
    if (next == NULL)
        return false;
    for (uint32_t i = builder->next_size; i < size; i++)
        next[i] = i;
    builder->next = next;
    builder->next_size = size;
    return true;
}

static bool have_columns(struct builder *builder)
{
    if (builder->columns == NULL)
        builder->columns = columns_new();
    return builder->columns != NULL && reserve_next(builder);
}

enum tl_status builder_begin(struct builder *builder, struct tl_error *err)
{
    struct block *block = builder->block;
    enum tl_status status = TL_OK;
    uint32_t width;

    if (!have_columns(builder))
        return no_memory(builder, err);
    width = builder->columns->count;
    if (block != NULL && block->n_rows > 0 && block->stride < width)
        status = builder_flush(builder, err);
    if (status != TL_OK)
        return status;
    if ((builder->block == NULL && !start_block(builder)) || !reserve_row(builder, width))
        return no_memory(builder, err);
    if (width > 0)
        memset(builder->row, 0, width * sizeof(*builder->row));
    builder->last = 0;
    builder->known = width;
    builder->duplicate = COLUMNS_NONE;
    return TL_OK;
}

void builder_cancel(struct builder *builder)
{
    if (builder->columns->count > builder->known)
        columns_cut(builder->columns, builder->known);
    builder->row = NULL;
}

/* Copies the row under construction from the old block to the builder's, with its text. */
static bool move_row(struct builder *builder, const struct tl_value *cells, uint32_t width)
{
    if (!reserve_row(builder, width))
        return false;
    memcpy(builder->row, cells, width * sizeof(*cells));
    for (uint32_t i = 0; i < width; i++) {
        struct tl_value *value = &builder->row[i];
        char *text;
        if (!types_is_text(value->type) || value->size == 0)
            continue;
        text = builder_text(builder, value->size);
        if (text == NULL)
            return false;
        memcpy(text, value->as.text, value->size);
        value->as.text = text;
    }
    return true;
}

/* A block's rows all have one width: the finished ones go, the row under construction becomes
 * the first of a new block. */
static enum tl_status split_block(struct builder *builder, struct tl_error *err)
{
    struct block *finished = builder->block;
    const struct tl_value *row = builder->row;

    count_bytes(builder, finished);
    builder->block = NULL;
    if (!start_block(builder) || (row != NULL && !move_row(builder, row, finished->stride))) {
        block_free(finished);
        return no_memory(builder, err);
    }
    return hand_over(builder, finished, err);
}

static enum tl_status too_many_columns(const struct builder *builder, const char *name,
                                       size_t size, struct tl_error *err)
{
    char shown[64];

    tl_fail(err, TL_DATA,
            "row %" PRIu64 ": column \"%s\" would be one more than the limit of %u",
            builder->rows + 1, text_safe(shown, sizeof(shown), name, size),
            builder->limits.max_columns);
    return tl_remedy(err, "let the command print fewer keys, or nest the varying ones in one "
                          "object, which becomes one JSON column");
}

static enum tl_status add_column(struct builder *builder, const char *name, size_t size,
                                 uint32_t *out, struct tl_error *err)
{
    enum tl_status status;

    if (builder->columns->count >= builder->limits.max_columns)
        return too_many_columns(builder, name, size, err);
    /* The name may lie in the block that is about to go: it is copied first. */
    status = columns_add(&builder->columns, name, size, out, err);
    if (status == TL_OK && builder->sink->verbatim != NULL) {
        struct column_name *added = &builder->columns->names[*out];
        added->verbatim = builder->sink->verbatim(builder->sink, added->text, size);
    }
    if (status == TL_OK && builder->block != NULL && builder->block->n_rows > 0)
        status = split_block(builder, err);
    if (status == TL_OK && !reserve_next(builder))
        status = no_memory(builder, err);
    if (status != TL_OK || builder->row == NULL)
        return status;
    if (!reserve_row(builder, *out + 1))
        return no_memory(builder, err);
    memset(&builder->row[*out], 0, sizeof(*builder->row));
    return TL_OK;
}

enum tl_status builder_column(struct builder *builder, const char *name, size_t size,
                              uint32_t *out, struct tl_error *err)
{
    if (!have_columns(builder))
        return no_memory(builder, err);
    *out = columns_find(builder->columns, name, size);
    return *out != COLUMNS_NONE ? TL_OK : add_column(builder, name, size, out, err);
}

struct tl_value *builder_cell(struct builder *builder, const char *text, size_t size,
                              struct tl_error *err)
{
    const struct column_name *name = builder_expected(builder);
    uint32_t index;

    if (name == NULL || name->size != size || memcmp(name->text, text, size) != 0) {
        if (builder_column(builder, text, size, &index, err) != TL_OK)
            return NULL;
        name = &builder->columns->names[index];
    }
    return builder_cell_of(builder, name);
}

/* The first row of a block decides how many columns its rows have. */
static bool fix_stride(struct builder *builder)
{
    struct block *block = builder->block;

    block->stride = builder->columns->count;
    block->observed = calloc(block->stride ? block->stride : 1, sizeof(*block->observed));
    if (block->observed == NULL)
        return false;
    for (uint32_t i = 0; i < builder->n_expected && i < block->stride; i++)
        block->observed[i] = builder->expected[i];
    block->columns = columns_share(builder->columns);
    block->first_row = builder->rows + 1;
    return true;
}

enum tl_status builder_expect(struct builder *builder, uint32_t column, type_observed observed,
                              struct tl_error *err)
{
    type_observed *expected = builder->expected;

    if (column >= builder->n_expected) {
        expected = realloc(expected, (column + 1) * sizeof(*expected));
        if (expected == NULL)
            return no_memory(builder, err);
        builder->expected = expected;
        while (builder->n_expected <= column)
            expected[builder->n_expected++] = 0;
    }
    if ((observed & ~expected[column]) == 0)
        return TL_OK;
    expected[column] |= observed;
    return builder_flush(builder, err);
}

enum tl_status builder_announce(struct builder *builder, struct tl_error *err)
{
    struct block *block;

    if (builder_flush(builder, err) != TL_OK)
        return err->status;
    if (!have_columns(builder) || !start_block(builder))
        return no_memory(builder, err);
    block = builder->block;
    if (!fix_stride(builder)) {
        builder->block = NULL;
        block_free(block);
        return no_memory(builder, err);
    }
    count_bytes(builder, block);
    builder->block = NULL;
    return builder->sink->block(builder->sink, block, err);
}

static bool is_full(const struct builder *builder)
{
    const struct block *block = builder->block;
    size_t bytes = block->arena.total_bytes + cells_before_row(builder) * sizeof(*block->cells);

    return block->n_rows >= builder->limits.block_rows || bytes >= builder->limits.block_bytes;
}

enum tl_status builder_end(struct builder *builder, struct tl_error *err)
{
    struct block *block = builder->block;
    const struct tl_value *row = builder->row;
    enum tl_status status = TL_OK;

    if (builder->sink->row != NULL)
        status = builder->sink->row(builder->sink, builder->row, builder->rows + 1, err);
    if (status != TL_OK)
        return status;
    if (block->n_rows == 0 && !fix_stride(builder))
        return no_memory(builder, err);
    for (uint32_t i = 0; i < block->stride; i++)
        block->observed[i] |= types_observe(&row[i]);
    block->n_rows++;
    builder->rows++;
    builder->row = NULL;
    return is_full(builder) ? builder_flush(builder, err) : TL_OK;
}
