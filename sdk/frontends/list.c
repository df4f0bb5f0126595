/* The front ends of this program. */
#include "frontends/frontend.h"

#include <stddef.h>

#include "frontends/cli/cli.h"

const struct frontend *const frontend_list[] = {&cli_frontend, NULL};
