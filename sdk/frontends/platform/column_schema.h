/* Columns as JSON Schema, for the platforms whose rows are JSON. */
#ifndef PLATFORM_COLUMN_SCHEMA_H
#define PLATFORM_COLUMN_SCHEMA_H

#include <cjson/cJSON.h>

#include "base/buf.h"
#include "destinations/destination.h"
#include "frontends/platform/selection.h"

/* Which kinds of value a JSON column has shown; a column of another type has none. */
enum column_shape { COLUMN_OBJECTS = 1, COLUMN_ARRAYS = 2 };

/* Where the platforms differ: Airbyte says what kind of time a text is; Singer knows times with
 * a zone only. */
enum column_dialect { COLUMN_AIRBYTE, COLUMN_SINGER };

/* A column as the platform is told of it. */
struct column_form {
    type_observed observed;
    unsigned shapes;
    bool key; /* never null */
};

/* Appends the schema of the column's values: {"type":["null","integer"]}. */
void column_schema_append(struct buf *out, const struct column_form *column,
                          enum column_dialect dialect);

/* The other way: what a property's schema says of the column. Whatever is not understood is
 * left at 0. */
void column_schema_read(const cJSON *property, struct selection_column *column);

/* Adds what the batch's JSON values show: shapes[i] of the table's column i. */
void column_shapes_observe(const struct batch *batch, unsigned char *shapes);

#endif
