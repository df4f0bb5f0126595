/* What a connector declares of its streams, before anything is connected to. */
#ifndef PLATFORM_DECLARED_H
#define PLATFORM_DECLARED_H

#include "base/texts.h"
#include "sync/run.h"
#include "sync/schema.h"

struct declared {
    const struct tl_connector *connector;
    struct tl_instance *instance; /* the streams borrow from it */
    struct tl_schema schema;
    struct texts names; /* of tables, that the schema borrows */
};

/* The caller resets *out in any case. */
TL_NODISCARD enum tl_status declared_open(struct declared *out,
                                          const struct tl_connector *connector,
                                          const struct tl_config *config, struct tl_error *err);
void declared_reset(struct declared *declared);

/* Whether a sync of the stream goes on from where the last one ended: by its cursor, or by the
 * state of a tap that makes its output. */
bool declared_is_incremental(const struct tl_stream *stream);

/* NULL if there is no such stream. */
const struct tl_stream *declared_find(const struct declared *declared, const char *name);

/* The stream that fills the table; NULL if none does. */
const struct tl_stream *declared_filler(const struct declared *declared, const char *table);

/* Puts the tables that a run has found in the place of the streams that fill several. */
TL_NODISCARD enum tl_status declared_expand(struct declared *declared,
                                            const struct run_report *report,
                                            struct tl_error *err);

#endif
