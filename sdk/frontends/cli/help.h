/* Help on the program, its commands and the keys of its configuration. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include "base/buf.h"
#include "frontends/cli/cli.h"

/* Each prints to standard output. */
TL_NODISCARD enum tl_status help_print_program(const struct cli *cli, struct tl_error *err);
TL_NODISCARD enum tl_status help_print_command(const struct tl_connector *connector,
                                               const struct cli_command *command,
                                               struct tl_error *err);
TL_NODISCARD enum tl_status help_print_configuration(const struct tl_connector *connector,
                                                     struct tl_error *err);

/* Appends what holds for an option's value, " (strict|relaxed; default "strict")", if anything
 * does. */
void help_append_traits(struct buf *out, const struct tl_option *option);

#endif
