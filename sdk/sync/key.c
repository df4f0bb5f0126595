/* Primary keys of rows under construction. */
#include "sync/key.h"

#include <stdlib.h>
#include <string.h>

#include "json/row.h"
#include "sync/key_hash.h"

/* A part named twice would make a table whose key is shorter than ours. */
static enum tl_status key_check_parts(const struct key *key, struct tl_error *err)
{
    for (size_t i = 0; i < key->n_parts; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(key->parts[i].column, key->parts[j].column) == 0)
                return tl_fail(err, TL_CONFIGURATION, "primary_key names \"%s\" twice",
                               key->parts[i].column);
    return TL_OK;
}

static enum tl_status key_part_init(struct key_part *part, const char *text,
                                    struct tl_error *err)
{
    part->parent_index = COLUMNS_NONE;
    part->column = text;
    part->parent = text;
    if (text[0] != '/')
        return TL_OK;
    if (json_pointer_parse(text, &part->path, err) != TL_OK)
        return tl_context(err, "primary_key");
    for (size_t i = 0; i < part->path.count; i++)
        if (part->path.tokens[i].any)
            return tl_fail(err, TL_CONFIGURATION,
                           "primary_key: \"%s\" names many values: * cannot stand in a key",
                           text);
    part->parent = part->path.tokens[0].text;
    if (part->path.count == 1)
        part->column = part->parent;
    return TL_OK;
}

static enum tl_status key_alloc(struct key *key, size_t count, struct tl_error *err)
{
    key->parts = calloc(count + 1, sizeof(*key->parts));
    key->names = calloc(count + 1, sizeof(*key->names));
    if (key->hashed)
        key->hash = key_hash_new();
    if (key->parts == NULL || key->names == NULL || (key->hashed && key->hash == NULL))
        return tl_fail(err, TL_MEMORY, "out of memory for the primary key");
    return TL_OK;
}

enum tl_status key_init(struct key *key, const char *const *primary_key,
                        const struct key_partition *partition, struct tl_error *err)
{
    static const char *const hashed[] = {KEY_HASH_COLUMN, NULL};
    enum tl_status status;
    size_t count = 0;

    *key = (struct key){.hashed = primary_key == NULL || primary_key[0] == NULL};
    if (key->hashed)
        primary_key = hashed;
    while (primary_key[count] != NULL)
        count++;
    status = key_alloc(key, count, err);
    if (status == TL_OK && partition != NULL)
        key->parts[key->n_parts++] =
            (struct key_part){.column = partition->column, .value = partition->value};
    for (size_t i = 0; i < count && status == TL_OK; i++) {
        struct key_part *part = &key->parts[key->n_parts++];
        status = key_part_init(part, primary_key[i], err);
        key->names[i] = part->parent;
    }
    return status == TL_OK ? key_check_parts(key, err) : status;
}

void key_reset(struct key *key)
{
    for (size_t i = 0; i < key->n_parts; i++)
        json_pointer_reset(&key->parts[i].path);
    free(key->parts);
    free(key->names);
    key_hash_free(key->hash);
    *key = (struct key){0};
}

void key_names_free(char **names)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++)
        free(names[i]);
    free(names);
}

enum tl_status key_attach(struct key *key, struct builder *builder, struct tl_error *err)
{
    if (key->hash != NULL)
        key_hash_restart(key->hash);
    for (size_t i = 0; i < key->n_parts; i++) {
        struct key_part *part = &key->parts[i];
        part->parent_index = COLUMNS_NONE;
        if (builder_column(builder, part->column, strlen(part->column), &part->index, err) !=
            TL_OK)
            return err->status;
    }
    return TL_OK;
}

/* A column of that name would be overwritten by the hash. */
static enum tl_status key_check_hash(const struct tl_value *cell, struct tl_error *err)
{
    if (cell->type == TL_TYPE_ABSENT)
        return TL_OK;
    (void)tl_fail(err, TL_DATA, "its column \"%s\" has the name of the content hash",
                  KEY_HASH_COLUMN);
    return tl_remedy(err, "Name a primary_key, \"%s\" if that is what it is, or rename it",
                     KEY_HASH_COLUMN);
}

enum tl_status key_hash(struct key *key, struct builder *builder, struct tl_value *cells,
                        struct tl_error *err)
{
    uint32_t index = key->parts[key->n_parts - 1].index;

    return key->hashed ? key_hash_row(key->hash, builder, index, cells, err) : TL_OK;
}

/* A column that is called as the pointer would be overwritten by what it points to. */
static enum tl_status key_check_found(const struct key_part *part, const struct tl_value *cell,
                                      struct tl_error *err)
{
    if (cell->type == TL_TYPE_ABSENT)
        return TL_OK;
    (void)tl_fail(err, TL_DATA, "its column \"%s\" has the name of a primary key within \"%s\"",
                  part->column, part->parent);
    return tl_remedy(err, "Let the command print it under another name");
}

/* Takes the key out of a nested value into its own column. */
static enum tl_status key_extract(struct key_part *part, struct builder *builder,
                                  struct tl_value *cells, struct tl_error *err)
{
    const struct tl_value *parent;
    const char *found;
    size_t size;

    if (part->parent_index == COLUMNS_NONE)
        part->parent_index = columns_find(builder->columns, part->path.tokens[0].text,
                                          part->path.tokens[0].size);
    if (part->parent_index == COLUMNS_NONE)
        return TL_OK;
    parent = &cells[part->parent_index];
    if (parent->type != TL_TYPE_JSON ||
        !json_pointer_find(&part->path, 1, parent->as.text, parent->size, &found, &size))
        return TL_OK;
    if (key_check_found(part, &cells[part->index], err) != TL_OK)
        return err->status;
    return json_value_parse(found, size, builder, part->index, &cells[part->index], err);
}

static enum tl_status key_check(const struct key_part *part, const struct tl_value *value,
                                struct tl_error *err)
{
    const char *fault;
    bool nested = value->type == TL_TYPE_JSON;

    switch (value->type) {
    case TL_TYPE_ABSENT:
        fault = "is missing";
        break;
    case TL_TYPE_NULL:
        fault = "is null";
        break;
    case TL_TYPE_JSON:
        fault = "is an object or an array";
        break;
    default:
        return TL_OK;
    }
    (void)tl_fail(err, TL_DATA, "its primary key \"%s\" %s", part->column, fault);
    if (nested)
        return tl_remedy(err, "Point primary_key to a value within it, such as /%s/id",
                         part->column);
    return tl_remedy(err,
                     "Let the command print \"%s\" in every row, or name another primary_key",
                     part->column);
}

/* Which partition the row comes from; the text is lent by the run, which outlives the block. */
static enum tl_status key_place(const struct key_part *part, struct tl_value *cell,
                                struct tl_error *err)
{
    if (cell->type == TL_TYPE_ABSENT) {
        *cell = tl_string(part->value);
        return TL_OK;
    }
    (void)tl_fail(err, TL_DATA,
                  "its column \"%s\" has the name of the one that says where rows "
                  "come from",
                  part->column);
    return tl_remedy(err, "Let the command print it under another name");
}

enum tl_status key_find(struct key *key, struct builder *builder, struct tl_value *cells,
                        struct tl_error *err)
{
    bool partitioned = key->parts[0].value != NULL;

    if (partitioned && key_place(&key->parts[0], &cells[key->parts[0].index], err) != TL_OK)
        return err->status;
    if (key->hashed)
        return key_check_hash(&cells[key->parts[key->n_parts - 1].index], err);
    for (size_t i = partitioned; i < key->n_parts; i++) {
        struct key_part *part = &key->parts[i];
        struct tl_value *value = &cells[part->index];
        if (part->path.count > 1 && key_extract(part, builder, cells, err) != TL_OK)
            return err->status;
        if (value->type <= TL_TYPE_NULL || value->type == TL_TYPE_JSON)
            return key_check(part, value, err);
    }
    return TL_OK;
}
