/* The keys that {{config.KEY}} placeholders ask for. */
#include "config/placeholders.h"

#include <ctype.h>
#include <string.h>

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

static bool add(struct texts *keys, const char *text, size_t size)
{
    char key[NAME_MAX_BYTES + 1] = "";

    memcpy(key, text, size);
    return texts_have(keys, key) || texts_add(keys, key, size);
}

bool placeholders_scan(struct texts *keys, const char *text, size_t size)
{
    const char *end = text + size;
    const char *at = text;

    while ((at = memmem(at, (size_t)(end - at), opening, sizeof(opening) - 1)) != NULL) {
        size_t length;
        at += sizeof(opening) - 1;
        length = name_length(at, (size_t)(end - at));
        if (length > 0 && keys->count < NAMES_MAX && !add(keys, at, length))
            return false;
    }
    return true;
}
