/* The keys that {{config.KEY}} placeholders ask for. */
#include "config/placeholders.h"

#include <ctype.h>
#include <string.h>

enum { NAMES_MAX = 256, NAME_MAX_BYTES = 120 };

static const char *skip_blanks(const char *text, const char *end)
{
    while (text < end && *text == ' ')
        text++;
    return text;
}

/* The KEY of {{ config.KEY }}, of which text is what follows the braces; NULL if it is
 * something else. */
static const char *key_at(const char *text, const char *end, size_t *size)
{
    static const char prefix[] = "config.";
    size_t prefix_size = sizeof(prefix) - 1;
    const char *key;

    text = skip_blanks(text, end);
    if ((size_t)(end - text) < prefix_size || memcmp(text, prefix, prefix_size) != 0)
        return NULL;
    key = text += prefix_size;
    while (text < end &&
           (isalnum((unsigned char)*text) || *text == '_' || *text == '.' || *text == '-'))
        text++;
    *size = (size_t)(text - key);
    text = skip_blanks(text, end);
    if (*size == 0 || *size > NAME_MAX_BYTES || end - text < 2 || memcmp(text, "}}", 2) != 0)
        return NULL;
    return key;
}

static bool add(struct texts *keys, const char *text, size_t size)
{
    char key[NAME_MAX_BYTES + 1] = "";

    memcpy(key, text, size);
    return texts_have(keys, key) || texts_add(keys, key, size);
}

bool placeholders_scan(struct texts *keys, const char *text, size_t size)
{
    const char *end = text + size, *at = text, *key;

    for (; (at = memmem(at, (size_t)(end - at), "{{", 2)) != NULL; at++) {
        key = key_at(at + 2, end, &size);
        if (key != NULL && keys->count < NAMES_MAX && !add(keys, key, size))
            return false;
    }
    return true;
}
