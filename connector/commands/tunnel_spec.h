/* What -L and -R say: [[BIND:]PORT:]HOST:HOSTPORT. */
#ifndef COMMANDS_TUNNEL_SPEC_H
#define COMMANDS_TUNNEL_SPEC_H

#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

struct tunnel_spec {
    char bind[256]; /* "": the loopback address; "*": all; an IPv6 address without brackets */
    uint16_t port;  /* 0: a free one */
    char host[256];
    uint16_t host_port;
};

/* `option` ("-L") is for messages. TL_USAGE. */
TL_NODISCARD enum tl_status tunnel_spec_parse(const char *option, const char *text,
                                              struct tunnel_spec *out, struct tl_error *err);

/* All of a command line's: the local ones first. */
enum { TUNNEL_SPECS_MAX = 64 };
struct tunnel_plan {
    struct tunnel_spec specs[TUNNEL_SPECS_MAX];
    size_t n, n_local;
};

/* `local` and `remote` are NULL-terminated, or NULL. TL_USAGE, also if there is none. */
TL_NODISCARD enum tl_status tunnel_plan_parse(const char *const *local,
                                              const char *const *remote,
                                              struct tunnel_plan *out, struct tl_error *err);

#endif
