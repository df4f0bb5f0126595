/* The words of a platform's command line, which the platform dictates. */
#ifndef PLATFORM_ARGUMENTS_H
#define PLATFORM_ARGUMENTS_H

#include "towline/option.h"

struct arguments {
    struct tl_config *options; /* by the table; a LIST has one element for each */
    const char *verb;          /* the first word that is no option, or NULL */
    struct config_word *words;
};

/* Reads --name VALUE, --name=VALUE and -l VALUE by the table; a BOOLEAN takes a value only
 * after "=", a CHOICE with a `value` means that one where none follows. TL_USAGE naming the
 * word and the nearest option. The caller resets *out in any case. */
TL_NODISCARD enum tl_status arguments_parse(struct arguments *out,
                                            const struct tl_option *table, char **argv,
                                            struct tl_error *err);
void arguments_reset(struct arguments *arguments);

#endif
