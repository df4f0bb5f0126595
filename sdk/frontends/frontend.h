/* Front ends: the ways in which a program built on the SDK is started and spoken to. */
#ifndef FRONTENDS_FRONTEND_H
#define FRONTENDS_FRONTEND_H

#include <stdbool.h>

#include "towline/connector.h"

struct frontend {
    const char *name;    /* also the command that selects it: "airbyte" */
    const char *summary; /* one line for help */

    /* Whether a program started like this is meant for this front end (argv[0] may decide).
     * NULL: only by its command. */
    bool (*claims)(int argc, char **argv);

    /* Runs the program; argv starts with the program's name. Returns the exit code. May block;
     * it alone prints, handles signals and sets the log's sink. */
    int (*run)(int argc, char **argv, const struct tl_connector *connector);
};

/* All of them, NULL-terminated; the last, the command line, takes what no other claims. */
extern const struct frontend *const frontend_list[];

#endif
