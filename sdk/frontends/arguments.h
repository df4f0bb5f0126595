/* The words of a command line, read by option tables; options are never abbreviated. */
#ifndef FRONTENDS_ARGUMENTS_H
#define FRONTENDS_ARGUMENTS_H

#include "towline/option.h"

struct arguments {
    struct tl_config *options; /* by the tables; a LIST has one element for each time */
    const char **words;        /* those that are no options, NULL-terminated */
    size_t n_words;
};

/* Reads --name VALUE, --name=VALUE, -l VALUE and -lVALUE by the tables (NULL-terminated). A
 * BOOLEAN takes a value only after "=", a CHOICE with a `value` means that one where none
 * follows. `command` is for messages; NULL: there is none. TL_USAGE naming the word and what
 * would be right; *out is then what was read so far, its options NULL only when memory ran out.
 * The caller resets it in any case. */
TL_NODISCARD enum tl_status arguments_parse(struct arguments *out,
                                            const struct tl_option *const *tables,
                                            const char *command, char **argv,
                                            struct tl_error *err);

/* TL_USAGE naming the first word beyond so many. */
TL_NODISCARD enum tl_status arguments_check_words(const struct arguments *arguments, size_t max,
                                                  struct tl_error *err);

void arguments_reset(struct arguments *arguments);

#endif
