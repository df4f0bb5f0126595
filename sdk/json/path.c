/* Where in a document reading stands, against the pointer to what is looked for. */
#include "json/path.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void json_path_start(struct json_path *path, const struct json_pointer *pointer)
{
    path->pointer = pointer;
    path->depth = 0;
    path->matched = 0;
    path->here = true;
}

static void describe(struct json_path *path, const char *what)
{
    if (path->here && (int64_t)path->depth > path->furthest) {
        path->furthest = path->depth;
        path->there_size = (size_t)snprintf(path->there, sizeof(path->there), "%s", what);
    }
}

/* Adds a name to the description while there is room for it and for "...". */
static void describe_name(struct json_path *path, const char *name, size_t size)
{
    size_t room = sizeof(path->there) - path->there_size;
    char shown[40];
    int added;

    if ((int64_t)path->depth - 1 != path->furthest || room < sizeof(shown) + 8)
        return;
    added = snprintf(path->there + path->there_size, room, "%s \"%s\"",
                     strchr(path->there, '"') == NULL ? " with" : ",",
                     text_safe(shown, sizeof(shown), name, size));
    path->there_size += (size_t)added;
}

void json_path_open(struct json_path *path, bool object)
{
    uint64_t bit = (uint64_t)1 << path->depth % 64;
    uint64_t *word = &path->objects[path->depth / 64];

    describe(path, object ? "an object" : "an array");
    *word = object ? *word | bit : *word & ~bit;
    if (path->here && path->depth < path->pointer->count) {
        path->seen[path->depth] = 0;
        path->matched = path->depth + 1;
    }
    path->depth++;
    path->here = false;
}

void json_path_close(struct json_path *path)
{
    path->depth--;
    if (path->matched > path->depth)
        path->matched = path->depth;
    path->here = false;
}

void json_path_element(struct json_path *path)
{
    path->here = false;
    if (path->depth > 0 && path->matched == path->depth) {
        uint32_t level = path->depth - 1;
        path->here = json_token_is_index(&path->pointer->tokens[level], path->seen[level]++);
    }
}

bool json_path_name(struct json_path *path, const char *name, size_t size)
{
    const struct json_token *token;

    path->here = false;
    if (path->depth == 0 || path->matched != path->depth)
        return false;
    token = &path->pointer->tokens[path->depth - 1];
    path->here = token->any || (token->size == size && memcmp(token->text, name, size) == 0);
    describe_name(path, name, size);
    return path->here && !token->any && path->seen[path->depth - 1]++ > 0;
}

void json_path_scalar(struct json_path *path, const char *kind)
{
    describe(path, kind);
    path->here = false;
}
