/* JSON Schema, as far as it tells types. */
#include "sync/json_schema.h"

#include <string.h>

/* Whether the property's "type" is the name, or a list that has it. */
static bool has_type(const cJSON *property, const char *name)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(property, "type"), *item;

    if (cJSON_IsString(type))
        return strcmp(type->valuestring, name) == 0;
    cJSON_ArrayForEach(item, type) if (cJSON_IsString(item) &&
                                       strcmp(item->valuestring, name) == 0) return true;
    return false;
}

static bool has_word(const cJSON *property, const char *key, const char *word)
{
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(property, key);
    return cJSON_IsString(value) && strcmp(value->valuestring, word) == 0;
}

static enum tl_type type_of_string(const cJSON *property)
{
    if (has_word(property, "format", "date"))
        return TL_TYPE_NAIVE_DATE;
    if (has_word(property, "airbyte_type", "timestamp_without_timezone"))
        return TL_TYPE_NAIVE_DATETIME;
    if (has_word(property, "format", "date-time"))
        return TL_TYPE_UTC_DATETIME;
    if (has_word(property, "contentEncoding", "base64"))
        return TL_TYPE_BINARY;
    return TL_TYPE_STRING;
}

/* Says no more than no type at all would: its values keep the types that they will show. */
static bool may_be_anything(const cJSON *property)
{
    return has_type(property, "object") && has_type(property, "array") &&
           has_type(property, "string") && has_type(property, "number") &&
           has_type(property, "boolean");
}

static void read_types(const cJSON *property, struct json_schema *out)
{
    bool objects = has_type(property, "object"), arrays = has_type(property, "array");

    out->nullable = out->nullable || has_type(property, "null");
    if (may_be_anything(property))
        return;
    out->objects = out->objects || objects;
    out->arrays = out->arrays || arrays;
    if (objects || arrays)
        out->observed |= OBSERVED(TL_TYPE_JSON);
    if (has_type(property, "boolean"))
        out->observed |= OBSERVED(TL_TYPE_BOOLEAN);
    if (has_type(property, "integer"))
        out->observed |= OBSERVED(TL_TYPE_LONG);
    if (has_type(property, "number"))
        out->observed |= has_word(property, "airbyte_type", "integer")
                             ? OBSERVED(TL_TYPE_LONG)
                             : OBSERVED(TL_TYPE_DECIMAL);
    if (has_type(property, "string"))
        out->observed |= OBSERVED(type_of_string(property));
}

void json_schema_read(const cJSON *property, struct json_schema *out)
{
    static const char *const joins[] = {"anyOf", "oneOf"};
    const cJSON *one;

    read_types(property, out);
    for (size_t i = 0; i < 2; i++) {
        cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(property, joins[i]))
        {
            read_types(one, out);
        }
    }
}
