/* The memory of one session: counted, so that no server can make it grow without end, and wiped
 * while secrets are in it. */
#ifndef SSH_MEMORY_H
#define SSH_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

enum { SSH_MEMORY_SPARES = 16 };

struct ssh_memory {
    size_t used_bytes; /* without the spares */
    size_t max_bytes;  /* more is refused, as if the machine had none left */
    bool secret;       /* freed memory is overwritten first */
    void *
        spares[SSH_MEMORY_SPARES]; /* blocks of packets, to be used again while they are warm */
    size_t n_spares;
    void *watched; /* becomes NULL when that block is freed */
};

/* Blocks are those of malloc: libssh2 hands some of them to free() itself. */
void *ssh_memory_alloc(struct ssh_memory *memory, size_t size);
void *ssh_memory_realloc(struct ssh_memory *memory, void *block, size_t size);
void ssh_memory_free(struct ssh_memory *memory, void *block);

/* Gives the spares back. */
void ssh_memory_reset(struct ssh_memory *memory);

#endif
