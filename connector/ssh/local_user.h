/* Who runs this program: the default for the remote user's name, and the meaning of "~/". */
#ifndef SSH_LOCAL_USER_H
#define SSH_LOCAL_USER_H

#include <stdbool.h>

enum { LOCAL_USER_NAME_SIZE = 64 };

/* The name, "root" if the system knows none; into out. */
const char *local_user_name(char out[LOCAL_USER_NAME_SIZE]);

/* The home folder, to be freed: HOME's, unless it is not set, or the account's. NULL when
 * memory ran out. */
char *local_user_home(bool of_account);

/* A copy of path with a leading "~/" replaced by the home folder; to be freed. NULL when memory
 * ran out. */
char *local_user_path(const char *path);

/* Makes the folder that the path's file is to be in, with mode 0700, if it is missing; if that
 * fails, opening the file tells why. */
void local_user_make_folder(const char *path);

#endif
