/* What a tap says of its streams: keys and types. A type counts as if a row had shown it, so
 * that columns which never have a value exist, too, and a value that is none of it widens the
 * column as any other would. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/document.h"
#include "sync/json_schema.h"
#include "sync/sync.h"
#include "sync/tap.h"

/* Numbers of any kind become doubles, or exact decimals where a value needs that; what is
 * base64 comes as text. */
static type_observed expectation(const cJSON *property)
{
    struct json_schema schema = {0};
    type_observed decimal = OBSERVED(TL_TYPE_DECIMAL), binary = OBSERVED(TL_TYPE_BINARY);

    json_schema_read(property, &schema);
    if (schema.observed & decimal)
        schema.observed = (schema.observed & ~decimal) | OBSERVED(TL_TYPE_DOUBLE);
    if (schema.observed & binary)
        schema.observed = (schema.observed & ~binary) | OBSERVED(TL_TYPE_STRING);
    return schema.observed;
}

/* What says that a row is gone is no value of the row's. */
static bool says_deleted(const struct tl_sync *sync, const char *name)
{
    const struct json_pointer *pointer = &sync->tap.deleted;
    return strcmp(pointer->tokens[pointer->count - 1].text, name) == 0;
}

static enum tl_status expect(struct tl_sync *rows, const char *name, type_observed observed,
                             struct tl_error *err)
{
    uint32_t column;

    if (builder_column(&rows->builder, name, strlen(name), &column, err) != TL_OK)
        return err->status;
    return builder_expect(&rows->builder, column, observed, err);
}

static enum tl_status expect_properties(const struct tl_sync *sync, struct tl_sync *rows,
                                        const cJSON *properties, struct tl_error *err)
{
    const cJSON *property;

    cJSON_ArrayForEach(property, properties)
    {
        type_observed observed = expectation(property);
        if (observed != 0 && !says_deleted(sync, property->string) &&
            expect(rows, property->string, observed, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

/* Whether it is known what the key's columns are: the table can be made without a row. */
static enum tl_status expect_key(struct tl_sync *rows, bool *known, struct tl_error *err)
{
    const struct key *key = &rows->stream->key;

    *known = true;
    for (size_t i = 0; i < key->n_parts; i++) {
        const struct key_part *part = &key->parts[i];
        bool own = part->value != NULL || (key->hashed && i == key->n_parts - 1);
        if (own &&
            builder_expect(&rows->builder, part->index, OBSERVED(TL_TYPE_STRING), err) != TL_OK)
            return err->status;
        *known = *known && part->index < rows->builder.n_expected &&
                 rows->builder.expected[part->index] != 0;
    }
    return TL_OK;
}

static enum tl_status apply(const struct tl_sync *sync, struct tap_stream *stream,
                            const cJSON *schema, char **key, struct tl_error *err)
{
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(schema, "properties");
    struct tl_sync *rows = stream->sync;
    bool known;

    if (rows->stream->stream->primary_key != NULL)
        key_names_free(key);
    else if (key != NULL && sync_take_key(rows, key, err) != TL_OK)
        return err->status;
    if (expect_properties(sync, rows, properties, err) != TL_OK ||
        sync_turn(rows, OPERATION_UPSERT, err) != TL_OK ||
        expect_key(rows, &known, err) != TL_OK)
        return err->status;
    return known ? builder_announce(&rows->builder, err) : TL_OK;
}

/* A path of names as a key names it: a column, or a JSON Pointer. */
static char *key_name(const cJSON *path)
{
    struct buf name = BUF_INIT(1 << 20);
    const cJSON *token = cJSON_IsArray(path) ? path->child : path;
    bool plain = token != NULL && cJSON_IsString(token) && *token->valuestring != '/' &&
                 (!cJSON_IsArray(path) || token->next == NULL);

    for (; token != NULL && !name.failed; token = cJSON_IsArray(path) ? token->next : NULL) {
        if (!cJSON_IsString(token))
            name.failed = true;
        if (!plain)
            buf_append_char(&name, '/');
        for (const char *at = token->valuestring; at != NULL && *at != '\0'; at++)
            if (plain || strchr("~/*", *at) == NULL)
                buf_append_char(&name, *at);
            else
                buf_append_string(&name, *at == '~' ? "~0" : *at == '/' ? "~1" : "~2");
    }
    return buf_take(&name);
}

/* The names in the list, NULL-terminated, each to be freed and the whole; NULL in *out where
 * there is no list. */
static enum tl_status read_key(const cJSON *list, char ***out, struct tl_error *err)
{
    size_t count = 0;
    const cJSON *path;
    char **names;

    *out = NULL;
    if (!cJSON_IsArray(list))
        return TL_OK;
    names = calloc((size_t)cJSON_GetArraySize(list) + 1, sizeof(*names));
    if (names == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the tap's key");
    cJSON_ArrayForEach(path, list)
    {
        names[count] = key_name(path);
        if (names[count++] != NULL)
            continue;
        key_names_free(names);
        return tl_fail(err, TL_DATA, "its key is no list of names");
    }
    *out = names;
    return TL_OK;
}

static enum tl_status parse(const char *line, size_t size, cJSON **out, struct tl_error *err)
{
    if (document_parse(line, size, out, err) == TL_OK)
        return TL_OK;
    err->status = err->status == TL_CONFIGURATION ? TL_DATA : err->status;
    return tl_context(err, "a message that is not JSON");
}

static enum tl_status take_schema(struct tl_sync *sync, struct tap_stream *stream,
                                  const char *line, size_t size, struct tl_error *err)
{
    cJSON *message = NULL;
    char **key = NULL;
    enum tl_status status;

    if (stream->schema != NULL && strlen(stream->schema) == size &&
        memcmp(stream->schema, line, size) == 0)
        return TL_OK;
    status = parse(line, size, &message, err);
    if (status == TL_OK)
        status =
            read_key(cJSON_GetObjectItemCaseSensitive(message, "key_properties"), &key, err);
    if (status == TL_OK)
        status =
            apply(sync, stream, cJSON_GetObjectItemCaseSensitive(message, "schema"), key, err);
    cJSON_Delete(message);
    free(stream->schema);
    stream->schema = text_copy(line, size);
    return status;
}

enum tl_status tap_take_schema(struct tl_sync *sync, const char *line, size_t size,
                               struct tl_error *err)
{
    char *name = tap_member(line, size, "/stream");
    struct tap_stream *stream = NULL;
    enum tl_status status = TL_OK;

    if (name == NULL)
        return tl_fail(err, TL_DATA, "a schema of no stream");
    status = tap_stream_find(sync, name, "", &stream, err);
    if (status == TL_OK && stream != NULL)
        status = take_schema(sync, stream, line, size, err);
    if (status != TL_OK)
        (void)tl_context(err, "the schema of %s", name);
    free(name);
    return status;
}

enum tl_status tap_take_catalog(struct tl_sync *sync, const char *line, size_t size,
                                struct tl_error *err)
{
    cJSON_Delete(sync->tap.catalog);
    sync->tap.catalog = NULL;
    return parse(line, size, &sync->tap.catalog, err);
}

static bool has_string(const cJSON *object, const char *name, const char *text)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    return strcmp(cJSON_IsString(item) ? item->valuestring : "", text) == 0;
}

/* Whether it can be read in full and in no other way. */
static bool is_whole(const cJSON *told)
{
    const cJSON *modes = cJSON_GetObjectItemCaseSensitive(told, "supported_sync_modes");

    return cJSON_GetArraySize(modes) == 1 && cJSON_IsString(modes->child) &&
           strcmp(modes->child->valuestring, "full_refresh") == 0;
}

enum tl_status tap_apply_catalog(struct tl_sync *sync, struct tap_stream *stream,
                                 struct tl_error *err)
{
    const cJSON *catalog = cJSON_GetObjectItemCaseSensitive(sync->tap.catalog, "catalog");
    const cJSON *told;
    char **key = NULL;

    cJSON_ArrayForEach(told, cJSON_GetObjectItemCaseSensitive(catalog, "streams"))
    {
        if (!has_string(told, "name", stream->name) ||
            !has_string(told, "namespace", stream->space))
            continue;
        stream->whole = is_whole(told);
        if (read_key(cJSON_GetObjectItemCaseSensitive(told, "source_defined_primary_key"), &key,
                     err) != TL_OK)
            return err->status;
        return apply(sync, stream, cJSON_GetObjectItemCaseSensitive(told, "json_schema"), key,
                     err);
    }
    return TL_OK;
}
