/* The way to a host: how to log in there, the jump hosts before it, and what the OpenSSH
 * client's configuration knows of them. */
#ifndef CONNECTOR_WAY_H
#define CONNECTOR_WAY_H

#include "ssh/options.h"
#include "towline/connector.h"

enum { WAY_JUMPS_MAX = 16 };

struct way_host;

struct way {
    struct way_host *target;
    struct way_host *jumps[WAY_JUMPS_MAX]; /* in the order of going through */
    size_t n_jumps;
    bool asks; /* the OpenSSH client is still to be asked */
};

/* Declares each host of ssh_hosts by its name: without the user, and with the port if the entry
 * names one. */
TL_NODISCARD enum tl_status way_declare_hosts(const struct tl_config *config,
                                              struct tl_partitions *out, struct tl_error *err);

/* Reads the way from the configuration, which must outlive it: to ssh_host, or to the host of
 * ssh_hosts whose entry `listed` is. approve, which may be NULL, is a fingerprint the user
 * vouches for, of any host on the way. To be freed with way_reset also after a failure.
 * TL_CONFIGURATION, TL_MEMORY. */
TL_NODISCARD enum tl_status way_init(struct way *way, const struct tl_config *config,
                                     const struct tl_config *listed, const char *approve,
                                     int stop_fd, struct tl_error *err);
void way_reset(struct way *way);

/* Lets its sessions use no more memory for data under way than what is left to each when so
 * many ways are gone at once. To be called before they are opened. */
void way_share_memory(struct way *way, size_t at_once);

/* Asks the OpenSSH client's configuration, unless that is done already or `ssh_config` is off:
 * what our own configuration does not say comes from there. *found (NULL: not wanted) tells
 * whether it changed anything. TL_CONFIGURATION, TL_INTERRUPTED, TL_MEMORY. */
TL_NODISCARD enum tl_status way_find(struct way *way, bool *found, struct tl_error *err);

/* The options of the host at the end, for ssh_session_open: its `jump` leads through the
 * others. Lent until way_find or way_reset. */
const struct ssh_options *way_options(const struct way *way);

/* Has each host on the way asked for a sign of life at least so often, and given up after so
 * many intervals without one. */
void way_watch(struct way *way, int interval_ms, int silences);

/* "deploy@10.0.0.5 port 22 through bastion": where the way leads, safe to show; into out. */
const char *way_describe(const struct way *way, char *out, size_t size);

#endif
