/* The partitions that a connector declares for a configuration: the hosts of a fleet, say. */
#ifndef SYNC_PARTITIONS_H
#define SYNC_PARTITIONS_H

#include "towline/connector.h"

/* A column's name is "_towline_" and the connector's word for a partition. */
enum { PARTITIONS_COLUMN_SIZE = 64 };

struct tl_partitions {
    char **names;
    size_t count;                        /* 0: the connector runs as one */
    char column[PARTITIONS_COLUMN_SIZE]; /* that says which one a row comes from */
};

/* Asks the connector. The caller resets *out, all zero before, in any case. */
TL_NODISCARD enum tl_status partitions_load(const struct tl_connector *connector,
                                            const struct tl_config *config,
                                            struct tl_partitions *out, struct tl_error *err);
void partitions_reset(struct tl_partitions *partitions);

#endif
