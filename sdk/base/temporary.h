/* Temporary files. */
#ifndef BASE_TEMPORARY_H
#define BASE_TEMPORARY_H

/* The folder for large temporary files: $SQLITE_TMPDIR, $TMPDIR, /var/tmp, /usr/tmp, /tmp, ".":
 * the first that can be written to, as SQLite chooses it
 * (https://www.sqlite.org/tempfiles.html section 5). */
const char *temporary_folder(void);

/* A new file without a name in that folder; -1 with errno. */
int temporary_open(void);

#endif
