/* Primary keys: columns, values found by JSON Pointer, or a hash of the row's content; before
 * them, where the connector has partitions, which of these the row comes from. */
#ifndef SYNC_KEY_H
#define SYNC_KEY_H

#include "json/pointer.h"
#include "rows/builder.h"

/* The column that holds the content hash of rows without a key of their own. */
#define KEY_HASH_COLUMN "_towline_id"

struct key_part {
    const char *column;       /* the column that holds it, as the source or we name it */
    const char *value;        /* of a partition: the same in all rows; else NULL */
    struct json_pointer path; /* within that column's parent; count < 2: the column itself */
    const char *parent;       /* the top-level column that path starts from */
    uint32_t index;           /* of column in the builder, once known */
    uint32_t parent_index;    /* COLUMNS_NONE until a row has it */
};

struct key {
    struct key_part *parts;
    size_t n_parts;
    bool hashed;           /* no key was given: KEY_HASH_COLUMN is the last part */
    const char **names;    /* of the top-level columns that a row must have; NULL-terminated */
    struct key_hash *hash; /* hashed: scratch */
};

/* A column of ours that joins every key, first, and what all rows have in it. */
struct key_partition {
    const char *column; /* "_towline_host" */
    const char *value;
};

/* Reads the list of names and pointers (NULL: hashed); partition may be NULL. All is borrowed.
 * TL_CONFIGURATION if a pointer is malformed. */
TL_NODISCARD enum tl_status key_init(struct key *key, const char *const *primary_key,
                                     const struct key_partition *partition,
                                     struct tl_error *err);
void key_reset(struct key *key);

/* Frees names that are owned, NULL-terminated, and the list. NULL is fine. */
void key_names_free(char **names);

/* Makes the key's columns the first that the builder knows, which is a new one: what was known
 * of another builder's columns is forgotten. */
TL_NODISCARD enum tl_status key_attach(struct key *key, struct builder *builder,
                                       struct tl_error *err);

/* Puts the parts of the key of a row under construction into their columns and checks them, as
 * the source gave them: before values are made of their declared types. A missing, null or
 * nested key is TL_DATA; the message names the column, the caller adds the row. */
TL_NODISCARD enum tl_status key_find(struct key *key, struct builder *builder,
                                     struct tl_value *cells, struct tl_error *err);

/* Where the key is the hash of the row's content: of the row as it will be stored. */
TL_NODISCARD enum tl_status key_hash(struct key *key, struct builder *builder,
                                     struct tl_value *cells, struct tl_error *err);

#endif
