/* A connector's explanation of a stream: what one would type to get its output by hand. */
#ifndef SYNC_EXPLAIN_H
#define SYNC_EXPLAIN_H

#include "sync/schema.h"

/* Has the connector, which has an `explain`, print it for the stream with that index, as it
 * would be synced from that state. */
TL_NODISCARD enum tl_status explain_stream(const struct tl_connector *connector,
                                           struct tl_instance *instance,
                                           const struct tl_schema *schema, size_t index,
                                           const char *state, struct tl_error *err);

#endif
