/* The way to the host: how to log in there, and the jump hosts before it. */
#ifndef CONNECTOR_ROUTE_H
#define CONNECTOR_ROUTE_H

#include "ssh/options.h"
#include "towline/option.h"

struct route {
    struct ssh_options target; /* ready for ssh_session_open; its jump hosts are in `jumps` */
    struct ssh_options *jumps;
    size_t n_jumps;
    char **texts; /* that the options point to and the configuration does not have */
    size_t n_texts;
};

/* Reads the way from the configuration, which must outlive it. approve, which may be NULL, is a
 * fingerprint the user vouches for, of any host on the way. To be freed with route_reset also
 * after a failure. TL_CONFIGURATION, TL_MEMORY. */
TL_NODISCARD enum tl_status route_init(struct route *route, const struct tl_config *config,
                                       const char *approve, int stop_fd, struct tl_error *err);
void route_reset(struct route *route);

#endif
