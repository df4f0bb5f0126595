/* A request and all that it takes to have its answer: logging in, following redirects, waiting
 * for a server that is too busy, judging what came. */
#ifndef SOURCES_HTTP_EXCHANGE_H
#define SOURCES_HTTP_EXCHANGE_H

#include "sources/http_call.h"

struct http_exchange {
    struct http_client *client; /* this and the next two borrowed */
    const struct http_settings *settings;
    struct http_values values;
    const char *table;
    struct http_call call;
    struct http_asked asked;
    struct buf token; /* of the session; empty before the login */
    bool persistent;  /* a broken connection is worth another try here: much is done already */
};

void http_exchange_init(struct http_exchange *exchange, struct http_client *client,
                        const struct http_settings *settings, struct tl_sync *sync,
                        const struct tl_config *config);
void http_exchange_reset(struct http_exchange *exchange);

/* Sends the request for a page off; `next` and `url` are http_pages' and must last until the
 * answer has come. Logs in first where that is needed. */
TL_NODISCARD enum tl_status http_exchange_begin(struct http_exchange *exchange,
                                                struct http_answer *answer, const char *next,
                                                const char *url, bool first,
                                                struct tl_error *err);

/* Waits for its good answer, asking again where that may help. Errors are those of
 * http_client_finish, and TL_AUTHENTICATION for 401 and 403, TL_COMMAND for other answers that
 * are not good, TL_DATA for what holds no rows; the message names the URL. */
TL_NODISCARD enum tl_status http_exchange_finish(struct http_exchange *exchange,
                                                 struct http_answer *answer,
                                                 struct tl_error *err);

#endif
