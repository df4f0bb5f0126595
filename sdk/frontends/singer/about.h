/* What the tap can do and which settings it has, for people and for Meltano. */
#ifndef SINGER_ABOUT_H
#define SINGER_ABOUT_H

#include "frontends/platform/platform.h"

/* Appends it as text, or as "json" or "markdown". */
void about_append(struct buf *out, const struct platform *platform, const char *format);

#endif
