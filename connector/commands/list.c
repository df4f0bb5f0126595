/* The list of commands: how the command line shows them, and what runs them. */
#include "commands/commands.h"

static const char *const tunnel_examples[] = {
    "tunnel -L 5432:db.internal:5432", "tunnel -L db.internal:5432 -L web.internal:80", NULL};

static const char *const keygen_examples[] = {
    "keygen", "keygen ~/.ssh/towline_db --type rsa --bits 4096",
    "keygen --command 'lsblk --json'", "keygen --tunnel 127.0.0.1:5432", NULL};

static const char *const tunnel_unread[] = {"streams", "destination", NULL};

const struct tl_command connector_commands[] = {
    {
        .name = "keygen",
        .arguments = "[PATH]",
        .max_words = 1,
        .summary = "Make a key pair and show how to install it",
        .details =
            "Writes the private key to PATH with mode 0600 and the public one to PATH.pub; "
            "neither may exist. Without PATH the configuration's ssh_private_key_path counts, "
            "else ~/.ssh/towline_HOST, so that each connection has a pair of its own. Prints "
            "the public line, the commands that install it on Linux and on Windows, and the "
            "line that allows no more than is needed. A passphrase is never given on the "
            "command line.",
        .examples = keygen_examples,
        .options = keygen_options,
        .configuration = TL_COMMAND_CONFIG_OPTIONAL,
        .run = keygen_run,
    },
    {
        .name = "tunnel",
        .summary = "Hold a tunnel open to, or from, what the SSH host can reach",
        .details =
            "Prints where each tunnel begins and holds it open until it is stopped. Ports are "
            "opened on the loopback address unless BIND names another, * for all; PORT 0, or "
            "none, is a free one. A lost connection to the SSH host is made again.",
        .examples = tunnel_examples,
        .options = tunnel_options,
        .configuration = TL_COMMAND_CONFIG_REQUIRED,
        .unread = tunnel_unread,
        .run = tunnel_run,
    },
    {.name = NULL},
};
