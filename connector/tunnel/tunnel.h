/* A tunnel to one place: however the way there leads, its users get an address to connect to
 * and the name to verify. Any number of connections share it, each user in a thread of its own.
 *
 *     kind      connects to                          through
 *     direct    host:port                            nothing
 *     private   endpoint:endpoint_port               nothing; TLS is verified against host
 *     ssh       host:port as the SSH host sees it    a session, and its jump hosts
 *     reverse   a port of the SSH host, behind       a session, and its jump hosts
 *               which the far side has put host:port
 *
 * Over SSH there is no port that others on this machine could use, but a socket in a private
 * folder; a port of the loopback address only for clients that can do TLS over nothing else. */
#ifndef TUNNEL_TUNNEL_H
#define TUNNEL_TUNNEL_H

#include <stdbool.h>
#include <stdint.h>

#include "ssh/options.h"
#include "towline/error.h"

enum tunnel_kind { TUNNEL_DIRECT, TUNNEL_PRIVATE, TUNNEL_SSH, TUNNEL_REVERSE };

struct tunnel_options {
    enum tunnel_kind kind;
    const char *host; /* the place, by the name that its certificate bears */
    uint16_t port;
    const char *endpoint; /* private: where to connect instead; reverse: the address on the SSH
                             host, NULL for its loopback address */
    uint16_t endpoint_port; /* private: 0 for `port`; reverse: the port on the SSH host */
    const struct ssh_options *ssh; /* ssh, reverse; must outlive the tunnel */
    bool wants_port;               /* ssh, reverse: a port instead of a socket */
};

/* Where to connect: `path` (CURLOPT_UNIX_SOCKET_PATH) in `folder` (libpq's host), or, if these
 * are NULL, `address` and `port` (libpq's hostaddr and port). */
struct tunnel_end {
    const char *path;
    const char *folder;
    const char *address;
    uint16_t port;
    const char *verify; /* the name to verify TLS against */
};

struct tunnel;

/* Opens it, and connects to the SSH host if there is one. *out is to be closed with
 * tunnel_close. TL_CONFIGURATION for options that do not go together, the errors of
 * ssh_session_open. */
TL_NODISCARD enum tl_status tunnel_open(const struct tunnel_options *options,
                                        struct tunnel **out, struct tl_error *err);

/* Lent until the tunnel is closed. */
const struct tunnel_end *tunnel_end(const struct tunnel *tunnel);

/* Why a connection could not be led through, of which its user only sees that it was reset:
 * the last reason, once. False if there was none. TL_LOST for a session that ended and could
 * not be opened again; then nobody can connect any more. */
bool tunnel_failure(struct tunnel *tunnel, struct tl_error *failure);

/* Resets what is open. NULL is fine. */
void tunnel_close(struct tunnel *tunnel);

#endif
