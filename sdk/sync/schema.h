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

/* Whether the stream fills several tables: those whose names are its own with something else
 * for the star. The output says which there are. */
bool schema_is_pattern(const struct tl_stream *stream);

/* Whether the name is that of the stream's table, or of one of them. */
bool schema_fits(const struct tl_stream *stream, const char *table);

/* Fails with TL_DATA, saying why, if a table that the output names cannot be made. */
TL_NODISCARD enum tl_status schema_check_table(const struct tl_schema *schema,
                                               const char *table, struct tl_error *err);

#endif
