/* Placeholders in commands. */
#include "placeholder.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128 };

static bool is_extra(const char *const *extra, const char *name)
{
    for (; extra != NULL && *extra != NULL; extra++) {
        size_t size = strlen(*extra);
        if ((*extra)[size - 1] == '.' ? strncmp(name, *extra, size) == 0 && name[size] != '\0'
                                      : strcmp(name, *extra) == 0)
            return true;
    }
    return false;
}

/* Reads "{{ name }}" at text; gives the name and what follows. False if it is no placeholder of
 * ours. */
static bool placeholder_read(const char *text, const char *const *extra,
                             char name[NAME_MAX_BYTES], const char **rest)
{
    const char *start = text + 2, *end;
    size_t size;

    while (*start == ' ')
        start++;
    end = start;
    while (isalnum((unsigned char)*end) || *end == '_' || *end == '.' || *end == '-')
        end++;
    size = (size_t)(end - start);
    while (*end == ' ')
        end++;
    if (strncmp(end, "}}", 2) != 0 || size == 0 || size >= NAME_MAX_BYTES)
        return false;
    memcpy(name, start, size);
    name[size] = '\0';
    *rest = end + 2;
    return strcmp(name, "cursor") == 0 || is_extra(extra, name) ||
           strncmp(name, "state.", 6) == 0 || strncmp(name, "config.", 7) == 0;
}

enum tl_status placeholder_expand(const char *text, struct placeholder_source *source,
                                  struct buf *out, struct tl_error *err)
{
    char name[NAME_MAX_BYTES];
    const char *open, *rest, *value;

    while ((open = strstr(text, "{{")) != NULL) {
        buf_append(out, text, (size_t)(open - text));
        if (!placeholder_read(open, source->extra, name, &rest)) {
            buf_append_char(out, '{');
            text = open + 1;
            continue;
        }
        value = source->value(source, name);
        if (source->write(source, value ? value : "", out, err) != TL_OK)
            return err->status;
        text = rest;
    }
    buf_append_string(out, text);
    return buf_check(out, "the command", err);
}

enum tl_status placeholder_visit(const char *text, struct placeholder_visitor *visitor,
                                 struct tl_error *err)
{
    char name[NAME_MAX_BYTES];
    const char *rest;

    while ((text = strstr(text, "{{")) != NULL) {
        if (!placeholder_read(text, visitor->extra, name, &rest)) {
            text++;
            continue;
        }
        if (visitor->found(visitor, name, err) != TL_OK)
            return err->status;
        text = rest;
    }
    return TL_OK;
}
