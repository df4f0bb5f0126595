/* The partitions that a connector declares. */
#include "sync/partitions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum tl_status tl_partitions_add(struct tl_partitions *partitions, const char *name,
                                 struct tl_error *err)
{
    char **names = realloc(partitions->names, (partitions->count + 1) * sizeof(*names));
    char *copy = text_copy(name, strlen(name));
    enum tl_status status = TL_OK;

    if (names != NULL)
        partitions->names = names;
    if (names == NULL || copy == NULL)
        status = tl_fail(err, TL_MEMORY, "out of memory for %zu names", partitions->count + 1);
    else if (*name == '\0')
        status = tl_fail(err, TL_CONFIGURATION, "a name is empty");
    for (size_t i = 0; i < partitions->count && status == TL_OK; i++)
        if (strcmp(names[i], name) == 0)
            status = tl_fail(err, TL_CONFIGURATION, "\"%s\" is named twice", name);
    if (status == TL_OK)
        names[partitions->count++] = copy;
    else
        free(copy);
    return status;
}

enum tl_status partitions_load(const struct tl_connector *connector,
                               const struct tl_config *config, struct tl_partitions *out,
                               struct tl_error *err)
{
    if (connector->partitions == NULL)
        return TL_OK;
    (void)snprintf(out->column, sizeof(out->column), "_towline_%s", connector->partition);
    return connector->partitions(config, out, err);
}

void partitions_reset(struct tl_partitions *partitions)
{
    for (size_t i = 0; i < partitions->count; i++)
        free(partitions->names[i]);
    free(partitions->names);
    *partitions = (struct tl_partitions){0};
}
