/* Columns as JSON Schema, for the platforms whose rows are JSON. */
#include "frontends/platform/column_schema.h"

#include <string.h>

#include "sync/json_schema.h"

#define NUMBERS                                                                                \
    (OBSERVED(TL_TYPE_SHORT) | OBSERVED(TL_TYPE_INT) | OBSERVED(TL_TYPE_LONG) |                \
     OBSERVED(TL_TYPE_DECIMAL) | OBSERVED(TL_TYPE_FLOAT) | OBSERVED(TL_TYPE_DOUBLE))

/* How the values of a type are said to look: JSON type, what follows it for Airbyte, and for
 * Singer. */
struct type_words {
    const char *type;
    const char *airbyte;
    const char *singer;
};

static const struct type_words words[TL_TYPE_COUNT] = {
    [TL_TYPE_BOOLEAN] = {"boolean", "", ""},
    [TL_TYPE_SHORT] = {"integer", "", ""},
    [TL_TYPE_INT] = {"integer", "", ""},
    [TL_TYPE_LONG] = {"integer", "", ""},
    [TL_TYPE_DECIMAL] = {"number", "", ""},
    [TL_TYPE_FLOAT] = {"number", "", ""},
    [TL_TYPE_DOUBLE] = {"number", "", ""},
    [TL_TYPE_NAIVE_DATE] = {"string", ",\"format\":\"date\"", ",\"format\":\"date\""},
    [TL_TYPE_NAIVE_DATETIME] = {"string",
                                ",\"format\":\"date-time\","
                                "\"airbyte_type\":\"timestamp_without_timezone\"",
                                ""},
    [TL_TYPE_UTC_DATETIME] = {"string",
                              ",\"format\":\"date-time\","
                              "\"airbyte_type\":\"timestamp_with_timezone\"",
                              ",\"format\":\"date-time\""},
    [TL_TYPE_BINARY] = {"string", ",\"contentEncoding\":\"base64\"",
                        ",\"contentEncoding\":\"base64\""},
    [TL_TYPE_XML] = {"string", "", ""},
    [TL_TYPE_STRING] = {"string", "", ""},
};

static void append_name(struct buf *out, const char *name)
{
    buf_printf(out, "%s\"%s\"", out->data[out->size - 1] == '[' ? "" : ",", name);
}

/* A JSON column holds what it has shown: nested values, and scalars beside them in the form
 * that types_fit gives them. A column that has shown nothing may hold anything. */
static void append_json_types(struct buf *out, const struct column_form *column)
{
    type_observed scalars = column->observed & (OBSERVED(TL_TYPE_COUNT) - 1) &
                            ~(OBSERVED(TL_TYPE_JSON) | OBSERVED(TL_TYPE_NULL));
    bool unknown = column->shapes == 0;

    if (unknown || (column->shapes & COLUMN_OBJECTS))
        append_name(out, "object");
    if (unknown || (column->shapes & COLUMN_ARRAYS))
        append_name(out, "array");
    if (unknown || (scalars & ~(NUMBERS | OBSERVED(TL_TYPE_BOOLEAN))) != 0 ||
        ((scalars & NUMBERS) && (scalars & OBSERVED(TL_TYPE_BOOLEAN))))
        append_name(out, "string");
    if (unknown || (scalars & NUMBERS))
        append_name(out, "number");
    if (unknown || (scalars & OBSERVED(TL_TYPE_BOOLEAN)))
        append_name(out, "boolean");
}

void column_schema_append(struct buf *out, const struct column_form *column,
                          enum column_dialect dialect)
{
    enum tl_type type = types_of(column->observed);
    const struct type_words *says = &words[type];

    if (says->type != NULL && column->key) {
        buf_printf(out, "{\"type\":\"%s\"", says->type);
    } else {
        buf_append_string(out, column->key ? "{\"type\":[" : "{\"type\":[\"null\"");
        if (out->failed)
            return;
        if (says->type != NULL)
            append_name(out, says->type);
        else
            append_json_types(out, column);
        buf_append_char(out, ']');
    }
    if (says->type != NULL)
        buf_append_string(out, dialect == COLUMN_AIRBYTE ? says->airbyte : says->singer);
    buf_append_char(out, '}');
}

void column_schema_read(const cJSON *property, struct selection_column *column)
{
    struct json_schema schema = {0};

    json_schema_read(property, &schema);
    column->nullable = schema.nullable;
    column->observed = schema.observed;
    column->shapes =
        (schema.objects ? COLUMN_OBJECTS : 0U) | (schema.arrays ? COLUMN_ARRAYS : 0U);
}

static void observe_row(const struct batch *batch, const struct batch_row *at,
                        unsigned char *shapes)
{
    const struct batch_part *part = &batch->parts[at->part];
    const struct tl_value *cells = block_row(part->block, at->row);

    for (uint32_t i = 0; i < batch->table->n_columns; i++) {
        uint32_t source = part->source[i];
        if (batch->table->columns[i].type != TL_TYPE_JSON || source >= part->block->stride ||
            cells[source].type != TL_TYPE_JSON || cells[source].size == 0)
            continue;
        if (cells[source].as.text[0] == '{')
            shapes[i] |= COLUMN_OBJECTS;
        else if (cells[source].as.text[0] == '[')
            shapes[i] |= COLUMN_ARRAYS;
    }
}

void column_shapes_observe(const struct batch *batch, unsigned char *shapes)
{
    bool any = false;

    for (uint32_t i = 0; i < batch->table->n_columns; i++)
        any = any || (batch->table->columns[i].type == TL_TYPE_JSON &&
                      shapes[i] != (COLUMN_OBJECTS | COLUMN_ARRAYS));
    for (size_t row = 0; any && row < batch->n_rows; row++)
        observe_row(batch, &batch->rows[row], shapes);
}
