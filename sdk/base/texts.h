/* A growing list of texts. */
#ifndef BASE_TEXTS_H
#define BASE_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

/* Zero is empty. */
struct texts {
    char **list; /* owned, NULL-terminated; NULL as long as nothing was added */
    size_t count;
};

/* Appends a copy. False when memory ran out. */
bool texts_add(struct texts *texts, const char *text, size_t size);

bool texts_have(const struct texts *texts, const char *text);

/* The list as one that is borrowed, never NULL. */
const char *const *texts_all(const struct texts *texts);

/* Frees, and wipes, as there may be secrets among them. */
void texts_reset(struct texts *texts);

#endif
