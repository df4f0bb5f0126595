/* What a server says before encryption begins: its banner and the algorithms it offers (RFC
 * 4253 sections 4.2 and 7.1). libssh2 tells nobody, and without it no failed handshake can be
 * explained. */
#ifndef SSH_GREETING_H
#define SSH_GREETING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum { SSH_GREETING_MAX_BYTES = 64 * 1024 };

/* The name-lists of a KEXINIT packet, in their order there. */
enum ssh_offer {
    SSH_OFFER_KEX,
    SSH_OFFER_HOST_KEY,
    SSH_OFFER_CIPHER_TO_SERVER,
    SSH_OFFER_CIPHER_TO_CLIENT,
    SSH_OFFER_MAC_TO_SERVER,
    SSH_OFFER_MAC_TO_CLIENT,
    SSH_OFFER_COUNT
};

struct ssh_greeting {
    struct buf raw; /* the first bytes received */
    struct buf banner;
    struct buf offers[SSH_OFFER_COUNT]; /* comma lists; empty until the KEXINIT is complete */
    bool complete;
    bool
        of_client; /* it lists what only clients have to say: libssh2 takes that for a method */
};

void ssh_greeting_init(struct ssh_greeting *greeting);
void ssh_greeting_free(struct ssh_greeting *greeting);

/* Takes the next bytes received, in any chunking; ignores what follows the KEXINIT. */
void ssh_greeting_feed(struct ssh_greeting *greeting, const void *data, size_t size);

/* Whether a banner has come, of a version of the protocol that is spoken here. */
bool ssh_greeting_is_spoken(const struct ssh_greeting *greeting);

/* Whether the comma list holds the name. */
bool ssh_names_contain(const char *list, const char *name);

/* Whether two comma lists share a name. */
bool ssh_names_meet(const char *left, const char *right);

#endif
