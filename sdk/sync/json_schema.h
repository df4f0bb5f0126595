/* What a property's JSON Schema says of the values that a column will hold. */
#ifndef SYNC_JSON_SCHEMA_H
#define SYNC_JSON_SCHEMA_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "rows/types.h"

struct json_schema {
    type_observed observed; /* DECIMAL: a number of any kind */
    bool objects, arrays;   /* which kinds of JSON */
    bool nullable;
};

/* Joins what the property says, its anyOf and oneOf included. What is not understood adds
 * nothing. */
void json_schema_read(const cJSON *property, struct json_schema *out);

#endif
