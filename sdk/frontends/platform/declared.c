/* What a connector declares of its streams. */
#include "frontends/platform/declared.h"

#include <string.h>

enum tl_status declared_open(struct declared *out, const struct tl_connector *connector,
                             const struct tl_config *config, struct tl_error *err)
{
    const struct tl_open open = {.config = config, .stop_fd = -1};

    *out = (struct declared){.connector = connector};
    if (connector->open(&open, &out->instance, err) != TL_OK)
        return err->status;
    return connector->schema(out->instance, &out->schema, err);
}

void declared_reset(struct declared *declared)
{
    if (declared->connector != NULL && declared->connector->close != NULL)
        declared->connector->close(declared->instance);
    schema_reset(&declared->schema);
    *declared = (struct declared){0};
}

bool declared_is_incremental(const struct tl_stream *stream)
{
    return stream->cursor != NULL || stream->format == TL_FORMAT_SINGER ||
           stream->format == TL_FORMAT_AIRBYTE;
}

const struct tl_stream *declared_find(const struct declared *declared, const char *name)
{
    for (size_t i = 0; i < declared->schema.n_streams; i++)
        if (strcmp(declared->schema.streams[i].table, name) == 0)
            return &declared->schema.streams[i];
    return NULL;
}
