/* Where in a document reading stands, against the pointer to what is looked for. */
#ifndef JSON_PATH_H
#define JSON_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "json/pointer.h"
#include "json/reader.h"

struct json_path {
    const struct json_pointer *pointer; /* borrowed */
    uint32_t depth;                     /* containers open around what comes next */
    uint32_t matched;                   /* how many of them, from outside, are on the way */
    bool here;                          /* what comes next is on the way, or there */
    uint64_t
        *seen; /* on the way: elements in each array, in each object members that lead on */
    size_t n_seen;
    uint64_t objects[JSON_DEPTH_LIMIT / 64]; /* a bit a level: an object, not an array */

    /* What stands where the way ended that led furthest, for the message. */
    int64_t furthest;
    char there[160];
    size_t there_size;
};

/* Begins a document; pointer has at most n_seen tokens. */
void json_path_start(struct json_path *path, const struct json_pointer *pointer);

/* Whether what comes next is what the pointer points to. */
static inline bool json_path_is_target(const struct json_path *path)
{
    return path->here && path->depth == path->pointer->count;
}

static inline bool json_path_in_object(const struct json_path *path)
{
    uint32_t level = path->depth - 1;
    return path->depth > 0 && (path->objects[level / 64] >> level % 64 & 1) != 0;
}

/* What comes next: a container opens (depth stays below JSON_DEPTH_LIMIT) or closes, an element
 * begins, a scalar is passed. */
void json_path_open(struct json_path *path, bool object);
void json_path_close(struct json_path *path);
void json_path_element(struct json_path *path);
void json_path_scalar(struct json_path *path, const char *kind);

/* The same for the value of the named member. True if another member of that name led on in the
 * same object before. */
bool json_path_name(struct json_path *path, const char *name, size_t size);

#endif
