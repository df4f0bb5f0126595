/* Singer's sync: the chosen streams as SCHEMA, RECORD, ACTIVATE_VERSION and STATE messages. */
#ifndef SINGER_SYNC_H
#define SINGER_SYNC_H

#include "frontends/platform/discovery.h"

/* Syncs by the catalog and the state (paths; NULL: none). */
TL_NODISCARD enum tl_status singer_sync(struct platform *platform, const char *catalog,
                                        const char *state, struct tl_error *err);

/* Sends the SCHEMA message of every stream, and nothing else. */
TL_NODISCARD enum tl_status singer_send_schemas(struct platform *platform,
                                                const struct declared *declared,
                                                struct discovery *discovery,
                                                struct tl_error *err);

#endif
