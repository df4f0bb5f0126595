/* The run log, read back. */
#ifndef DESTINATIONS_SQLITE_RUN_LOG_H
#define DESTINATIONS_SQLITE_RUN_LOG_H

#include "destinations/destination.h"
#include "destinations/sqlite/sql.h"

/* Whether it has a place for warnings: a catalog of version 1 has none. */
TL_NODISCARD enum tl_status run_log_has_warnings(const struct sql *sql, bool *out,
                                                 struct tl_error *err);

/* Reads the last out->max_runs records of each stream. */
TL_NODISCARD enum tl_status run_log_load(const struct sql *sql,
                                         struct destination_contents *out,
                                         struct tl_error *err);

#endif
