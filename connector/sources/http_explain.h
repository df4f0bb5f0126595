/* An http stream in the words of ssh and curl. */
#ifndef SOURCES_HTTP_EXPLAIN_H
#define SOURCES_HTTP_EXPLAIN_H

#include "sources/source.h"

/* source.explain: a tunnel from a Unix socket to the service, the requests through it with curl
 * (of pages the first), and the end of the tunnel. */
TL_NODISCARD enum tl_status http_explain(const struct source_way *way,
                                         const struct stream *stream,
                                         const struct tl_config *config, struct tl_sync *sync,
                                         struct buf *out, struct tl_error *err);

#endif
