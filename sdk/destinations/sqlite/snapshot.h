/* Reading a database without leaving a trace: no byte of it or beside it changes, no file
 * appears, no sync is kept waiting. */
#ifndef DESTINATIONS_SQLITE_SNAPSHOT_H
#define DESTINATIONS_SQLITE_SNAPSHOT_H

#include <stdbool.h>
#include <sys/stat.h>

#include "destinations/sqlite/sql.h"

/* How a file may be read depends on who else has it open. */
enum snapshot_kind {
    SNAPSHOT_LIVE,  /* somebody has it open, or was killed: the -shm is there to be read */
    SNAPSHOT_LEFT,  /* a -wal was left alone */
    SNAPSHOT_PLAIN, /* it keeps a rollback journal: reading takes a lock and writes nothing */
    SNAPSHOT_CLOSED /* nobody has it open */
};

struct snapshot {
    struct sql sql;
    enum snapshot_kind kind;
    struct stat file; /* as they were */
    struct stat wal;
};

/* Opens the file, which exists; path is lent until snapshot_close. What is read may be used
 * once snapshot_is_intact has said so. */
TL_NODISCARD enum tl_status snapshot_open(const char *path, struct snapshot *out,
                                          struct tl_error *err);

/* Whether nobody began to write to the file where that would have spoiled what was read. */
bool snapshot_is_intact(const struct snapshot *snapshot);

void snapshot_close(struct snapshot *snapshot);

#endif
