/* A file that a command was asked to put its result into. */
#ifndef FRONTENDS_OUTPUT_FILE_H
#define FRONTENDS_OUTPUT_FILE_H

#include "base/buf.h"

struct output_file {
    const char *path;
    const char *what;   /* "summary", for messages */
    const char *option; /* that names it: "--summary" */
};

/* Whether the file can be made or written, as far as that shows before there is anything to
 * write; TL_USAGE if not. Leaves nothing behind. */
TL_NODISCARD enum tl_status output_file_check(const struct output_file *file,
                                              struct tl_error *err);

/* Puts the text into the file, which is replaced whole and readable by its owner only; a path
 * that is no regular file is written to. TL_DESTINATION if that cannot be, TL_MEMORY for a text
 * that did not fit. */
TL_NODISCARD enum tl_status output_file_write(const struct output_file *file,
                                              const struct buf *text, struct tl_error *err);

#endif
