/* Airbyte's catalogs: the one that discover prints, the configured one that read is given. */
#include "frontends/airbyte/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/document.h"
#include "towline/log.h"

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static void append_schema(struct buf *out, struct discovery *discovery,
                          const struct tl_stream *stream)
{
    struct discovered_column column;

    buf_append_string(out, ",\"json_schema\":{\"$schema\":\"http://json-schema.org/draft-07/"
                           "schema#\",\"type\":\"object\",\"additionalProperties\":true,"
                           "\"properties\":{");
    for (size_t i = 0; discovery_column(discovery, stream, i, &column); i++) {
        if (i > 0)
            buf_append_char(out, ',');
        append_string(out, column.name);
        buf_append_char(out, ':');
        column_schema_append(out, &column.form, COLUMN_AIRBYTE);
    }
    buf_append_string(out, "}}");
}

static void append_key(struct buf *out, const struct discovery *discovery,
                       const struct tl_stream *stream)
{
    const char *name = discovery_key(discovery, stream, 0);

    if (name == NULL)
        return;
    buf_append_string(out, ",\"source_defined_primary_key\":[");
    for (size_t i = 0; name != NULL; name = discovery_key(discovery, stream, ++i)) {
        buf_append_string(out, i > 0 ? ",[" : "[");
        append_string(out, name);
        buf_append_char(out, ']');
    }
    buf_append_char(out, ']');
}

static void append_stream(struct buf *out, struct discovery *discovery,
                          const struct tl_stream *stream)
{
    buf_append_string(out, "{\"name\":");
    append_string(out, stream->table);
    append_schema(out, discovery, stream);
    buf_append_string(out, ",\"supported_sync_modes\":[\"full_refresh\"");
    if (declared_is_incremental(stream))
        buf_append_string(out, ",\"incremental\"],\"source_defined_cursor\":true");
    else
        buf_append_char(out, ']');
    if (stream->cursor != NULL) {
        buf_append_string(out, ",\"default_cursor_field\":[");
        append_string(out, stream->cursor);
        buf_append_char(out, ']');
    }
    append_key(out, discovery, stream);
    /* A full refresh that is tried again starts from nothing, whatever state it is given. */
    buf_append_string(out, ",\"is_resumable\":false}");
}

void airbyte_append_catalog(struct buf *out, const struct declared *declared,
                            struct discovery *discovery)
{
    buf_append_string(out, "{\"type\":\"CATALOG\",\"catalog\":{\"streams\":[");
    for (size_t i = 0; i < declared->schema.n_streams; i++) {
        if (i > 0)
            buf_append_char(out, ',');
        append_stream(out, discovery, &declared->schema.streams[i]);
    }
    buf_append_string(out, "]}}\n");
}

/* Without properties the catalog says nothing of columns: all are wanted. */
static enum tl_status read_columns(struct selection_table *table, const cJSON *stream,
                                   struct tl_error *err)
{
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(stream, "json_schema");
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    const cJSON *property;

    cJSON_ArrayForEach(property, properties)
    {
        struct selection_column column = {.name = property->string, .selected = true};
        column_schema_read(property, &column);
        if (selection_add_column(table, &column, err) != TL_OK)
            return err->status;
        table->new_columns = false;
    }
    return TL_OK;
}

static enum tl_status read_mode(struct configured_stream *stream, const cJSON *entry,
                                const struct tl_stream *known, struct tl_error *err)
{
    const cJSON *mode = cJSON_GetObjectItemCaseSensitive(entry, "sync_mode");

    if (!cJSON_IsString(mode) || (strcmp(mode->valuestring, "full_refresh") != 0 &&
                                  strcmp(mode->valuestring, "incremental") != 0))
        return tl_fail(err, TL_CONFIGURATION,
                       "stream %s: its sync_mode is neither full_refresh nor incremental",
                       stream->name);
    stream->incremental = strcmp(mode->valuestring, "incremental") == 0;
    if (stream->incremental && known != NULL && !declared_is_incremental(known)) {
        tl_log(TL_LOG_WARNING, "%s: it has no cursor, so it is read in full", stream->name);
        stream->incremental = false;
    }
    return TL_OK;
}

static enum tl_status read_stream(struct configured *out, const cJSON *entry,
                                  const struct declared *declared, struct tl_error *err)
{
    const cJSON *stream = cJSON_GetObjectItemCaseSensitive(entry, "stream");
    const cJSON *name = cJSON_GetObjectItemCaseSensitive(stream, "name");
    struct configured_stream *configured = &out->streams[out->n_streams];
    const struct tl_stream *known;
    struct selection_table *table;

    if (!cJSON_IsString(name))
        return tl_fail(err, TL_CONFIGURATION, "its stream %zu has no name", out->n_streams + 1);
    if (configured_find(out, name->valuestring) != NULL)
        return tl_fail(err, TL_CONFIGURATION, "stream %s stands in it twice",
                       name->valuestring);
    configured->name = text_copy(name->valuestring, strlen(name->valuestring));
    if (configured->name == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the catalog");
    known = declared_filler(declared, configured->name);
    configured->known = known;
    out->n_streams++;
    if (read_mode(configured, entry, known, err) != TL_OK ||
        selection_add_table(&out->selection, configured->name, true, &table, err) != TL_OK)
        return err->status;
    return read_columns(table, stream, err);
}

/* Once, also where several streams of the catalog are the tables of one of ours. */
static void add_table(const char **tables, const char *table)
{
    while (*tables != NULL && strcmp(*tables, table) != 0)
        tables++;
    *tables = table;
}

static enum tl_status read_streams(struct configured *out, const cJSON *catalog,
                                   const struct declared *declared, struct tl_error *err)
{
    const cJSON *streams = cJSON_GetObjectItemCaseSensitive(catalog, "streams"), *entry;
    size_t count = (size_t)cJSON_GetArraySize(streams);

    if (!cJSON_IsArray(streams)) {
        (void)tl_fail(err, TL_CONFIGURATION, "it has no array `streams`");
        return tl_remedy(err, "Give a ConfiguredAirbyteCatalog: {\"streams\": [{\"stream\": "
                              "{...}, \"sync_mode\": ...}]}");
    }
    out->streams = calloc(count + 1, sizeof(*out->streams));
    out->tables = calloc(count + 1, sizeof(*out->tables));
    if (out->streams == NULL || out->tables == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the catalog");
    cJSON_ArrayForEach(entry, streams) if (read_stream(out, entry, declared, err) !=
                                           TL_OK) return err->status;
    for (size_t i = 0; i < out->n_streams; i++)
        if (out->streams[i].known != NULL)
            add_table(out->tables, out->streams[i].known->table);
    return TL_OK;
}

enum tl_status configured_read(struct configured *out, const char *json, size_t size,
                               const struct declared *declared, struct tl_error *err)
{
    cJSON *catalog = NULL;
    enum tl_status status;

    *out = (struct configured){0};
    status = document_parse(json, size, &catalog, err);
    if (status == TL_OK)
        status = read_streams(out, catalog, declared, err);
    document_free(catalog);
    return status == TL_OK ? TL_OK : tl_context(err, "the catalog");
}

void configured_reset(struct configured *configured)
{
    for (size_t i = 0; i < configured->n_streams; i++)
        free(configured->streams[i].name);
    free(configured->streams);
    free(configured->tables);
    selection_reset(&configured->selection);
}

const struct configured_stream *configured_find(const struct configured *configured,
                                                const char *name)
{
    for (size_t i = 0; i < configured->n_streams; i++)
        if (strcmp(configured->streams[i].name, name) == 0)
            return &configured->streams[i];
    return NULL;
}
