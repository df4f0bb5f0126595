/* Host certificates: a server's key that an authority of known_hosts vouches for.
 *
 * libssh2 cannot agree on a certificate in its handshake. But a certificate is a statement by
 * the authority and is as good whichever way it comes: it is asked for on a connection of its
 * own, which gets no further than that, and checked here; libssh2's handshake then proves that
 * the server holds the key it speaks of. */
#ifndef SSH_HOST_CERTIFICATE_H
#define SSH_HOST_CERTIFICATE_H

#include "base/buf.h"
#include "ssh/known_hosts.h"
#include "ssh/link.h"

/* Asks the server at the other end of a fresh link for a certificate, within patience. *blob
 * gets it. TL_HOST_KEY with the reason if the server shows none; TL_INTERRUPTED. */
TL_NODISCARD enum tl_status host_certificate_fetch(struct ssh_link *link,
                                                   const struct ssh_patience *patience,
                                                   struct buf *blob, struct tl_error *err);

/* Makes the key that the certificate speaks of one of the host's known keys, if an authority of
 * the host made it, for this host, and for now. TL_HOST_KEY with the reason if not. */
TL_NODISCARD enum tl_status host_certificate_accept(struct known_hosts *known, const char *host,
                                                    const struct buf *blob,
                                                    struct tl_error *err);

#endif
