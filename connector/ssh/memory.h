/* The memory of one session: counted, so that no server can make it grow without end; wiped
 * while secrets are in it; and released as a whole at the end, whatever the library forgot. */
#ifndef SSH_MEMORY_H
#define SSH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

struct ssh_memory {
    size_t used_bytes;
    size_t max_bytes; /* more is refused, as if the machine had none left */
    bool secret;      /* freed memory is overwritten first */
};

/* Blocks are those of malloc: libssh2 hands some of them to free() itself. */
void *ssh_memory_alloc(struct ssh_memory *memory, size_t size);
void *ssh_memory_realloc(struct ssh_memory *memory, void *block, size_t size);
void ssh_memory_free(struct ssh_memory *memory, void *block);
#endif
