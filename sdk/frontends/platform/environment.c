/* Settings from the environment. */
#include "frontends/platform/environment.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

void environment_name(char *name)
{
    for (; *name != '\0'; name++)
        *name = (char)(isalnum((unsigned char)*name) ? toupper((unsigned char)*name) : '_');
}

cJSON *environment_settings(const char *program, const struct tl_option *table)
{
    cJSON *object = cJSON_CreateObject();

    for (; object != NULL && table->name != NULL; table++) {
        char variable[256];
        const char *value;
        (void)snprintf(variable, sizeof(variable), "%s_%s", program, table->name);
        environment_name(variable);
        value = getenv(variable);
        if (value != NULL && cJSON_AddStringToObject(object, table->name, value) == NULL) {
            cJSON_Delete(object);
            object = NULL;
        }
    }
    return object;
}
