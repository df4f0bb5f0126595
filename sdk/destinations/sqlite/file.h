/* The database as a file: found, made, locked against a second sync, removed. */
#ifndef DESTINATIONS_SQLITE_FILE_H
#define DESTINATIONS_SQLITE_FILE_H

#include <stdbool.h>

#include "towline/error.h"

struct file {
    char *path;   /* absolute, without symbolic links */
    bool exists;  /* when it was looked for, or before file_claim made it */
    bool created; /* by file_claim */
    int fd;       /* holds the lock; -1: none */
};

#define FILE_NONE ((struct file){.fd = -1})

/* Finds out which file the path stands for. A symbolic link is followed if it belongs to root
 * or to the user and leads to a file. Fails with TL_DESTINATION for a folder, a missing folder,
 * a device. */
TL_NODISCARD enum tl_status file_find(const char *path, struct file *out, struct tl_error *err);

/* Opens the file for the one sync that may write to it, and makes it (mode 0600) if it is not
 * there. TL_LOCKED, naming the process, if another sync has it; TL_DESTINATION if it is not
 * writable or does not begin as a SQLite database does. */
TL_NODISCARD enum tl_status file_claim(struct file *file, struct tl_error *err);

/* Says to others which process holds the claim. SQLite, when it gives up its own locks on the
 * file, takes this one with them: to be called when it does not do so any more. */
void file_sign(const struct file *file);

/* Whether the file begins as a SQLite database does, or is empty; TL_DESTINATION if not. */
TL_NODISCARD enum tl_status file_check(const struct file *file, struct tl_error *err);

/* Removes the file; to be called while it is claimed. */
void file_remove(struct file *file);

/* Gives up the claim and frees. SQLite must have closed the file before. */
void file_reset(struct file *file);

#endif
