/* The streams and partitions that a connector declares. */
#ifndef SYNC_SCHEMA_H
#define SYNC_SCHEMA_H

#include "towline/connector.h"

struct tl_schema {
    struct tl_stream *streams;
    size_t n_streams;
};

void schema_reset(struct tl_schema *schema);

/* Fails with TL_USAGE if one of `tables` (NULL-terminated, or NULL) is no stream. */
TL_NODISCARD enum tl_status schema_check_selection(const struct tl_schema *schema,
                                                   const char *const *tables,
                                                   struct tl_error *err);

/* Whether the stream is in `tables`, or these are NULL. */
bool schema_is_selected(const struct tl_stream *stream, const char *const *tables);

#endif
