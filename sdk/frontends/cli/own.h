/* The connector's own commands, made into commands of the front end. */
#ifndef CLI_OWN_H
#define CLI_OWN_H

#include "frontends/cli/cli.h"

/* All commands, ended by a row whose name is NULL: the front end's with the connector's own
 * before those about the program itself. *out is the caller's to free. */
TL_NODISCARD enum tl_status own_commands_new(const struct tl_connector *connector,
                                             struct cli_command **out, struct tl_error *err);

#endif
