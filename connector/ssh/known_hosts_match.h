/* Whether the first field of a known_hosts line speaks of a host: patterns and hashes. */
#ifndef SSH_KNOWN_HOSTS_MATCH_H
#define SSH_KNOWN_HOSTS_MATCH_H

#include <stdbool.h>
#include <stdint.h>

/* The two names a host goes by in lower case: alone, and with its port. */
struct host_names {
    char *plain;     /* "host" */
    char *with_port; /* "[host]:2222"; for port 22 the same as plain */
};

/* False when memory ran out. */
bool host_names_init(struct host_names *names, const char *host, uint16_t port);
void host_names_reset(struct host_names *names);

/* Whether the field, "a,*.b,!c.b" or "|1|salt|hash", means the host. *other_port is set if it
 * only does so by the name alone although the port is not 22. */
bool host_names_match(const struct host_names *names, const char *field, bool *other_port);

#endif
