/* What the OpenSSH client's configuration says of a host, as `ssh -G` tells it. */
#ifndef CONNECTOR_SSH_CONFIG_H
#define CONNECTOR_SSH_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "ssh/options.h"
#include "towline/error.h"

enum { SSH_CONFIG_IDENTITIES_MAX = 16, SSH_CONFIG_KNOWN_HOSTS_MAX = 32 };

/* Texts are as the configuration has them, with their ~ and %h; NULL: nothing is said. */
struct ssh_config_host {
    char *text; /* memory of all of them; NULL: the client is not installed */
    const char *host_name;
    const char *user;
    uint16_t port;
    const char *identities[SSH_CONFIG_IDENTITIES_MAX + 1]; /* NULL-terminated */
    bool identities_only;
    const char *certificate;
    const char *agent; /* also "none", "SSH_AUTH_SOCK", "$NAME" */
    const char *host_key_alias;
    const char *known_hosts[SSH_CONFIG_KNOWN_HOSTS_MAX + 1]; /* NULL-terminated; the client
                                                                does not tell blanks in a path
                                                                from those between two */
    const char *global_known_hosts[SSH_CONFIG_KNOWN_HOSTS_MAX + 1];
    const char *proxy_jump;
    const char *proxy_command;
    char *home; /* what ~ stands for; owned */
};

/* Asks for the host, which must not begin with '-'; user (NULL) and port (0) are those already
 * known. *out is to be freed with ssh_config_free in any case. Nothing but `ssh` is started,
 * and no shell. TL_CONFIGURATION with what the client complains of; TL_INTERRUPTED. */
TL_NODISCARD enum tl_status ssh_config_ask(const char *host, const char *user, uint16_t port,
                                           int stop_fd, struct ssh_config_host *out,
                                           struct tl_error *err);
void ssh_config_free(struct ssh_config_host *found);

/* Reads what `ssh -G` printed, and takes the text, which is to be allocated; the pure part. */
void ssh_config_parse(char *text, struct ssh_config_host *out);

/* Whether the identities are those that the client tries where none is configured. */
bool ssh_config_identities_are_default(const struct ssh_config_host *found);

/* The path with ~, ${NAME} and tokens (those of ssh_config(5) but for %C and %j) put in; to be
 * freed. NULL when memory ran out, the path has other tokens, or there is no such variable. */
char *ssh_config_expand(const struct ssh_config_host *found, const char *host,
                        const char *path);

/* The host that "ssh -W %h:%p HOST", an older form of ProxyJump, goes through: its text within
 * command, up to a blank or the end. NULL: the command is another one. */
const char *ssh_config_jump_of(const char *command);

#endif
