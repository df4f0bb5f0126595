/* The header Link (RFC 8288). */
#ifndef SOURCES_HTTP_LINK_H
#define SOURCES_HTTP_LINK_H

#include <stdbool.h>

#include "base/buf.h"

/* Appends the target of the first link whose relation is `next`; false if there is none. */
bool http_link_next(const char *header, struct buf *out);

#endif
