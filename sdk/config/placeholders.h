/* The keys that {{config.KEY}} placeholders ask for. */
#ifndef CONFIG_PLACEHOLDERS_H
#define CONFIG_PLACEHOLDERS_H

#include "base/texts.h"

/* Adds to `keys` each KEY that text asks for and that is not there yet. False when memory ran
 * out. */
bool placeholders_scan(struct texts *keys, const char *text, size_t size);

#endif
