/* What went wrong with an HTTP request, in words. */
#ifndef SOURCES_HTTP_FAULT_H
#define SOURCES_HTTP_FAULT_H

#include <stdint.h>

#include "sources/http_settings.h"

/* A request that libcurl gave up. */
struct http_fault {
    const struct http_settings *settings;
    const char *host; /* that the URL names */
    uint64_t taken;   /* bytes of the answer's body */
    long connect_ms;  /* what it had for connecting, TLS included */
    int code;         /* CURLcode */
    const char *why;  /* libcurl's words; "" if it has none */
};

enum tl_status http_fault_explain(const struct http_fault *fault, struct tl_error *err);

/* The headers have more bytes than any service needs. */
enum tl_status http_fault_head(struct tl_error *err);

/* The body ended too early. */
enum tl_status http_fault_cut_short(uint64_t taken, struct tl_error *err);

/* idle_timeout, command_timeout. */
enum tl_status http_fault_silent(const struct http_settings *settings, struct tl_error *err);
enum tl_status http_fault_too_slow(const struct http_settings *settings, struct tl_error *err);

#endif
