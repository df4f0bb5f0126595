/* Singer's catalog: what there is, and what of it is selected. */
#include "frontends/singer/catalog.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/document.h"
#include "towline/log.h"

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static void append_key(struct buf *out, const struct discovery *discovery,
                       const struct tl_stream *stream)
{
    const char *name = discovery_key(discovery, stream, 0);

    buf_append_char(out, '[');
    for (size_t i = 0; name != NULL; name = discovery_key(discovery, stream, ++i)) {
        if (i > 0)
            buf_append_char(out, ',');
        append_string(out, name);
    }
    buf_append_char(out, ']');
}

static void append_properties(struct buf *out, struct discovery *discovery,
                              const struct tl_stream *stream)
{
    struct discovered_column column;

    for (size_t i = 0; discovery_column(discovery, stream, i, &column); i++) {
        buf_append_string(out, i > 0 ? ",\n      " : "\n      ");
        append_string(out, column.name);
        buf_append_char(out, ':');
        column_schema_append(out, &column.form, COLUMN_SINGER);
    }
}

/* Whether the column is synced whether or not it is selected. */
static bool is_automatic(const struct tl_stream *stream, const struct discovered_column *column)
{
    return column->form.key ||
           (stream->cursor != NULL && strcmp(stream->cursor, column->name) == 0);
}

static void append_metadata(struct buf *out, struct discovery *discovery,
                            const struct tl_stream *stream)
{
    struct discovered_column column;

    buf_append_string(out, "{\"breadcrumb\":[],\"metadata\":{\"inclusion\":\"available\","
                           "\"table-key-properties\":");
    append_key(out, discovery, stream);
    buf_printf(out, ",\"forced-replication-method\":\"%s\",\"row-count\":%" PRIu64,
               declared_is_incremental(stream) ? "INCREMENTAL" : "FULL_TABLE",
               discovery_rows(discovery, stream));
    if (stream->cursor != NULL) {
        buf_append_string(out, ",\"valid-replication-keys\":[");
        append_string(out, stream->cursor);
        buf_append_char(out, ']');
    }
    buf_append_string(out, "}}");
    for (size_t i = 0; discovery_column(discovery, stream, i, &column); i++) {
        buf_append_string(out, ",\n      {\"breadcrumb\":[\"properties\",");
        append_string(out, column.name);
        buf_printf(out, "],\"metadata\":{\"inclusion\":\"%s\"",
                   is_automatic(stream, &column) ? "automatic" : "available");
        if (column.form.observed != 0)
            buf_printf(out, ",\"sql-datatype\":\"%s\"",
                       tl_type_name(types_of(column.form.observed)));
        buf_append_string(out, "}}");
    }
}

static void append_stream(struct buf *out, struct discovery *discovery,
                          const struct tl_stream *stream)
{
    buf_append_string(out, "  {\"tap_stream_id\":");
    append_string(out, stream->table);
    buf_append_string(out, ",\"stream\":");
    append_string(out, stream->table);
    buf_append_string(out, ",\"table_name\":");
    append_string(out, stream->table);
    buf_append_string(out, ",\n   \"schema\":{\"type\":\"object\",\"properties\":{");
    append_properties(out, discovery, stream);
    buf_append_string(out, "}},\n   \"key_properties\":");
    append_key(out, discovery, stream);
    buf_printf(out, ",\n   \"replication_method\":\"%s\"",
               declared_is_incremental(stream) ? "INCREMENTAL" : "FULL_TABLE");
    if (stream->cursor != NULL) {
        buf_append_string(out, ",\"replication_key\":");
        append_string(out, stream->cursor);
    }
    buf_append_string(out, ",\n   \"metadata\":[");
    append_metadata(out, discovery, stream);
    buf_append_string(out, "]}");
}

void singer_append_catalog(struct buf *out, const struct declared *declared,
                           struct discovery *discovery)
{
    buf_append_string(out, "{\"streams\":[\n");
    for (size_t i = 0; i < declared->schema.n_streams; i++) {
        if (i > 0)
            buf_append_string(out, ",\n");
        append_stream(out, discovery, &declared->schema.streams[i]);
    }
    buf_append_string(out, "\n]}\n");
}

/* The metadata of the breadcrumb [] (property NULL) or ["properties", property]. */
static const cJSON *metadata_of(const cJSON *stream, const char *property)
{
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(stream, "metadata"), *item;

    cJSON_ArrayForEach(item, list)
    {
        const cJSON *crumbs = cJSON_GetObjectItemCaseSensitive(item, "breadcrumb");
        const cJSON *name = cJSON_GetArrayItem(crumbs, 1);
        if (!cJSON_IsArray(crumbs) || cJSON_GetArraySize(crumbs) != (property ? 2 : 0) ||
            (property && (!cJSON_IsString(name) || strcmp(name->valuestring, property) != 0)))
            continue;
        return cJSON_GetObjectItemCaseSensitive(item, "metadata");
    }
    return NULL;
}

/* What a member says, given as true and false or as a text; `otherwise` if nothing. */
static bool flag_in(const cJSON *object, const char *name, bool otherwise)
{
    const cJSON *flag = cJSON_GetObjectItemCaseSensitive(object, name);

    if (cJSON_IsString(flag))
        return text_equal_ignoring_case(flag->valuestring, "true");
    return cJSON_IsBool(flag) ? cJSON_IsTrue(flag) : otherwise;
}

static const char *word_in(const cJSON *object, const char *name)
{
    const cJSON *word = cJSON_GetObjectItemCaseSensitive(object, name);
    return cJSON_IsString(word) ? word->valuestring : "";
}

/* Older catalogs say it beside the stream's name, or in its schema. */
static bool is_stream_selected(const cJSON *stream)
{
    const cJSON *metadata = metadata_of(stream, NULL);
    bool selected = flag_in(metadata, "selected-by-default", false);

    selected =
        flag_in(cJSON_GetObjectItemCaseSensitive(stream, "schema"), "selected", selected);
    selected = flag_in(stream, "selected", selected);
    return flag_in(metadata, "selected", selected);
}

static bool is_cursor(const struct tl_stream *known, const char *name)
{
    return known->cursor != NULL && strcmp(known->cursor, name) == 0;
}

static bool is_property_selected(const cJSON *stream, const cJSON *property)
{
    const cJSON *metadata = metadata_of(stream, property->string);
    const char *inclusion = word_in(metadata, "inclusion");
    bool selected = flag_in(metadata, "selected-by-default", true);

    if (strcmp(inclusion, "automatic") == 0)
        return true;
    return strcmp(inclusion, "unsupported") != 0 &&
           flag_in(metadata, "selected", flag_in(property, "selected", selected));
}

/* The column's place in the key, from 1, as discovery told it or else as it is declared; 0: not
 * in it. */
static uint32_t place_in_key(const cJSON *stream, const struct tl_stream *known,
                             const char *column)
{
    const cJSON *key =
        cJSON_GetObjectItemCaseSensitive(metadata_of(stream, NULL), "table-key-properties");
    const cJSON *name;
    uint32_t place = 0;

    if (!cJSON_IsArray(key))
        key = cJSON_GetObjectItemCaseSensitive(stream, "key_properties");
    cJSON_ArrayForEach(name, key)
    {
        place++;
        if (cJSON_IsString(name) && strcmp(name->valuestring, column) == 0)
            return place;
    }
    for (place = 0; known->primary_key != NULL && known->primary_key[place] != NULL; place++)
        if (strcmp(known->primary_key[place], column) == 0)
            return place + 1;
    return 0;
}

/* The key and the cursor are sent in any case, so they are also listed. */
static enum tl_status list_needed(struct selection_table *table, const char *name, uint32_t key,
                                  struct tl_error *err)
{
    const struct selection_column column = {.name = (char *)name, .key = key, .selected = true};

    if (selection_find_column(table, name) != NULL)
        return TL_OK;
    return selection_add_column(table, &column, err);
}

static enum tl_status list_all_needed(struct selection_table *table,
                                      const struct tl_stream *known, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    for (uint32_t i = 0; known->primary_key != NULL && known->primary_key[i] != NULL; i++)
        if (known->primary_key[i][0] != '/' && status == TL_OK)
            status = list_needed(table, known->primary_key[i], i + 1, err);
    if (known->cursor != NULL && status == TL_OK)
        status = list_needed(table, known->cursor, 0, err);
    return status;
}

static enum tl_status read_properties(struct selection_table *table, const cJSON *stream,
                                      const struct tl_stream *known, struct tl_error *err)
{
    const cJSON *schema = cJSON_GetObjectItemCaseSensitive(stream, "schema");
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    const cJSON *property;

    cJSON_ArrayForEach(property, properties)
    {
        struct selection_column column = {.name = property->string,
                                          .key = place_in_key(stream, known, property->string)};
        column.selected = column.key > 0 || is_cursor(known, property->string) ||
                          is_property_selected(stream, property);
        column_schema_read(property, &column);
        if (selection_add_column(table, &column, err) != TL_OK)
            return err->status;
        table->new_columns = false;
    }
    return table->new_columns ? TL_OK : list_all_needed(table, known, err);
}

/* How the stream is synced is the connector's to say, but it can always be read in full. */
static bool is_incremental(const cJSON *stream, const struct tl_stream *known)
{
    const cJSON *metadata = metadata_of(stream, NULL);
    const char *method = word_in(metadata, "replication-method");
    const char *key = word_in(metadata, "replication-key");

    if (*method == '\0')
        method = word_in(stream, "replication_method");
    if (!declared_is_incremental(known)) {
        if (*method != '\0' && strcmp(method, "FULL_TABLE") != 0)
            tl_log(TL_LOG_WARNING, "%s: it has no cursor, so it is synced in full, not %s",
                   known->table, method);
        return false;
    }
    if (*key != '\0' && known->cursor != NULL && strcmp(key, known->cursor) != 0)
        tl_log(TL_LOG_WARNING, "%s: its replication key is %s, not %s", known->table,
               known->cursor, key);
    return strcmp(method, "FULL_TABLE") != 0;
}

static struct chosen_stream *find(const struct chosen *chosen, const char *stream)
{
    for (size_t i = 0; i < chosen->n_streams; i++)
        if (strcmp(chosen->streams[i].stream->table, stream) == 0)
            return &chosen->streams[i];
    return NULL;
}

static enum tl_status choose(struct chosen *out, const struct tl_stream *stream,
                             bool incremental, struct tl_error *err)
{
    size_t count = out->n_streams + 1;
    struct chosen_stream *streams, *before = find(out, stream->table);
    const char **tables;

    if (before != NULL) { /* another of its tables: one run fills them all */
        before->incremental = before->incremental && incremental;
        return TL_OK;
    }
    streams = realloc(out->streams, count * sizeof(*streams));
    tables = realloc(out->tables, (count + 1) * sizeof(*tables));
    if (streams != NULL)
        out->streams = streams;
    if (tables != NULL)
        out->tables = tables;
    if (streams == NULL || tables == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the catalog");
    streams[out->n_streams] =
        (struct chosen_stream){.stream = stream, .incremental = incremental};
    tables[out->n_streams++] = stream->table;
    tables[out->n_streams] = NULL;
    return TL_OK;
}

static enum tl_status read_stream(struct chosen *out, const cJSON *stream,
                                  const struct declared *declared, struct tl_error *err)
{
    const char *name = word_in(stream, "tap_stream_id");
    const struct tl_stream *known;
    struct selection_table *table;

    if (*name == '\0')
        name = word_in(stream, "stream");
    if (*name == '\0')
        return tl_fail(err, TL_CONFIGURATION, "one of its streams has no tap_stream_id");
    if (!is_stream_selected(stream))
        return TL_OK;
    known = declared_filler(declared, name);
    if (known == NULL) {
        tl_log(TL_LOG_WARNING,
               "stream %s is selected, but not in the configuration: discover anew, or "
               "configure it",
               name);
        out->unknown = true;
        return TL_OK;
    }
    if (selection_find(&out->selection, name) != NULL)
        return tl_fail(err, TL_CONFIGURATION, "stream %s stands in it twice", name);
    if (choose(out, known, is_incremental(stream, known), err) != TL_OK ||
        selection_add_table(&out->selection, name, true, &table, err) != TL_OK)
        return err->status;
    return read_properties(table, stream, known, err);
}

enum tl_status chosen_read(struct chosen *out, const char *json, size_t size,
                           const struct declared *declared, struct tl_error *err)
{
    cJSON *catalog = NULL;
    const cJSON *streams, *stream;
    enum tl_status status;

    *out = (struct chosen){0};
    status = document_parse(json, size, &catalog, err);
    streams = cJSON_GetObjectItemCaseSensitive(catalog, "streams");
    if (status == TL_OK && !cJSON_IsArray(streams)) {
        status = tl_fail(err, TL_CONFIGURATION, "it has no array `streams`");
        (void)tl_remedy(err, "Give what --discover prints, with streams selected");
    }
    cJSON_ArrayForEach(stream, streams)
    {
        if (status == TL_OK)
            status = read_stream(out, stream, declared, err);
    }
    document_free(catalog);
    return status == TL_OK ? TL_OK : tl_context(err, "the catalog");
}

enum tl_status chosen_all(struct chosen *out, const struct declared *declared,
                          struct tl_error *err)
{
    *out = (struct chosen){.selection = SELECT_ALL};
    for (size_t i = 0; i < declared->schema.n_streams; i++) {
        const struct tl_stream *stream = &declared->schema.streams[i];
        if (choose(out, stream, declared_is_incremental(stream), err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

void chosen_reset(struct chosen *chosen)
{
    selection_reset(&chosen->selection);
    free(chosen->streams);
    free(chosen->tables);
    *chosen = (struct chosen){0};
}

const struct chosen_stream *chosen_find(const struct chosen *chosen, const char *stream)
{
    return find(chosen, stream);
}
