/* Blocks of rows: the unit that moves from the source's thread to the destination's. */
#ifndef ROWS_BLOCK_H
#define ROWS_BLOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rows/types.h"
#include "towline/error.h"

/* A column as the source names it; the name may hold any character, U+0000 too. */
struct column_name {
    const char *text; /* NUL-terminated as well */
    uint32_t size;
    uint32_t hash;
    bool plain;    /* stands in JSON as it is: no quote, backslash or control character */
    bool verbatim; /* numbers stay the text that they are written as */
};

/* The columns of a table in the order in which the source first named them. Shared between
 * blocks and never changed while shared. */
struct columns {
    atomic_uint references;
    struct column_name *names;
    uint32_t count;
    uint32_t capacity;
    uint32_t *slots; /* open-addressed hash of index + 1 */
    uint32_t n_slots;
};

struct columns *columns_new(void); /* NULL when memory ran out */
struct columns *columns_share(struct columns *columns);
void columns_free(struct columns *columns); /* drops one reference; NULL is fine */

#define COLUMNS_NONE UINT32_MAX
uint32_t columns_find(const struct columns *columns, const char *name, size_t size);

/* Adds a name that is not there yet and gives its index in *out. When *columns is shared it is
 * replaced by a copy. */
TL_NODISCARD enum tl_status columns_add(struct columns **columns, const char *name, size_t size,
                                        uint32_t *out, struct tl_error *err);

/* Forgets all columns but the first count; nothing may share them. */
void columns_cut(struct columns *columns, uint32_t count);

/* Memory for the text of a block's values: pieces that never move, given back all at once. */
struct arena {
    struct arena_piece *pieces; /* the newest first */
    char *next;
    char *end;
    size_t total_bytes;
};

/* The rare way of arena_alloc: starts another piece. */
char *arena_alloc_piece(struct arena *arena, size_t size);
void arena_free(struct arena *arena);

/* size bytes, not aligned; NULL when memory ran out. */
static inline char *arena_alloc(struct arena *arena, size_t size)
{
    char *memory = arena->next;

    if ((size_t)(arena->end - memory) < size || memory == NULL)
        return arena_alloc_piece(arena, size);
    arena->next += size;
    return memory;
}

/* Rows of one table, dense: cells[row * stride + column]. What a row does not name is ABSENT.
 */
struct block {
    struct block *next; /* for queues */
    struct columns *columns;
    uint32_t stride; /* how many of columns->names this block knows */
    uint32_t n_rows;
    struct tl_value *cells;
    type_observed *observed; /* per column, over the rows of this block */
    uint64_t first_row;      /* number of the first row in the stream's output, from 1 */
    size_t bytes;            /* what the block holds in memory, once it was handed over */
    struct arena arena;
};

static inline const struct tl_value *block_row(const struct block *block, uint32_t row)
{
    return block->cells + (size_t)row * block->stride;
}

void block_free(struct block *block); /* NULL is fine */

#endif
