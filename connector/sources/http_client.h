/* HTTP requests, one at a time, over channels of an SSH session: libcurl speaks to a Unix
 * socket in a private folder, and a forwarder leads that to the host that the URL names. There
 * is no listening port. The connection is kept for the requests that follow. */
#ifndef SOURCES_HTTP_CLIENT_H
#define SOURCES_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "sources/http_answer.h"
#include "sources/http_settings.h"
#include "ssh/session.h"
#include "towline/sync.h"

struct curl_slist;

/* Borrowed until http_client_finish has returned. */
struct http_request {
    const char *method;
    const char *url;
    struct curl_slist *headers;
    const char *body; /* NULL: none */
    size_t body_size;
    bool feed;    /* a good body goes to the sync as it comes, and is not held */
    bool is_list; /* a good body is JSON, and none of the stream's rows */
};

struct http_client;

/* *out is to be closed with http_client_close; meanwhile the session is served by it alone. All
 * that is passed must outlive it. */
TL_NODISCARD enum tl_status http_client_open(struct ssh_session *session,
                                             const struct http_settings *settings,
                                             struct tl_sync *sync, struct http_client **out,
                                             struct tl_error *err);
void http_client_close(struct http_client *client);

/* Sends the request off, without waiting; the answer is filled by http_client_finish. */
TL_NODISCARD enum tl_status http_client_begin(struct http_client *client,
                                              const struct http_request *request,
                                              struct http_answer *answer, struct tl_error *err);

/* Whether the session that carries the requests still stands. */
bool http_client_is_alive(const struct http_client *client);

/* Whether a request was begun and not finished. */
bool http_client_is_busy(const struct http_client *client);

/* Waits for the answer, whatever its status, and its whole body. TL_CONNECT, TL_FORWARD when
 * the SSH host cannot or may not reach the place; TL_TLS; TL_LOST when the connection broke;
 * TL_COMMAND_TIMEOUT for silence; TL_DATA for a body that is cut short or too large; what
 * tl_feed returned; TL_INTERRUPTED. */
TL_NODISCARD enum tl_status http_client_finish(struct http_client *client,
                                               struct tl_error *err);

/* Serves the session until then, or until the sync is ready for more. */
TL_NODISCARD enum tl_status http_client_wait(struct http_client *client, int64_t until_ms,
                                             struct tl_error *err);
TL_NODISCARD enum tl_status http_client_wait_ready(struct http_client *client,
                                                   struct tl_error *err);

#endif
