/* The keys that {{config.KEY}} placeholders ask for. */
#ifndef CONFIG_PLACEHOLDERS_H
#define CONFIG_PLACEHOLDERS_H

#include <stdbool.h>
#include <stddef.h>

/* A growing set of names. Zero is empty. */
struct placeholders {
    char **names; /* NULL-terminated once there is one */
    size_t n_names;
};

/* Adds each KEY that text asks for. False when memory ran out. */
bool placeholders_scan(struct placeholders *set, const char *text, size_t size);

bool placeholders_have(const struct placeholders *set, const char *name);

void placeholders_reset(struct placeholders *set);

#endif
