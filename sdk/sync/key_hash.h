/* The key of rows that have none: a hash of what they hold. */
#ifndef SYNC_KEY_HASH_H
#define SYNC_KEY_HASH_H

#include "rows/builder.h"

struct key_hash;

struct key_hash *key_hash_new(void); /* NULL when memory ran out */
void key_hash_free(struct key_hash *hash);

/* Forgets the columns of the rows before: those to come may have them in another order. */
void key_hash_restart(struct key_hash *hash);

/* Sets cells[index] to 32 hexadecimal digits: the first half of the SHA-256 over the row's
 * columns that are not null, sorted by name, each as length and name, kind, length and text.
 * Equal content gives the same key whatever the order of the columns. */
TL_NODISCARD enum tl_status key_hash_row(struct key_hash *hash, struct builder *builder,
                                         uint32_t index, struct tl_value *cells,
                                         struct tl_error *err);

#endif
