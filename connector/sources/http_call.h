/* A request put together from the settings: URL with its query, headers, body, credentials. */
#ifndef SOURCES_HTTP_CALL_H
#define SOURCES_HTTP_CALL_H

#include "sources/http_client.h"
#include "sources/http_expand.h"
#include "sources/http_settings.h"

enum { HTTP_URL_MAX_BYTES = 60 * 1024, HTTP_BODY_MAX_BYTES = 16 << 20 };

struct http_call {
    struct http_request request; /* points into what follows */
    struct buf url, body;
    struct curl_slist *headers;
};

/* Which page a call is for. */
struct http_asked {
    const char *url; /* NULL: that of the settings */
    bool first;      /* page */
};

void http_call_init(struct http_call *call);
void http_call_reset(struct http_call *call);

/* Makes the call for a page; `token` is that of the session, NULL without. Forgets what the
 * call was before. TL_CONFIGURATION for texts that cannot be sent. */
TL_NODISCARD enum tl_status http_call_compose(struct http_call *call,
                                              const struct http_settings *settings,
                                              const struct http_values *values,
                                              const struct http_asked *asked, const char *token,
                                              struct tl_error *err);

/* Makes the call that logs in. */
TL_NODISCARD enum tl_status http_call_compose_login(struct http_call *call,
                                                    const struct http_settings *settings,
                                                    const struct http_values *values,
                                                    struct tl_error *err);

/* Follows a redirect to that URL: as a GET without a body, unless the status is 307 or 308. */
TL_NODISCARD enum tl_status http_call_redirect(struct http_call *call, long status,
                                               const char *url, struct tl_error *err);

#endif
