/* How help looks: text and columns that fit a terminal of 80 columns. */
#ifndef FRONTENDS_USAGE_H
#define FRONTENDS_USAGE_H

#include "base/buf.h"
#include "towline/option.h"

/* Appends text wrapped at 78 columns; lines after the first begin at column `indent`, where the
 * first is taken to begin, too. Ends with a newline. */
void usage_append_wrapped(struct buf *out, const char *text, size_t indent);

/* Appends a term at `indent` and its explanation from column `column` on. */
void usage_append_entry(struct buf *out, size_t indent, const char *term, size_t column,
                        const char *text);

/* What stands for an option's value on a command line; NULL: it takes none. */
const char *usage_value(const struct tl_option *option);

/* Appends each option of a command line's table, with its default. */
void usage_append_options(struct buf *out, const struct tl_option *table);

#endif
