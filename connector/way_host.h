/* One host on the way: what way.c and way_openssh.c share. */
#ifndef CONNECTOR_WAY_HOST_H
#define CONNECTOR_WAY_HOST_H

#include "ssh_config.h"
#include "way.h"

/* A host on the way. What the configuration says goes before what the OpenSSH client says, and
 * that before what a jump host takes over from the main one. */
struct way_host {
    struct ssh_options options;
    bool has_user, has_port, has_login, has_known_hosts; /* said of this very host */
    bool no_agent;                                       /* as well */
    char *name, *user;                                   /* taken apart from "user@host:port" */
    struct ssh_config_host found;
    char *identities[SSH_CONFIG_IDENTITIES_MAX + 1];
    const char *known_hosts[2 * SSH_CONFIG_KNOWN_HOSTS_MAX + 1];
    char *agent, *certificate;
};

void way_host_free(struct way_host *host);

/* Takes the "user@host:port" in its options apart, as far as it is there; key is for the
 * message. TL_CONFIGURATION, TL_MEMORY. */
TL_NODISCARD enum tl_status way_host_split(struct way_host *host, const char *key,
                                           struct tl_error *err);

/* What a jump host does not say is as for the main host, but for what is a host's own: the
 * port, the fingerprint, and the password, which must not be shown to another server. config is
 * NULL for a host that the OpenSSH client's configuration named. */
void way_host_inherit(struct way_host *jump, const struct tl_config *config,
                      const struct ssh_options *main);

/* Brings into line what the hosts have of each other. */
void way_link(struct way *way);

#endif
