/* One JSON object into the cells of a row. */
#include "json/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "json/copy.h"
#include "json/lex.h"
#include "rows/number.h"
#include "towline/log.h"

/* A row being parsed. A failure is either the lexer's, or already in err. */
struct parse {
    struct json_lex lex;
    const struct json_row_at *at;
    const struct json_row_limits *limits;
    struct builder *builder;
    struct json_rows *rows; /* NULL for a single value */
    uint32_t column;        /* of a single value */
    struct tl_error *err;
    enum tl_status status; /* set when err is filled */
    const char *name;      /* of the member being parsed, as it stands in the text; or NULL */
    size_t name_size;
    bool wrapper;
    bool whole; /* the text ends with the value, be it a number */
};

static enum json_lexed fail_memory(struct parse *parse)
{
    parse->status =
        tl_fail(parse->err, TL_MEMORY, "no memory for row %" PRIu64, parse->at->number);
    return JSON_LEX_BAD;
}

static enum tl_status fail_syntax(const struct parse *parse)
{
    const struct json_lex *lex = &parse->lex;
    uint64_t offset = parse->at->offset + (uint64_t)(lex->at - parse->at->json);
    size_t left = (size_t)(lex->end - lex->at);
    char near[48], name[80], column[96] = "";

    if (parse->name != NULL)
        snprintf(column, sizeof(column), " (column \"%s\")",
                 text_safe(name, sizeof(name), parse->name, parse->name_size));
    if (lex->too_deep) {
        tl_fail(parse->err, TL_DATA,
                "row %" PRIu64 " is nested deeper than max_depth (%u) at byte %" PRIu64 "%s",
                parse->at->number, parse->limits->max_depth, offset, column);
        return tl_remedy(parse->err, "Raise max_depth, or let the command print flatter rows");
    }
    tl_fail(parse->err, TL_DATA,
            "row %" PRIu64 " is not valid JSON at byte %" PRIu64 "%s: %s; there stands \"%s\"",
            parse->at->number, offset, column, lex->why,
            text_safe(near, sizeof(near), lex->at, left < 96 ? left : 96));
    if (lex->not_utf8)
        return tl_remedy(parse->err, JSON_LEX_UTF8_REMEDY);
    return tl_remedy(parse->err, "Run the command by hand and look at what it prints there");
}

/* Whether the number is of a column that wants it as it is written. */
static bool wants_text(const struct parse *parse)
{
    const struct columns *columns = parse->builder->columns;
    uint32_t column = parse->rows != NULL ? parse->builder->last - 1 : parse->column;

    return columns->names[column].verbatim;
}

static enum json_lexed parse_number(struct parse *parse, struct tl_value *cell)
{
    struct json_lex *lex = &parse->lex;
    struct number number;
    const char *bad, *after = number_read(lex->at, lex->end, &number, &bad);
    char *text;

    if ((after == lex->end && !parse->whole) || (after == NULL && bad == lex->end))
        return JSON_LEX_CUT;
    if (after == NULL)
        return json_lex_bad(lex, bad, "not a JSON number");
    if (wants_text(parse))
        *cell = tl_text(TL_TYPE_DECIMAL, lex->at, (size_t)(after - lex->at));
    else
        *cell = number_value(&number, lex->at, (uint32_t)(after - lex->at));
    if (cell->type == TL_TYPE_DECIMAL) {
        text = builder_text(parse->builder, cell->size);
        if (text == NULL)
            return fail_memory(parse);
        memcpy(text, lex->at, cell->size);
        cell->as.text = text;
    }
    lex->at = after;
    return JSON_LEX_OK;
}

static enum json_lexed parse_string(struct parse *parse, struct tl_value *cell)
{
    struct json_span string = {0};
    enum json_lexed lexed;
    size_t size;
    char *text;

    parse->lex.at++;
    lexed = json_lex_string(&parse->lex, &string);
    if (lexed != JSON_LEX_OK)
        return lexed;
    text = builder_text(parse->builder, json_copy_room(&string));
    if (text == NULL)
        return fail_memory(parse);
    if (string.escaped || string.invalid > 0) {
        size = json_copy_string(&string, text);
    } else {
        size = string.size;
        memcpy(text, string.text, size);
    }
    *cell = tl_text(types_string(text, (uint32_t)size), text, size);
    return JSON_LEX_OK;
}

static enum json_lexed parse_nested(struct parse *parse, struct tl_value *cell)
{
    struct json_span value;
    enum json_lexed lexed;
    char *text;

    lexed = json_lex_value(&parse->lex, parse->limits->max_depth - 1, &value);
    if (lexed != JSON_LEX_OK)
        return lexed;
    text = builder_text(parse->builder, json_copy_room(&value));
    if (text == NULL)
        return fail_memory(parse);
    *cell = tl_text(TL_TYPE_JSON, text, json_copy_compact(&value, text));
    return JSON_LEX_OK;
}

static enum json_lexed parse_value(struct parse *parse, struct tl_value *cell)
{
    enum json_lexed lexed;

    switch (*parse->lex.at) {
    case '"':
        return parse_string(parse, cell);
    case '{':
    case '[':
        return parse_nested(parse, cell);
    case 't':
        lexed = json_lex_literal(&parse->lex, "true", 4);
        *cell = tl_boolean(true);
        return lexed;
    case 'f':
        lexed = json_lex_literal(&parse->lex, "false", 5);
        *cell = tl_boolean(false);
        return lexed;
    case 'n':
        lexed = json_lex_literal(&parse->lex, "null", 4);
        *cell = tl_null();
        return lexed;
    default:
        if (*parse->lex.at == '-' || (*parse->lex.at >= '0' && *parse->lex.at <= '9'))
            return parse_number(parse, cell);
        return json_lex_bad(&parse->lex, parse->lex.at, "expected a JSON value");
    }
}

static enum json_lexed fail_name(struct parse *parse, size_t size)
{
    char shown[48];

    tl_fail(parse->err, TL_DATA,
            "row %" PRIu64 " at byte %" PRIu64 ": a name of %zu bytes (limit %u): %s",
            parse->at->number, parse->at->offset, size, parse->limits->max_name_bytes,
            text_safe(shown, sizeof(shown), parse->name, parse->name_size));
    parse->status =
        tl_remedy(parse->err, "Raise max_name_bytes, or give the row's keys shorter names");
    return JSON_LEX_BAD;
}

static struct tl_value *find_cell(struct parse *parse, const char *name, size_t size)
{
    struct tl_value *cell = NULL;

    if (size > parse->limits->max_name_bytes) {
        fail_name(parse, size);
        return NULL;
    }
    cell = builder_cell(parse->builder, name, size, parse->err);
    if (cell == NULL)
        parse->status = parse->err != NULL ? parse->err->status : TL_MEMORY;
    return cell;
}

/* The cell for a name that is not simply the text between its quotes. */
static struct tl_value *find_escaped_cell(struct parse *parse, const struct json_span *name)
{
    char *text = builder_text(parse->builder, json_copy_room(name));

    if (text == NULL) {
        fail_memory(parse);
        return NULL;
    }
    return find_cell(parse, text, json_copy_string(name, text));
}

/* The cell if the name at lex->at (after its quote) is the one that comes next in most rows. */
static struct tl_value *guess_cell(struct parse *parse)
{
    const struct column_name *name = builder_expected(parse->builder);
    struct json_lex *lex = &parse->lex;

    if (name == NULL || !name->plain || (size_t)(lex->end - lex->at) <= name->size ||
        lex->at[name->size] != '"' || memcmp(lex->at, name->text, name->size) != 0)
        return NULL;
    parse->name = lex->at;
    parse->name_size = name->size;
    lex->at += name->size + 1;
    return builder_cell_of(parse->builder, name);
}

/* Reads a name and gives its cell. */
static enum json_lexed parse_name(struct parse *parse, struct tl_value **cell)
{
    struct json_span name = {0};
    enum json_lexed lexed;

    parse->name = NULL;
    if (*parse->lex.at != '"')
        return json_lex_bad(&parse->lex, parse->lex.at, "expected a name in double quotes");
    parse->lex.at++;
    *cell = guess_cell(parse);
    if (*cell != NULL)
        return JSON_LEX_OK;
    lexed = json_lex_string(&parse->lex, &name);
    if (lexed != JSON_LEX_OK)
        return lexed;
    parse->name = name.text;
    parse->name_size = name.size;
    *cell = name.escaped || name.invalid > 0 ? find_escaped_cell(parse, &name)
                                             : find_cell(parse, name.text, name.size);
    return *cell != NULL ? JSON_LEX_OK : JSON_LEX_BAD;
}

/* Says once per column that a row names it twice. */
static void warn_duplicate(struct parse *parse)
{
    uint32_t column = parse->builder->duplicate;
    struct buf *warned = &parse->rows->warned;
    char shown[64];

    parse->builder->duplicate = COLUMNS_NONE;
    while (warned->size <= column && !warned->failed)
        buf_append_char(warned, 0);
    if (warned->failed || warned->data[column] != 0)
        return;
    warned->data[column] = 1;
    tl_log(TL_LOG_WARNING,
           "%s%srow %" PRIu64 " at byte %" PRIu64
           " names the key \"%s\" twice; the last value counts",
           parse->limits->stream != NULL ? parse->limits->stream : "",
           parse->limits->stream != NULL ? ": " : "", parse->at->number, parse->at->offset,
           text_safe(shown, sizeof(shown), parse->name, parse->name_size));
}

/* Passes white space and then looks at a byte. */
static inline bool at_byte(struct json_lex *lex)
{
    return (lex->at < lex->end && (unsigned char)*lex->at > ' ') || json_lex_blanks(lex);
}

/* Whether the member just named is `data`. */
static bool is_data(const struct builder *builder)
{
    const struct column_name *name = builder_named(builder);
    return name->size == 4 && memcmp(name->text, "data", 4) == 0;
}

static enum json_lexed parse_member(struct parse *parse)
{
    struct json_lex *lex = &parse->lex;
    struct tl_value *cell;
    enum json_lexed lexed = parse_name(parse, &cell);

    if (lexed != JSON_LEX_OK)
        return lexed;
    if (parse->builder->duplicate != COLUMNS_NONE)
        warn_duplicate(parse);
    if (!at_byte(lex))
        return JSON_LEX_CUT;
    if (*lex->at != ':')
        return json_lex_bad(lex, lex->at, "expected ':' after a name");
    lex->at++;
    if (!at_byte(lex))
        return JSON_LEX_CUT;
    if (*lex->at == '[' && parse->at->may_be_wrapper && is_data(parse->builder)) {
        parse->wrapper = true;
        return JSON_LEX_CUT;
    }
    return parse_value(parse, cell);
}

static enum json_lexed parse_object(struct parse *parse)
{
    struct json_lex *lex = &parse->lex;
    enum json_lexed lexed;

    lex->at++;
    if (!at_byte(lex))
        return JSON_LEX_CUT;
    if (*lex->at == '}') {
        lex->at++;
        return JSON_LEX_OK;
    }
    for (;;) {
        lexed = parse_member(parse);
        if (lexed != JSON_LEX_OK)
            return lexed;
        if (!at_byte(lex))
            return JSON_LEX_CUT;
        if (*lex->at == '}') {
            lex->at++;
            return JSON_LEX_OK;
        }
        if (*lex->at != ',')
            return json_lex_bad(lex, lex->at, "expected ',' or '}'");
        lex->at++;
        if (!at_byte(lex))
            return JSON_LEX_CUT;
    }
}

static enum tl_status parse_row(struct json_rows *rows, const struct json_row_at *at,
                                enum json_row_end *end, size_t *used, struct tl_error *err)
{
    struct parse parse = {
        .lex = {.at = at->json,
                .end = at->json + at->size,
                .replace = rows->limits.invalid_utf8 == JSON_UTF8_REPLACE},
        .at = at,
        .limits = &rows->limits,
        .builder = rows->builder,
        .rows = rows,
        .err = err,
    };
    enum json_lexed lexed = parse_object(&parse);

    *used = (size_t)(parse.lex.at - at->json);
    *end = parse.wrapper ? JSON_ROW_WRAPPER : JSON_ROW_CUT;
    if (lexed == JSON_LEX_OK)
        *end = JSON_ROW_TAKEN;
    else if (lexed == JSON_LEX_BAD)
        return parse.status != TL_OK ? parse.status : fail_syntax(&parse);
    return TL_OK;
}

static enum tl_status take_row(struct json_row_sink *sink, const struct json_row_at *at,
                               enum json_row_end *end, size_t *used, struct tl_error *err)
{
    struct json_rows *rows = (struct json_rows *)sink;
    enum tl_status status = builder_begin(rows->builder, err);

    if (status != TL_OK)
        return status;
    status = parse_row(rows, at, end, used, err);
    if (status != TL_OK || *end != JSON_ROW_TAKEN) {
        builder_cancel(rows->builder);
        return status;
    }
    status = builder_end(rows->builder, err);
    if (status == TL_DATA && err != NULL)
        tl_context(err, "at byte %" PRIu64, at->offset);
    return status;
}

void json_rows_init(struct json_rows *rows, struct builder *builder,
                    const struct json_row_limits *limits)
{
    *rows = (struct json_rows){
        .sink = {.row = take_row},
        .builder = builder,
        .limits = *limits,
        .warned = BUF_INIT(UINT32_MAX),
    };
}

void json_rows_reset(struct json_rows *rows)
{
    buf_free(&rows->warned);
}

enum tl_status json_value_parse(const char *json, size_t size, struct builder *builder,
                                uint32_t column, struct tl_value *cell, struct tl_error *err)
{
    static const struct json_row_limits limits = {.max_depth = JSON_DEPTH_LIMIT};
    struct json_row_at at = {.json = json, .size = size, .number = builder->rows + 1};
    struct parse parse = {
        .lex = {.at = json, .end = json + size},
        .at = &at,
        .limits = &limits,
        .builder = builder,
        .column = column,
        .err = err,
        .whole = true,
    };

    if (size == 0 || parse_value(&parse, cell) != JSON_LEX_OK)
        return parse.status != TL_OK
                   ? parse.status
                   : tl_fail(err, TL_INTERNAL, "JSON that was found valid is not");
    return TL_OK;
}
