/* How to reach a host and log in: what a session is opened with. */
#ifndef SSH_OPTIONS_H
#define SSH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum ssh_host_key_policy {
    SSH_HOST_KEY_STRICT,     /* must be in known_hosts */
    SSH_HOST_KEY_ACCEPT_NEW, /* a new host is remembered, a changed key refused */
    SSH_HOST_KEY_RELAXED     /* any key; each time with a warning */
};

/* The steps of opening a session, in order. */
enum ssh_phase {
    SSH_PHASE_LOOKUP,
    SSH_PHASE_CONNECT,
    SSH_PHASE_BANNER,
    SSH_PHASE_KEY_EXCHANGE,
    SSH_PHASE_HOST_KEY,
    SSH_PHASE_AUTHENTICATION
};

/* Where the OpenSSH client looks; for known_hosts_paths that are NULL or empty, too. */
extern const char *const ssh_known_hosts_default[];

/* All strings are borrowed while ssh_session_open runs; NULL or "" means not given. A leading
 * "~/" in a path is the home folder. Start from ssh_options_init. */
struct ssh_options {
    const char *host;
    const char *user; /* default: the local user's name */
    uint16_t port;

    const char *private_key; /* OpenSSH or PEM text, also with \n escapes, or that in base64 */
    const char *private_key_path;
    const char *passphrase;        /* of either key */
    const char *certificate_path;  /* default: PRIVATE_KEY_PATH-cert.pub, if there is one */
    const char *password;          /* also answers keyboard-interactive */
    bool use_agent;                /* the one at $SSH_AUTH_SOCK */
    const char *agent_path;        /* or the one there */
    const char *const *identities; /* paths of further keys to try, NULL-terminated; one that
                                      cannot be used is passed over */
    bool identities_only;          /* of the agent's keys, too, none but these */

    enum ssh_host_key_policy host_key_policy;
    const char *host_key_sha256; /* "SHA256:...": decides alone when given */
    const char *approve_sha256;  /* the host's key is recorded if it has this fingerprint */
    bool approve_unknown_only;   /* ... and a key that is trusted already passes */
    const char *host_key_alias;  /* the name to look up in known_hosts instead of host */
    const char *const *known_hosts_paths; /* NULL-terminated; the first is written to */

    int connect_timeout_ms;    /* for name lookup to host key, again for authentication, and
                                  for the server's consent to each channel */
    int keepalive_interval_ms; /* of silence before the server is asked for a sign; 0: never */
    int keepalive_silences;    /* so many of these without a sign: the server is gone */
    bool compression;
    unsigned window_max_bytes; /* what may be under way to a reader that waits; 0: as much as
                                  the way can carry */
    enum ssh_phase last_phase; /* opening ends after it, with no session if not the last */
    int stop_fd;               /* becomes readable when everything must end; -1: none */

    const struct ssh_options *jump; /* the host to go through, which may itself have one; only
                                       its stop_fd and last_phase do not count. NULL: none */
};

/* Port 22, strict, ~/.ssh/known_hosts, 10 s to connect, 15 s keepalive (gone after three), all
 * phases. */
void ssh_options_init(struct ssh_options *options);

#endif
