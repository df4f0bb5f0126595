/* What went wrong with an HTTP request, in words. */
#include "sources/http_fault.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"

enum tl_status http_fault_silent(const struct http_settings *settings, struct tl_error *err)
{
    (void)tl_fail(err, TL_COMMAND_TIMEOUT, "no answer within idle_timeout (%g s)",
                  (double)settings->idle_timeout_ms / 1000);
    return tl_remedy(err, "Look whether the service hangs, or raise idle_timeout");
}

enum tl_status http_fault_too_slow(const struct http_settings *settings, struct tl_error *err)
{
    (void)tl_fail(err, TL_COMMAND_TIMEOUT, "it all takes longer than command_timeout (%g s)",
                  (double)settings->command_timeout_ms / 1000);
    return tl_remedy(err, "Ask for less, or raise command_timeout");
}

static enum tl_status not_trusted(const struct http_fault *fault, const char *why,
                                  struct tl_error *err)
{
    (void)tl_fail(err, TL_TLS, "the certificate is not one for %s that can be trusted: %s",
                  fault->host, why);
    return tl_remedy(err,
                     "Ask for the URL by a name that is in the certificate, renew it, or "
                     "name the authority that signed it in `ca_file`%s",
                     fault->settings->ca_file ? " (now another)" : "");
}

static enum tl_status no_tls(const char *why, struct tl_error *err)
{
    (void)tl_fail(err, TL_TLS, "TLS cannot be set up: %s", why);
    return tl_remedy(err, "Look whether the service speaks TLS on that port, in version 1.2 or "
                          "newer");
}

/* libcurl is given a time for connecting alone, and the tunnel takes connections at once. */
static enum tl_status no_handshake(const struct http_fault *fault, struct tl_error *err)
{
    (void)tl_fail(err, TL_LOST, "no answer to the beginning of TLS within %g s",
                  (double)fault->connect_ms / 1000);
    return tl_remedy(err, "Look whether the service hangs or speaks no TLS on that port, or "
                          "raise ssh_connect_timeout");
}

enum tl_status http_fault_head(struct tl_error *err)
{
    (void)tl_fail(err, TL_DATA, "the head of the answer is too large");
    return tl_remedy(err, "Look at the headers that the service sends: curl -sI");
}

enum tl_status http_fault_cut_short(uint64_t taken, struct tl_error *err)
{
    (void)tl_fail(err, TL_DATA, "the answer was cut short after %" PRIu64 " bytes of its body",
                  taken);
    return tl_remedy(err, "Look at the service's own log for why it closed the connection");
}

/* What went wrong, in the words of whoever knows best. */
enum tl_status http_fault_explain(const struct http_fault *fault, struct tl_error *err)
{
    CURLcode code = (CURLcode)fault->code;
    const char *text = *fault->why ? fault->why : curl_easy_strerror(code);
    char why[CURL_ERROR_SIZE];

    (void)text_safe(why, sizeof(why), text, strlen(text));
    switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
        return not_trusted(fault, why, err);
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CACERT_BADFILE:
        return no_tls(why, err);
    case CURLE_PARTIAL_FILE:
        return http_fault_cut_short(fault->taken, err);
    case CURLE_OPERATION_TIMEDOUT:
        return no_handshake(fault, err);
    case CURLE_OUT_OF_MEMORY: /* so it calls a line that is longer than it takes */
        return http_fault_head(err);
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        (void)tl_fail(err, TL_DATA, "what answers there does not speak HTTP: %s", why);
        return tl_remedy(err, "Look at the port in `url`");
    case CURLE_GOT_NOTHING:
        return tl_fail(err, TL_LOST, "the server closed the connection without an answer");
    default:
        return tl_fail(err, TL_LOST, "the connection to the server broke: %s", why);
    }
}
