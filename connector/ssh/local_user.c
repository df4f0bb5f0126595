/* Who runs this program. */
#include "ssh/local_user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ENTRY_BYTES = 16 * 1024 };

const char *local_user_name(char out[LOCAL_USER_NAME_SIZE])
{
    char memory[ENTRY_BYTES];
    struct passwd entry, *found = NULL;

    if (getpwuid_r(geteuid(), &entry, memory, sizeof(memory), &found) != 0 || found == NULL)
        return strcpy(out, "root");
    snprintf(out, LOCAL_USER_NAME_SIZE, "%s", entry.pw_name);
    return out;
}

/* The environment goes first, as for a shell. */
char *local_user_home(bool of_account)
{
    char memory[ENTRY_BYTES];
    struct passwd entry, *found = NULL;
    const char *home = of_account ? NULL : getenv("HOME");

    if (home == NULL || home[0] != '/') {
        (void)getpwuid_r(getuid(), &entry, memory, sizeof(memory), &found);
        home = found != NULL ? entry.pw_dir : "/";
    }
    return strdup(home);
}

static char *below_home(const char *rest)
{
    char *home = local_user_home(false), *path = NULL;

    if (home != NULL && asprintf(&path, "%s/%s", home, rest) < 0)
        path = NULL;
    free(home);
    return path;
}

char *local_user_path(const char *path)
{
    return strncmp(path, "~/", 2) == 0 ? below_home(path + 2) : strdup(path);
}

/* A missing folder above it is a mistake in the path. */
void local_user_make_folder(const char *path)
{
    char *folder = strdup(path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;

    if (slash != NULL && slash != folder) {
        *slash = '\0';
        (void)mkdir(folder, 0700); /* if it fails, opening the file tells why */
    }
    free(folder);
}
