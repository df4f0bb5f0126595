/* The names of a table's columns: a list in order of appearance with a hash over it. */
#include "rows/block.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define FIRST_CAPACITY 16

struct columns *columns_new(void)
{
    struct columns *columns = calloc(1, sizeof(*columns));

    if (columns == NULL)
        return NULL;
    atomic_init(&columns->references, 1);
    columns->capacity = FIRST_CAPACITY;
    columns->n_slots = 2 * FIRST_CAPACITY;
    columns->names = calloc(columns->capacity, sizeof(*columns->names));
    columns->slots = calloc(columns->n_slots, sizeof(*columns->slots));
    if (columns->names == NULL || columns->slots == NULL) {
        columns_free(columns);
        return NULL;
    }
    return columns;
}

struct columns *columns_share(struct columns *columns)
{
    atomic_fetch_add_explicit(&columns->references, 1, memory_order_relaxed);
    return columns;
}

void columns_free(struct columns *columns)
{
    if (columns == NULL ||
        atomic_fetch_sub_explicit(&columns->references, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; i < columns->count; i++)
        free((char *)columns->names[i].text);
    free(columns->names);
    free(columns->slots);
    free(columns);
}

/* FNV-1a, 32 bits. */
static uint32_t hash_name(const char *name, size_t size)
{
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619U;
    return hash ^ hash >> 15;
}

/* The slot that holds the name, or the empty one where it belongs. */
static uint32_t *find_slot(const struct columns *columns, const char *name, size_t size,
                           uint32_t hash)
{
    uint32_t at = hash & (columns->n_slots - 1);

    for (;; at = (at + 1) & (columns->n_slots - 1)) {
        uint32_t *slot = &columns->slots[at];
        const struct column_name *known = &columns->names[*slot - (*slot > 0)];
        if (*slot == 0 || (known->hash == hash && known->size == size &&
                           memcmp(known->text, name, size) == 0))
            return slot;
    }
}

uint32_t columns_find(const struct columns *columns, const char *name, size_t size)
{
    uint32_t slot = *find_slot(columns, name, size, hash_name(name, size));
    return slot == 0 ? COLUMNS_NONE : slot - 1;
}

/* Doubles the list and the hash. Names enter the new hash in their order: columns_cut counts on
 * it. */
static bool grow(struct columns *columns)
{
    uint32_t capacity = columns->capacity * 2;
    struct column_name *names = realloc(columns->names, capacity * sizeof(*names));
    uint32_t *slots;

    if (names == NULL)
        return false;
    columns->names = names;
    slots = calloc((size_t)capacity * 2, sizeof(*slots));
    if (slots == NULL)
        return false;
    free(columns->slots);
    columns->slots = slots;
    columns->n_slots = capacity * 2;
    columns->capacity = capacity;
    for (uint32_t i = 0; i < columns->count; i++)
        *find_slot(columns, names[i].text, names[i].size, names[i].hash) = i + 1;
    return true;
}

static bool is_plain(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == '"' || name[i] == '\\')
            return false;
    return true;
}

static bool append(struct columns *columns, const char *name, size_t size)
{
    struct column_name *added;
    char *text;

    if (columns->count == columns->capacity && !grow(columns))
        return false;
    text = text_copy(name, size);
    if (text == NULL)
        return false;
    added = &columns->names[columns->count];
    *added = (struct column_name){
        .text = text,
        .size = (uint32_t)size,
        .hash = hash_name(name, size),
        .plain = is_plain(name, size),
    };
    *find_slot(columns, text, size, added->hash) = ++columns->count;
    return true;
}

/* A copy of its own for a holder that wants to change columns which others hold too. */
static struct columns *copy(const struct columns *columns)
{
    struct columns *own = columns_new();

    for (uint32_t i = 0; own != NULL && i < columns->count; i++) {
        if (!append(own, columns->names[i].text, columns->names[i].size)) {
            columns_free(own);
            return NULL;
        }
        own->names[i].verbatim = columns->names[i].verbatim;
    }
    return own;
}

enum tl_status columns_add(struct columns **columns, const char *name, size_t size,
                           uint32_t *out, struct tl_error *err)
{
    if (atomic_load_explicit(&(*columns)->references, memory_order_acquire) > 1) {
        struct columns *own = copy(*columns);
        if (own == NULL)
            return tl_fail(err, TL_MEMORY, "no memory for %u column names",
                           (*columns)->count + 1);
        columns_free(*columns);
        *columns = own;
    }
    if (!append(*columns, name, size))
        return tl_fail(err, TL_MEMORY, "no memory for %u column names", (*columns)->count + 1);
    *out = (*columns)->count - 1;
    return TL_OK;
}

void columns_cut(struct columns *columns, uint32_t count)
{
    /* The name that came last never stands before another one on a probe's way, so its slot can
     * simply be emptied. */
    while (columns->count > count) {
        struct column_name *last = &columns->names[columns->count - 1];
        *find_slot(columns, last->text, last->size, last->hash) = 0;
        free((char *)last->text);
        columns->count--;
    }
}
