/* The plan: what a block's columns mean for the table, as changes and as a mapping. */
#ifndef SYNC_PLAN_H
#define SYNC_PLAN_H

#include "destinations/destination.h"
#include "sync/stream_run.h"

/* How the columns of one stream's blocks map to its table; kept by the writer between blocks.
 */
struct plan {
    struct catalog_table *table;
    uint32_t *column_of;    /* per column of the source: index in table, or COLUMNS_NONE */
    type_observed *settled; /* per column of the source: what it may show without a change */
    uint32_t n_columns;
    uint32_t *source; /* the other way: per column of table, index in the source's columns */
    uint32_t n_source;
    struct catalog_change *changes; /* what plan_block asks for */
    size_t n_changes;
    size_t max_changes;
};

void plan_init(struct plan *plan);
void plan_reset(struct plan *plan);

/* Brings the catalog's table up to what the block shows, and lists the changes that the
 * destination has to make. TL_DATA or TL_DESTINATION if the table cannot hold it. The catalog
 * is changed even if the destination then fails: roll back and load it again. */
TL_NODISCARD enum tl_status plan_block(struct plan *plan,
                                       const struct destination_traits *traits,
                                       struct catalog *catalog, const struct stream_run *stream,
                                       const struct block *block, struct tl_error *err);

/* Whether plan_block would leave everything as it is: the usual case, and cheap. */
bool plan_covers(const struct plan *plan, const struct block *block);

#endif
