/* OpenSSH's certificates: a public key that an authority vouches for. Source of the format:
 * PROTOCOL.certkeys in OpenSSH's source. */
#ifndef SSH_CERTIFICATE_H
#define SSH_CERTIFICATE_H

#include "base/buf.h"
#include "ssh/wire.h"

enum certificate_kind { CERTIFICATE_USER = 1, CERTIFICATE_HOST = 2 };

#define CERTIFICATE_SUFFIX "-cert-v01@openssh.com"

struct certificate {
    struct buf key; /* the plain blob of the key it speaks of */
    uint32_t kind;
    struct wire_text principals; /* counted texts; none: anybody's */
    uint64_t valid_after_s, valid_before_s;
    struct wire_text critical_options;
    struct wire_text authority; /* the blob of its key */
    struct wire_text signature;
    struct wire_text signed_part; /* all that the signature covers */
};

/* Takes a blob apart; what *out holds is lent from it but for `key`, so *out is to be reset
 * with certificate_reset in any case. False if it is no certificate. */
bool certificate_parse(struct certificate *out, const unsigned char *blob, size_t size);

void certificate_reset(struct certificate *certificate);

/* Whether the moment, in seconds since 1970, is within its time. */
bool certificate_is_current(const struct certificate *certificate, uint64_t now_s);

/* Whether it names this principal, letter by letter. */
bool certificate_names(const struct certificate *certificate, const char *principal);

/* Whether its authority signed it; by SHA-1 is as good as not at all. */
bool certificate_is_signed(const struct certificate *certificate);

#endif
