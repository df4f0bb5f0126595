/* Lines of a text that a person writes: blanks around them, empty ones and comments are passed
 * over. A comment begins with # at the beginning of a line or after a blank. */
#ifndef CONFIG_LINES_H
#define CONFIG_LINES_H

#include <stdbool.h>
#include <stddef.h>

struct lines {
    const char *rest;
    size_t number;    /* of the line, from 1 */
    const char *line; /* a slice of the text */
    size_t size;
};

/* Borrows the text. */
struct lines lines_of(const char *text);

/* The next line that says something; false past the last. */
bool lines_next(struct lines *lines);

#endif
