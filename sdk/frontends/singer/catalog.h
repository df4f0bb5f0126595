/* Singer's catalog: printed by --discover, handed back by --catalog with what is selected. */
#ifndef SINGER_CATALOG_H
#define SINGER_CATALOG_H

#include "frontends/platform/discovery.h"

/* Appends the catalog, one JSON document. */
void singer_append_catalog(struct buf *out, const struct declared *declared,
                           struct discovery *discovery);

/* A stream to be synced. */
struct chosen_stream {
    const struct tl_stream *stream;
    bool incremental; /* from its bookmark on; else in full */
};

struct chosen {
    struct chosen_stream *streams;
    size_t n_streams;
    struct selection selection;
    const char **tables; /* of these streams, NULL-terminated */
    bool unknown;        /* streams were selected that there are not */
};

/* Reads the catalog: of the declared streams those that its metadata selects. TL_CONFIGURATION
 * if it is none; streams that are gone are warned of. The caller resets *out in any case. */
TL_NODISCARD enum tl_status chosen_read(struct chosen *out, const char *json, size_t size,
                                        const struct declared *declared, struct tl_error *err);

/* Without a catalog: everything, by the connector's own methods. */
TL_NODISCARD enum tl_status chosen_all(struct chosen *out, const struct declared *declared,
                                       struct tl_error *err);
void chosen_reset(struct chosen *chosen);

/* NULL if the stream is not to be synced. */
const struct chosen_stream *chosen_find(const struct chosen *chosen, const char *stream);

#endif
