/* Holds tunnels open: connects, forwards, and connects again when the connection is lost.
 *
 *                   lost, or a fault that passes
 *         +------------------------------------------+
 *         v                                          |
 *      waiting --time is over--> connecting --done--> up
 *                                    |                |
 *                                    +--> the end <---+  told to, refused, or retries ran out
 */
#ifndef COMMANDS_TUNNEL_HOLD_H
#define COMMANDS_TUNNEL_HOLD_H

#include "commands/tunnel_spec.h"
#include "ssh/options.h"

struct tunnel_hold {
    const struct tunnel_plan *plan;
    const struct ssh_options *ssh; /* with its stop_fd: readable, the tunnel ends */
    int64_t retry_attempts;        /* before the first connection; later ones have no limit */
    const char *health_path;       /* NULL: no file is kept */
};

/* Returns when told to end, with TL_INTERRUPTED, or when it cannot go on: TL_USAGE for a port
 * of this machine that cannot be had, TL_FORWARD if the server forbids a tunnel, the errors of
 * ssh_session_open. */
TL_NODISCARD enum tl_status tunnel_hold(const struct tunnel_hold *hold, struct tl_error *err);

#endif
