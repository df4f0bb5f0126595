/* The memory of one session: counted by what malloc says it gave. */
#include "ssh/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

void *ssh_memory_alloc(struct ssh_memory *memory, size_t size)
{
    void *block;

    if (size > memory->max_bytes || memory->used_bytes > memory->max_bytes - size)
        return NULL;
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
    size = malloc_usable_size(block);
    memory->used_bytes -= size < memory->used_bytes ? size : memory->used_bytes;
    if (memory->secret)
        text_wipe(block, size);
    free(block);
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
