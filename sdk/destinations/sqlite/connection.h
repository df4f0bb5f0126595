/* Opening a database in each of the three modes, and closing it again. */
#ifndef DESTINATIONS_SQLITE_CONNECTION_H
#define DESTINATIONS_SQLITE_CONNECTION_H

#include "destinations/destination.h"
#include "destinations/sqlite/file.h"
#include "destinations/sqlite/snapshot.h"
#include "destinations/sqlite/sql.h"

struct connection {
    enum destination_mode mode;
    struct file file;
    struct snapshot snapshot; /* READ: what sql is of */
    struct sql sql;           /* sql.db is NULL when there is nothing to read */
    bool marked;              /* the committed database bears our mark */
    bool removable; /* the file is ours and holds nothing: it goes when it is closed */
};

/* connection_close is due in any case. */
TL_NODISCARD enum tl_status connection_open(struct connection *connection, const char *path,
                                            enum destination_mode mode, struct tl_error *err);
void connection_close(struct connection *connection);

/* READ: whether nobody wrote while we read; if somebody did, the database is open anew and the
 * reading has to be done again. */
TL_NODISCARD enum tl_status connection_settle(struct connection *connection, bool *again,
                                              struct tl_error *err);

/* Begins a transaction unless one is open. */
TL_NODISCARD enum tl_status connection_begin(struct connection *connection,
                                             struct tl_error *err);

TL_NODISCARD enum tl_status connection_commit(struct connection *connection,
                                              struct tl_error *err);

/* Whether the database is one that nobody can see yet: a first sync's, until it is published.
 */
bool connection_is_building(const struct connection *connection);

/* After the first commit: makes it durable, lets everybody see it, and opens it anew; nothing
 * of the old sql.db may be in use. */
TL_NODISCARD enum tl_status connection_publish(struct connection *connection,
                                               struct tl_error *err);

/* True if the database was opened anew: nothing is attached to it. */
bool connection_rollback(struct connection *connection);

/* Closes the database: all that can be done is to close the connection. */
void connection_abandon(struct connection *connection);

#endif
