/* Where a URL leads: scheme, host and port, and whether a request may go there. */
#ifndef SOURCES_HTTP_PLACE_H
#define SOURCES_HTTP_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "sources/http_settings.h"

enum { HTTP_HOST_SIZE = 256 };

struct http_place {
    bool tls;
    char host[HTTP_HOST_SIZE]; /* without the brackets of an IPv6 address */
    uint16_t port;
};

/* TL_CONFIGURATION for what is no URL of http or https, or holds a user's name. */
TL_NODISCARD enum tl_status http_place_of(const char *url, struct http_place *out,
                                          struct tl_error *err);

/* Fails with TL_CONFIGURATION for a request in clear text that settings->tls does not allow.
 * One to the SSH host's own loopback address never leaves that machine. */
TL_NODISCARD enum tl_status http_place_check(const struct http_place *place,
                                             const struct http_settings *settings,
                                             struct tl_error *err);

/* Splits "host:port" or "[::1]:port" of connect_to; TL_CONFIGURATION. */
TL_NODISCARD enum tl_status http_place_of_pair(const char *pair, struct http_place *out,
                                               struct tl_error *err);

/* Whether what an answer leads to may be followed: the same host and port, or from port 80 to
 * TLS on 443, and never from TLS to clear text. */
bool http_place_may_lead(const struct http_place *from, const struct http_place *to);

/* Appends what `reference` means beside `base`: a whole URL. TL_DATA if it is none. */
TL_NODISCARD enum tl_status http_url_resolve(const char *base, const char *reference,
                                             struct buf *out, struct tl_error *err);

/* Appends the URL with TLS or without, its port as it was. */
TL_NODISCARD enum tl_status http_url_with_tls(const char *url, bool tls, struct buf *out,
                                              struct tl_error *err);

#endif
