/* What the same tunnel looks like in other programs. */
#ifndef COMMANDS_TUNNEL_EXPLAIN_H
#define COMMANDS_TUNNEL_EXPLAIN_H

#include "commands/tunnel_spec.h"
#include "ssh/options.h"

/* Prints the equal ssh and autossh commands, a systemd unit for towline itself, and the
 * settings for PuTTY. Secrets are not in it. */
TL_NODISCARD enum tl_status tunnel_explain(const struct tunnel_plan *plan,
                                           const struct ssh_options *ssh, struct tl_error *err);

#endif
