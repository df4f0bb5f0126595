/* Blocks of rows, and the arenas that hold their text. */
#include "rows/block.h"

#include <stdlib.h>

#define FIRST_PIECE   ((size_t)4 << 10)
#define LARGEST_PIECE ((size_t)64 << 10)

struct arena_piece {
    struct arena_piece *next;
    char bytes[];
};

char *arena_alloc_piece(struct arena *arena, size_t size)
{
    size_t room = arena->total_bytes < FIRST_PIECE ? FIRST_PIECE : arena->total_bytes;
    struct arena_piece *piece;
    bool own;

    if (room > LARGEST_PIECE)
        room = LARGEST_PIECE;
    /* A large text gets a piece of its own, and the one in use stays in use. */
    own = size > room / 4;
    if (own)
        room = size;
    if (size > SIZE_MAX - sizeof(*piece))
        return NULL;
    piece = malloc(sizeof(*piece) + room);
    if (piece == NULL)
        return NULL;
    piece->next = arena->pieces;
    arena->pieces = piece;
    arena->total_bytes += sizeof(*piece) + room;
    if (!own) {
        arena->next = piece->bytes + size;
        arena->end = piece->bytes + room;
    }
    return piece->bytes;
}

void arena_free(struct arena *arena)
{
    struct arena_piece *piece = arena->pieces;

    while (piece != NULL) {
        struct arena_piece *next = piece->next;
        free(piece);
        piece = next;
    }
    *arena = (struct arena){0};
}

void block_free(struct block *block)
{
    if (block == NULL)
        return;
    columns_free(block->columns);
    arena_free(&block->arena);
    free(block->cells);
    free(block->observed);
    free(block);
}
