/* What a connector declares of its streams. */
#include "frontends/platform/declared.h"

#include <stdlib.h>
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
    texts_reset(&declared->names);
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

const struct tl_stream *declared_filler(const struct declared *declared, const char *table)
{
    const struct tl_stream *exact = declared_find(declared, table);

    for (size_t i = 0; exact == NULL && i < declared->schema.n_streams; i++)
        if (schema_fits(&declared->schema.streams[i], table))
            return &declared->schema.streams[i];
    return exact;
}

static bool add_table(struct declared *out, const struct tl_stream *stream, const char *table)
{
    struct tl_stream *streams =
        realloc(out->schema.streams, (out->schema.n_streams + 1) * sizeof(*streams));

    if (streams != NULL)
        out->schema.streams = streams;
    if (streams == NULL || !texts_add(&out->names, table, strlen(table)))
        return false;
    streams[out->schema.n_streams] = *stream;
    streams[out->schema.n_streams++].table = out->names.list[out->names.count - 1];
    return true;
}

/* Tables that are not known yet: each partition of a connector may have its own. */
static bool add_tables(struct declared *out, const struct tl_stream *stream,
                       const struct run_report *report)
{
    const struct stream_report *told;

    for (size_t i = 0; (told = run_report_table(report, i)) != NULL; i++)
        if (declared_find(out, told->table) == NULL && schema_fits(stream, told->table) &&
            strcmp(stream->table, told->table) != 0 && !add_table(out, stream, told->table))
            return false;
    return true;
}

enum tl_status declared_expand(struct declared *declared, const struct run_report *report,
                               struct tl_error *err)
{
    struct declared out = {0};
    bool added = true;

    for (size_t i = 0; i < declared->schema.n_streams && added; i++) {
        const struct tl_stream *stream = &declared->schema.streams[i];
        added = schema_is_pattern(stream) ? add_tables(&out, stream, report)
                                          : add_table(&out, stream, stream->table);
    }
    schema_reset(&declared->schema);
    declared->schema = out.schema;
    declared->names = out.names;
    return added ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the tables");
}
