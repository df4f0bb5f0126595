/* Opens a further session on a thread of its own, since that waits for the network. */
#ifndef TUNNEL_FURTHER_H
#define TUNNEL_FURTHER_H

#include <stdbool.h>

#include "ssh/session.h"

struct further;

/* Starts opening a session; the options must outlive it. TL_MEMORY, TL_INTERNAL. */
TL_NODISCARD enum tl_status further_start(const struct ssh_options *options,
                                          struct further **out, struct tl_error *err);

/* Readable once it has come to an end; the further's own. */
int further_fd(const struct further *further);

/* Whether it has come to an end: then *session is given, or NULL and *failure says why not. */
bool further_take(struct further *further, struct ssh_session **session,
                  struct tl_error *failure);

/* Stops opening, waits for the thread's end, and closes a session not taken. NULL is fine. */
void further_close(struct further *further);

#endif
