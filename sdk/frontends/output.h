/* Standard output: results, made safe for the terminal they may land on. */
#ifndef FRONTENDS_OUTPUT_H
#define FRONTENDS_OUTPUT_H

#include "base/buf.h"

/* The largest text that one command prints at once. */
enum { OUTPUT_MAX_BYTES = 256 * 1024 * 1024 };

/* Writes everything, however many writes that takes. False with errno. */
bool output_write(int fd, const char *data, size_t size);

/* Writes the text to standard output and empties it. A reader that hung up is no error; a full
 * disk is (TL_DESTINATION), and so is a text that did not fit (TL_MEMORY). */
TL_NODISCARD enum tl_status output_print(struct buf *text, struct tl_error *err);

/* Appends text from elsewhere with secrets masked and control characters made harmless. */
void output_append_safe(struct buf *out, const char *text);

/* The same for text of several lines, in which these and tabs stay. */
void output_append_lines(struct buf *out, const char *text);

/* Appends it as a JSON string with its quotes, with secrets masked and what a terminal might
 * act on as \uNNNN; NULL as null. */
void output_append_json(struct buf *out, const char *text);

/* The same padded to a width in characters, as a cell of a table. */
void output_append_cell(struct buf *out, const char *text, size_t width);

/* Whether standard output is a terminal that shows UTF-8. */
bool output_shows_utf8(void);

#endif
