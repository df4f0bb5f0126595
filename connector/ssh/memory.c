/* The memory of one session: counted by what malloc says it gave. */
#include "ssh/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

/* What packets of bulk data take. Left to malloc, their pages would go back to the kernel and
 * come again with every burst. */
enum { SPARE_MIN_BYTES = 16 * 1024, SPARE_MAX_BYTES = 64 * 1024 };

static void *take_spare(struct ssh_memory *memory, size_t size)
{
    if (size < SPARE_MIN_BYTES || memory->n_spares == 0 ||
        malloc_usable_size(memory->spares[memory->n_spares - 1]) < size)
        return NULL;
    return memory->spares[--memory->n_spares];
}

static bool keep_spare(struct ssh_memory *memory, void *block, size_t size)
{
    if (memory->secret || size < SPARE_MIN_BYTES || size > SPARE_MAX_BYTES ||
        memory->n_spares == SSH_MEMORY_SPARES)
        return false;
    memory->spares[memory->n_spares++] = block;
    return true;
}

void *ssh_memory_alloc(struct ssh_memory *memory, size_t size)
{
    void *block;

    if (size > memory->max_bytes || memory->used_bytes > memory->max_bytes - size)
        return NULL;
    block = take_spare(memory, size);
    if (block == NULL)
        block = malloc(size);
    if (block != NULL)
        memory->used_bytes += malloc_usable_size(block);
    return block;
}

void ssh_memory_free(struct ssh_memory *memory, void *block)
{
    size_t size;

    if (block == NULL)
        return;
    if (block == memory->watched)
        memory->watched = NULL;
    size = malloc_usable_size(block);
    memory->used_bytes -= size < memory->used_bytes ? size : memory->used_bytes;
    if (memory->secret)
        text_wipe(block, size);
    if (!keep_spare(memory, block, size))
        free(block);
}

void ssh_memory_reset(struct ssh_memory *memory)
{
    while (memory->n_spares > 0)
        free(memory->spares[--memory->n_spares]);
}

/* Not realloc: it may leave a copy of the old bytes behind. */
void *ssh_memory_realloc(struct ssh_memory *memory, void *block, size_t size)
{
    void *grown = ssh_memory_alloc(memory, size);
    size_t old_size = block != NULL ? malloc_usable_size(block) : 0;

    if (grown == NULL || block == NULL)
        return grown;
    memcpy(grown, block, old_size < size ? old_size : size);
    ssh_memory_free(memory, block);
    return grown;
}
