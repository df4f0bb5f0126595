/* Airbyte's catalogs: the one that discover prints, the configured one that read is given. */
#ifndef AIRBYTE_CATALOG_H
#define AIRBYTE_CATALOG_H

#include "frontends/platform/discovery.h"

/* Appends the CATALOG message, one line. */
void airbyte_append_catalog(struct buf *out, const struct declared *declared,
                            struct discovery *discovery);

/* A stream of the configured catalog. */
struct configured_stream {
    char *name;
    bool incremental;
    const struct tl_stream *known; /* the stream that fills it; NULL: the connector has none */
};

struct configured {
    struct configured_stream *streams;
    size_t n_streams;
    struct selection selection;
    const char **tables; /* of the streams to run, NULL-terminated */
};

/* Reads the configured catalog. TL_CONFIGURATION if it is none. A stream or column that is gone
 * is no failure: of a column a warning is logged once its stream ran, of a stream `known` is
 * NULL. The caller resets *out in any case. */
TL_NODISCARD enum tl_status configured_read(struct configured *out, const char *json,
                                            size_t size, const struct declared *declared,
                                            struct tl_error *err);
void configured_reset(struct configured *configured);

const struct configured_stream *configured_find(const struct configured *configured,
                                                const char *name);

#endif
