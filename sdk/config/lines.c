/* Lines of a text that a person writes. */
#include "config/lines.h"

#include <string.h>

static const char blanks[] = " \t\r";

struct lines lines_of(const char *text)
{
    static const char byte_order_mark[] = "\xef\xbb\xbf";

    if (strncmp(text, byte_order_mark, strlen(byte_order_mark)) == 0)
        text += strlen(byte_order_mark);
    return (struct lines){.rest = text};
}

/* What is left of a line without its comment. */
static size_t without_comment(const char *line, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (line[i] == '#' && (i == 0 || strchr(blanks, line[i - 1]) != NULL))
            return i;
    return size;
}

bool lines_next(struct lines *lines)
{
    while (*lines->rest != '\0') {
        const char *line = lines->rest;
        size_t length = strcspn(line, "\n");
        lines->rest += length + (line[length] == '\n');
        lines->number++;
        lines->size = without_comment(line, length);
        lines->line = line + strspn(line, blanks);
        if (lines->line >= line + lines->size)
            continue;
        lines->size -= (size_t)(lines->line - line);
        while (strchr(blanks, lines->line[lines->size - 1]) != NULL)
            lines->size--;
        return true;
    }
    return false;
}
