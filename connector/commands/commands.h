/* The connector's own commands. */
#ifndef COMMANDS_COMMANDS_H
#define COMMANDS_COMMANDS_H

#include "towline/command.h"

/* All of them, ended by a row whose name is NULL. */
extern const struct tl_command connector_commands[];

extern const struct tl_option tunnel_options[];
enum tl_status tunnel_run(const struct tl_call *call, struct tl_error *err);

extern const struct tl_option keygen_options[];
enum tl_status keygen_run(const struct tl_call *call, struct tl_error *err);

#endif
