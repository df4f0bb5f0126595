/* The sweep: deleting what a complete output no longer held. */
#ifndef DESTINATIONS_SQLITE_SWEEP_H
#define DESTINATIONS_SQLITE_SWEEP_H

#include "destinations/destination.h"
#include "destinations/sqlite/rowset.h"
#include "destinations/sqlite/sql.h"

struct sweep {
    struct swept *tables; /* those of which rows are noted */
    struct rowset *asked; /* of the one that is being swept */
    bool failed;          /* rows could not be read back */
};

/* Makes the function that the statements use. *sweep must not move. */
TL_NODISCARD enum tl_status sweep_attach(struct sweep *sweep, const struct sql *sql,
                                         struct tl_error *err);

TL_NODISCARD enum tl_status sweep_begin(struct sweep *sweep, const char *table,
                                        struct tl_error *err);

/* Where to note which rows of the table are upserted; NULL if nobody asks. */
struct rowset *sweep_rows(const struct sweep *sweep, const char *table);

/* Deletes the scope's rows that were not seen, and forgets the table. */
TL_NODISCARD enum tl_status sweep_end(struct sweep *sweep, const struct sql *sql,
                                      const struct catalog_table *table,
                                      const struct destination_scope *scope,
                                      enum tl_deletes deletes, int64_t synced_us,
                                      struct tally *tally, struct tl_error *err);

/* Forgets all of them. */
void sweep_forget(struct sweep *sweep);

#endif
