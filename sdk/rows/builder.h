/* Building blocks row by row: the hot path between a parser and the operations. */
#ifndef ROWS_BUILDER_H
#define ROWS_BUILDER_H

#include "rows/block.h"

/* What builder_end hands over: called with each finished row, and with each full block. */
struct builder_sink {
    /* Checks and completes the row in place (keys, cursor, declared types); may fill cells of
     * columns that the builder already knows, with text from builder_text. NULL: nothing to
     * check. */
    enum tl_status (*row)(struct builder_sink *self, struct tl_value *cells,
                          uint64_t row_number, struct tl_error *err);
    /* Takes the block, which the receiver frees, on failure too. */
    enum tl_status (*block)(struct builder_sink *self, struct block *block,
                            struct tl_error *err);
    /* Whether numbers in the column of that name, a new one, are wanted as the text that they
     * are written as: whoever parses then gives them as DECIMAL. NULL: in none. */
    bool (*verbatim)(struct builder_sink *self, const char *name, size_t size);
};

struct builder_limits {
    uint32_t max_columns; /* of a table; beyond it a row fails with TL_DATA */
    size_t block_bytes;   /* a block is handed over when it holds this much */
    uint32_t block_rows;
};

struct builder {
    struct columns *columns;
    struct block *block; /* under construction; NULL before the first row and between blocks */
    struct builder_sink *sink;
    struct builder_limits limits;
    struct tl_value *row; /* the cells of the row under construction, in the block */
    size_t cell_capacity; /* of block->cells */
    uint32_t last;        /* index + 1 of the column last named in this row; 0 before */
    uint32_t *next;       /* by `last`: which column came then in an earlier row */
    uint32_t next_size;
    uint32_t known;     /* columns when the row began */
    uint64_t rows;      /* finished so far */
    uint32_t duplicate; /* index of the column last named twice in this row, or COLUMNS_NONE */
    type_observed *expected; /* per column: what builder_expect said of it */
    uint32_t n_expected;
};

/* Borrows the sink. */
void builder_init(struct builder *builder, struct builder_sink *sink,
                  const struct builder_limits *limits);
void builder_reset(struct builder *builder);

/* Starts a row. An unfinished one is dropped. */
TL_NODISCARD enum tl_status builder_begin(struct builder *builder, struct tl_error *err);

/* Drops the row under construction and the columns that it brought. */
void builder_cancel(struct builder *builder);

/* The cell of the column named text in the row under construction, ABSENT or, when the row
 * named the column before, the earlier value (builder->duplicate then says so); the caller
 * overwrites it. The pointer holds until builder_cell or builder_column is called again. NULL
 * on failure. */
struct tl_value *builder_cell(struct builder *builder, const char *text, size_t size,
                              struct tl_error *err);

/* The column that comes next if this row repeats the order of the earlier ones, or NULL. */
static inline const struct column_name *builder_expected(const struct builder *builder)
{
    uint32_t index = builder->last < builder->next_size ? builder->next[builder->last] : 0;
    return index < builder->columns->count ? &builder->columns->names[index] : NULL;
}

/* The column that the row under construction named last. */
static inline const struct column_name *builder_named(const struct builder *builder)
{
    return &builder->columns->names[builder->last - 1];
}

/* The cell of a column of builder->columns->names. */
static inline struct tl_value *builder_cell_of(struct builder *builder,
                                               const struct column_name *name)
{
    uint32_t index = (uint32_t)(name - builder->columns->names);

    if (builder->row[index].type != TL_TYPE_ABSENT)
        builder->duplicate = index;
    builder->next[builder->last] = index;
    builder->last = index + 1;
    return &builder->row[index];
}

/* Makes the column known, whether or not a row is under construction, without naming it in one;
 * gives its index. */
TL_NODISCARD enum tl_status builder_column(struct builder *builder, const char *name,
                                           size_t size, uint32_t *out, struct tl_error *err);

/* Says what values of the column may be, as if rows from now on had shown it: the column's type
 * holds that, too. No row may be under construction. */
TL_NODISCARD enum tl_status builder_expect(struct builder *builder, uint32_t column,
                                           type_observed observed, struct tl_error *err);

/* Hands over a block without rows, which shows what is expected of the columns. */
TL_NODISCARD enum tl_status builder_announce(struct builder *builder, struct tl_error *err);

/* Memory for a value's text in the row under construction, which lives as long as the block;
 * NULL when memory ran out. Where a value needs to outlive a new column, it must be in its
 * cell. */
static inline char *builder_text(struct builder *builder, size_t size)
{
    return arena_alloc(&builder->block->arena, size);
}

/* Finishes the row: the sink checks it, and takes the block when it is full. */
TL_NODISCARD enum tl_status builder_end(struct builder *builder, struct tl_error *err);

/* Hands over what there is; a row under construction is dropped. */
TL_NODISCARD enum tl_status builder_flush(struct builder *builder, struct tl_error *err);

#endif
