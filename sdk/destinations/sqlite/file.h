/* The database as a file: found, made, locked against a second sync, removed. */
#ifndef DESTINATIONS_SQLITE_FILE_H
#define DESTINATIONS_SQLITE_FILE_H

#include <stdbool.h>

#include "towline/error.h"

struct file {
    char *path;     /* absolute, without symbolic links */
    char *building; /* the path of a first sync's file until it is published; else NULL */
    bool exists;    /* when it was looked for; before file_claim made it */
    int fd;         /* holds the lock; -1: none */
};

#define FILE_NONE ((struct file){.fd = -1})

/* Finds out which file the path stands for. A symbolic link is followed if it belongs to root
 * or to the user and leads to a file. Fails with TL_DESTINATION for a folder, a missing folder,
 * a device. */
TL_NODISCARD enum tl_status file_find(const char *path, struct file *out, struct tl_error *err);

/* Opens the file for the one sync that may write to it. If it is not there, an empty one (mode
 * 0600) is made beside it, of the same name with "-building" at its end, which takes its place
 * when it is published; what a sync that was killed has left there is dropped. TL_LOCKED,
 * naming the process, if another sync has it; TL_DESTINATION if it is not writable or does not
 * begin as a SQLite database does. */
TL_NODISCARD enum tl_status file_claim(struct file *file, struct tl_error *err);

/* Where the file lies now. */
const char *file_where(const struct file *file);

/* Makes what was built durable and gives it its name. Another file that came to bear the name
 * meanwhile is not touched: then *taken. SQLite must have closed the file before. */
TL_NODISCARD enum tl_status file_publish(struct file *file, bool *taken, struct tl_error *err);

/* Where the name was taken: *file becomes the file that bears it, claimed, and *built the one
 * that was built, to be reset as well. TL_LOCKED, TL_DESTINATION. */
TL_NODISCARD enum tl_status file_claim_taken(struct file *file, struct file *built,
                                             struct tl_error *err);

/* Empties a file that is still being built. */
TL_NODISCARD enum tl_status file_empty(struct file *file, struct tl_error *err);

/* Says to others which process holds the claim. SQLite, when it gives up its own locks on the
 * file, takes this one with them: to be called when it does not do so any more. */
void file_sign(const struct file *file);

/* Whether the file begins as a SQLite database does, or is empty; TL_DESTINATION if not. */
TL_NODISCARD enum tl_status file_check(const struct file *file, struct tl_error *err);

/* Removes the file, built or published; to be called while it is claimed. */
void file_remove(struct file *file);

/* Gives up the claim and frees. SQLite must have closed the file before. */
void file_reset(struct file *file);

#endif
