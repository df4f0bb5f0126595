/* Reads and extends OpenSSH's known_hosts files: hosts plain, hashed and by
 * pattern, [host]:port, @revoked and @cert-authority. Source of the format: sshd(8), section
 * SSH_KNOWN_HOSTS FILE FORMAT. */
#ifndef SSH_KNOWN_HOSTS_H
#define SSH_KNOWN_HOSTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

enum known_hosts_verdict {
    KNOWN_HOSTS_UNKNOWN, /* no key of this host is known */
    KNOWN_HOSTS_MATCH,
    KNOWN_HOSTS_CHANGED, /* the host is known, by other keys only */
    KNOWN_HOSTS_REVOKED  /* this very key is marked @revoked */
};

/* A public key in its wire form (RFC 4253 section 6.6). */
struct known_key {
    const unsigned char *blob;
    size_t size;
};

/* The lines that speak of one host and port; the keys of unrelated lines are not kept. */
struct known_hosts;

/* Reads the files of a NULL-terminated list ("~/" expanded) for one host. A file that does not
 * exist knows nobody; one that cannot be read is TL_HOST_KEY. Broken lines are skipped
 * and logged at debug. On success *out is to be freed with known_hosts_free. */
TL_NODISCARD enum tl_status known_hosts_load(const char *const *paths, const char *host,
                                             uint16_t port, struct known_hosts **out,
                                             struct tl_error *err);
void known_hosts_free(struct known_hosts *hosts);

/* What the files say of this key. With KNOWN_HOSTS_CHANGED, *other (may be NULL) lends a key
 * that is known instead, one of the same type if there is one. */
enum known_hosts_verdict known_hosts_check(const struct known_hosts *hosts,
                                           struct known_key key, struct known_key *other);

/* Whether a key of this type ("ssh-ed25519") would be looked for in vain: false. */
bool known_hosts_has_type(const struct known_hosts *hosts, const char *type);

/* Whether a certificate authority is trusted for the host. */
bool known_hosts_has_authority(const struct known_hosts *hosts);

/* Whether this key is such an authority's, and not revoked. */
bool known_hosts_trusts_authority(const struct known_hosts *hosts, struct known_key key);

/* From now on the key is known to be the host's; no file is changed. */
TL_NODISCARD enum tl_status known_hosts_trust(struct known_hosts *hosts, struct known_key key,
                                              struct tl_error *err);

/* Keeps why no authority vouches for the host, for messages; "" if there is nothing to say. */
void known_hosts_set_doubt(struct known_hosts *hosts, const char *why);
const char *known_hosts_doubt(const struct known_hosts *hosts);

/* Appends the key to the first file of paths, under a lock, unless it is there by now. Creates
 * the file with mode 0600 and its folder with 0700. TL_HOST_KEY if the file came to know
 * another key of the host meanwhile, or cannot be written; with further_type set, a key of
 * another type is no obstacle. */
TL_NODISCARD enum tl_status known_hosts_add(const char *const *paths, const char *host,
                                            uint16_t port, struct known_key key,
                                            bool further_type, struct tl_error *err);

/* The type's name within the blob ("ssh-rsa"), or "" if the blob is not one; into out. */
#define KNOWN_KEY_TYPE_SIZE 64
const char *known_key_type(struct known_key key, char out[KNOWN_KEY_TYPE_SIZE]);

bool known_key_same_type(struct known_key left, struct known_key right);

/* "SHA256:" and 43 characters of base64, as ssh-keygen -l prints it; into out. */
#define KNOWN_KEY_SHA256_SIZE 52
const char *known_key_sha256(struct known_key key, char out[KNOWN_KEY_SHA256_SIZE]);

#endif
