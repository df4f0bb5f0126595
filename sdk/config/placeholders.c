/* The keys that {{config.KEY}} placeholders ask for. */
#include "config/placeholders.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { NAMES_MAX = 256, NAME_MAX_BYTES = 64 };

static const char opening[] = "{{config.";

/* The length of the name that starts at text and is closed by }}; 0 if there is none. */
static size_t name_length(const char *text, size_t size)
{
    size_t length = 0;

    while (length < size && length < NAME_MAX_BYTES &&
           (isalnum((unsigned char)text[length]) || strchr("_.-", text[length]) != NULL))
        length++;
    return size - length >= 2 && memcmp(text + length, "}}", 2) == 0 ? length : 0;
}

bool placeholders_have(const struct placeholders *set, const char *name)
{
    for (size_t i = 0; i < set->n_names; i++)
        if (strcmp(set->names[i], name) == 0)
            return true;
    return false;
}

static bool add(struct placeholders *set, const char *name, size_t size)
{
    char **names = realloc(set->names, (set->n_names + 2) * sizeof(*names));

    if (names == NULL)
        return false;
    set->names = names;
    names[set->n_names] = text_copy(name, size);
    names[set->n_names + 1] = NULL;
    if (names[set->n_names] == NULL)
        return false;
    if (placeholders_have(set, names[set->n_names])) {
        free(names[set->n_names]);
        names[set->n_names] = NULL;
    } else {
        set->n_names++;
    }
    return true;
}

bool placeholders_scan(struct placeholders *set, const char *text, size_t size)
{
    const char *end = text + size;
    const char *at = text;

    while ((at = memmem(at, (size_t)(end - at), opening, sizeof(opening) - 1)) != NULL) {
        size_t length;
        at += sizeof(opening) - 1;
        length = name_length(at, (size_t)(end - at));
        if (length > 0 && set->n_names < NAMES_MAX && !add(set, at, length))
            return false;
    }
    return true;
}

void placeholders_reset(struct placeholders *set)
{
    for (size_t i = 0; i < set->n_names; i++)
        free(set->names[i]);
    free(set->names);
    *set = (struct placeholders){0};
}
