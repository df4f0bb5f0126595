/* Towline's own tables in a database, _towline_columns, _towline_state and _towline_runs, and
 * the marks by which a database is known as Towline's. Documented for users in docs/catalog.md.
 */
#ifndef DESTINATIONS_SQLITE_OWN_H
#define DESTINATIONS_SQLITE_OWN_H

#include "destinations/destination.h"
#include "destinations/sqlite/sql.h"

/* TL_DESTINATION if the database is of another program or of a newer Towline. An empty one is
 * fine. *marked: it bears our mark. */
TL_NODISCARD enum tl_status own_check(const struct sql *sql, bool *marked,
                                      struct tl_error *err);

/* Makes what is missing, within the transaction. */
TL_NODISCARD enum tl_status own_make(const struct sql *sql, bool marked, struct tl_error *err);

/* Reads everything; a database without the tables gives nothing. */
TL_NODISCARD enum tl_status own_load(const struct sql *sql, struct destination_contents *out,
                                     struct tl_error *err);

/* Forgets what was known of a table's columns. */
TL_NODISCARD enum tl_status own_forget_table(const struct sql *sql, const char *table,
                                             struct tl_error *err);

/* Writes what is known of a column. */
TL_NODISCARD enum tl_status own_put_column(const struct sql *sql,
                                           const struct catalog_table *table, uint32_t column,
                                           struct tl_error *err);

#define OWN_PUT_STATE "REPLACE INTO main._towline_state VALUES (?1, ?2, ?3)"

/* "" removes the state. */
TL_NODISCARD enum tl_status own_put_state(const struct sql *sql, const char *stream,
                                          const char *state, int64_t now_us,
                                          struct tl_error *err);

TL_NODISCARD enum tl_status own_put_run(const struct sql *sql, const struct run_record *run,
                                        struct tl_error *err);

/* Forgets a stream: its columns, its state, its runs, also those of its partitions. */
TL_NODISCARD enum tl_status own_forget_stream(const struct sql *sql, const char *stream,
                                              struct tl_error *err);

/* Drops the tables if they are all empty. */
TL_NODISCARD enum tl_status own_drop_empty(const struct sql *sql, struct tl_error *err);

#endif
