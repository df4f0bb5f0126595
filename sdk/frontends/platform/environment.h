/* Settings from the environment, as Meltano hands them over: TAP_SSH_SSH_HOST for ssh_host of
 * tap-ssh. */
#ifndef PLATFORM_ENVIRONMENT_H
#define PLATFORM_ENVIRONMENT_H

#include <cjson/cJSON.h>

#include "towline/option.h"

/* Makes a variable's name of it in place: "tap-ssh_host" becomes "TAP_SSH_HOST". */
void environment_name(char *name);

/* An object of the options in the table that the environment sets, each as text; the caller's
 * to free with document_free. NULL when memory ran out. */
cJSON *environment_settings(const char *program, const struct tl_option *table);

#endif
