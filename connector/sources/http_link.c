/* The header Link: <https://example.com/?page=2>; rel="next", ... */
#include "sources/http_link.h"

#include <string.h>
#include <strings.h>

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Whether the word stands among words with blanks between them. */
static bool has_word(const char *text, size_t size, const char *word)
{
    size_t length = strlen(word);

    for (size_t at = 0; at < size;) {
        size_t end = at;
        while (end < size && text[end] != ' ' && text[end] != '\t')
            end++;
        if (end - at == length && strncasecmp(text + at, word, length) == 0)
            return true;
        at = end + 1;
    }
    return false;
}

/* Passes one parameter, which begins after its ';'; notes whether it is rel with `next`. */
static const char *parameter(const char *at, bool *next)
{
    const char *name = skip_blanks(at), *value;
    size_t name_size = strcspn(name, " \t=;,"), size;

    at = skip_blanks(name + name_size);
    if (*at != '=')
        return at;
    value = skip_blanks(at + 1);
    if (*value == '"') {
        value++;
        for (size = 0; value[size] != '\0' && value[size] != '"'; size++)
            size += value[size] == '\\' && value[size + 1] != '\0';
        at = value + size + (value[size] == '"');
    } else {
        size = strcspn(value, " \t;,");
        at = value + size;
    }
    if (name_size == 3 && strncasecmp(name, "rel", 3) == 0)
        *next = *next || has_word(value, size, "next");
    return skip_blanks(at);
}

bool http_link_next(const char *header, struct buf *out)
{
    const char *at = header;

    while ((at = strchr(at, '<')) != NULL) {
        const char *target = at + 1, *end = strchr(target, '>');
        bool next = false;
        if (end == NULL)
            return false;
        at = skip_blanks(end + 1);
        while (*at == ';')
            at = parameter(at + 1, &next);
        if (next) {
            buf_append(out, target, (size_t)(end - target));
            return true;
        }
    }
    return false;
}
