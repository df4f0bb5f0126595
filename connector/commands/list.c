/* The list of commands: how the command line shows them, and what runs them. */
#include "commands/commands.h"

static const char *const tunnel_examples[] = {
    "tunnel -L 5432:db.internal:5432", "tunnel -L db.internal:5432 -L web.internal:80", NULL};

const struct tl_command connector_commands[] = {
    {
        .name = "tunnel",
        .summary = "hold a tunnel open between this machine and what the SSH host can reach",
        .details =
            "Prints where each tunnel begins and holds it open until it is stopped. Ports are "
            "opened on the loopback address unless BIND names another, * for all; PORT 0, or "
            "none, is a free one. A lost connection to the SSH host is made again.",
        .examples = tunnel_examples,
        .options = tunnel_options,
        .configuration = TL_COMMAND_CONFIG_REQUIRED,
        .run = tunnel_run,
    },
    {.name = NULL},
};
