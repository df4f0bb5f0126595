/* The walk over the text outside rows, and the rows it finds. */
#include "json/walk.h"

#include <string.h>

#include "json/copy.h"
#include "json/lex.h"

/* What comes after a complete value. */
static void value_done(struct json_reader *reader)
{
    reader->expect = reader->path.depth > 0 ? JSON_EXPECT_COMMA : JSON_EXPECT_DOCUMENT;
    reader->documents += reader->path.depth == 0;
}

static enum tl_status open_container(struct json_reader *reader, struct tl_error *err)
{
    bool object = *reader->piece.at == '{';

    if (reader->path.depth >= reader->options.max_depth)
        return json_fault_depth(reader, err);
    json_path_open(&reader->path, object);
    reader->expect = object ? JSON_EXPECT_FIRST_NAME : JSON_EXPECT_FIRST_ELEMENT;
    reader->piece.at++;
    return TL_OK;
}

static enum tl_status close_container(struct json_reader *reader)
{
    if (reader->rows_depth == reader->path.depth)
        reader->rows_depth = 0;
    json_path_close(&reader->path);
    value_done(reader);
    reader->piece.at++;
    return TL_OK;
}

/* NDJSON: a value may not go on after a line's end. */
static enum tl_status check_line(struct json_reader *reader, const char *text, size_t size,
                                 struct tl_error *err)
{
    const char *newline;

    if (reader->options.format != JSON_FORMAT_NDJSON)
        return TL_OK;
    newline = memchr(text, '\n', size);
    if (newline == NULL)
        return TL_OK;
    return json_fault_syntax(reader, newline, "a value that goes on after the line (ndjson)",
                             err);
}

static enum tl_status take_row(struct json_reader *reader, const char *row, size_t used,
                               struct tl_error *err)
{
    enum tl_status status = check_line(reader, row, used, err);

    if (status != TL_OK)
        return status;
    reader->n_rows++;
    value_done(reader);
    return TL_OK;
}

/* Offers the row where it lies; what the end of the piece cuts off is gathered. */
static enum tl_status offer_row(struct json_reader *reader, enum json_unit unit,
                                struct tl_error *err)
{
    struct json_piece *piece = &reader->piece;
    size_t left = (size_t)(piece->end - piece->at);
    struct json_row_at at = {
        .json = piece->at,
        .size = left < reader->options.max_row_bytes ? left : reader->options.max_row_bytes,
        .offset = json_offset(reader, piece->at),
        .number = reader->n_rows + 1,
        .may_be_wrapper = unit == JSON_UNIT_DOCUMENT,
    };
    enum json_row_end end;
    enum tl_status status;
    size_t used;

    if (*piece->at != '{') {
        if (json_kind(*piece->at) == NULL)
            return json_fault_syntax(reader, piece->at, "expected a JSON value", err);
        return json_fault_not_object(reader, *piece->at, err);
    }
    status = reader->sink->row(reader->sink, &at, &end, &used, err);
    if (status != TL_OK)
        return status;
    if (end != JSON_ROW_TAKEN)
        return json_carry_start(reader, unit);
    piece->at += used;
    return take_row(reader, at.json, used, err);
}

/* What the pointer points to. */
static enum tl_status walk_target(struct json_reader *reader, struct tl_error *err)
{
    if (*reader->piece.at == '[' && reader->rows_depth == 0) {
        enum tl_status status = open_container(reader, err);
        reader->found = true;
        reader->rows_depth = reader->path.depth;
        return status;
    }
    reader->found = true;
    return offer_row(reader, JSON_UNIT_ROW, err);
}

static enum tl_status bad_token(struct json_reader *reader, const struct json_lex *lex,
                                struct tl_error *err)
{
    enum tl_status status = json_fault_syntax(reader, lex->at, lex->why, err);
    return lex->not_utf8 ? tl_remedy(err, JSON_LEX_UTF8_REMEDY) : status;
}

/* Compares a member's name, escapes resolved, with what is looked for. */
static enum tl_status take_name(struct json_reader *reader, const struct json_span *name,
                                struct tl_error *err)
{
    struct buf *text = &reader->name;
    const char *resolved = name->text;
    size_t size = name->size;

    if (name->escaped) {
        char *out;
        buf_reset(text);
        out = buf_reserve(text, json_copy_room(name));
        if (out == NULL)
            return buf_check(text, "a name", err);
        size = json_copy_string(name, out);
        resolved = out;
    }
    if (json_path_name(&reader->path, resolved, size))
        return json_fault_twice(reader, name->text - 1, resolved, size, err);
    reader->expect = JSON_EXPECT_COLON;
    if (reader->wrapper && reader->path.depth == 1) {
        json_keys_note(&reader->keys, resolved, size);
        if (json_keys_complete(&reader->keys))
            return json_fault_late_key(reader, err);
    }
    return TL_OK;
}

/* Takes a string token that is whole between lex->at and lex->end, or tells that it is not. */
static enum tl_status take_string(struct json_reader *reader, struct json_lex *lex,
                                  enum json_lexed *lexed, struct tl_error *err)
{
    struct json_span string = {0};

    lex->replace = reader->options.invalid_utf8 == JSON_UTF8_REPLACE;
    lex->at++;
    *lexed = json_lex_string(lex, &string);
    if (*lexed == JSON_LEX_BAD)
        return bad_token(reader, lex, err);
    if (*lexed == JSON_LEX_CUT)
        return TL_OK;
    if (reader->expect == JSON_EXPECT_NAME || reader->expect == JSON_EXPECT_FIRST_NAME)
        return take_name(reader, &string, err);
    json_path_scalar(&reader->path, "a string");
    value_done(reader);
    return TL_OK;
}

static enum tl_status walk_string(struct json_reader *reader, struct tl_error *err)
{
    struct json_lex lex = {.at = reader->piece.at, .end = reader->piece.end};
    enum json_lexed lexed;
    enum tl_status status = take_string(reader, &lex, &lexed, err);

    if (status != TL_OK)
        return status;
    if (lexed == JSON_LEX_CUT)
        return json_carry_start(reader, JSON_UNIT_STRING);
    reader->piece.at = lex.at;
    return TL_OK;
}

/* A number or literal whose end the lexer saw at lex->at; what follows must end it. */
static enum tl_status take_bare(struct json_reader *reader, struct json_lex *lex,
                                const char *kind, struct tl_error *err)
{
    if (!json_is_separator(*lex->at)) {
        json_lex_bad(lex, reader->piece.at, "expected a JSON value");
        return bad_token(reader, lex, err);
    }
    json_path_scalar(&reader->path, kind);
    value_done(reader);
    return TL_OK;
}

static enum tl_status walk_bare(struct json_reader *reader, struct tl_error *err)
{
    struct json_lex lex = {.at = reader->piece.at, .end = reader->piece.end};
    const char *kind = json_kind(*lex.at);
    struct json_span span;
    enum json_lexed lexed = json_lex_value(&lex, 0, &span);
    enum tl_status status;

    if (lexed == JSON_LEX_BAD)
        return bad_token(reader, &lex, err);
    if (lexed == JSON_LEX_CUT || lex.at == lex.end)
        return json_carry_start(reader, JSON_UNIT_BARE);
    status = take_bare(reader, &lex, kind, err);
    reader->piece.at = lex.at;
    return status;
}

static enum tl_status walk_value(struct json_reader *reader, struct tl_error *err)
{
    char first = *reader->piece.at;
    bool nested = first == '{' || first == '[';

    if (reader->rows_depth > 0 && reader->rows_depth == reader->path.depth)
        return offer_row(reader, JSON_UNIT_ROW, err);
    /* An object wraps rows in its array `data`; another member of that name is none of them. */
    if (json_path_is_target(&reader->path) && (!reader->wrapper || first == '['))
        return walk_target(reader, err);
    if (nested)
        return open_container(reader, err);
    return first == '"' ? walk_string(reader, err) : walk_bare(reader, err);
}

static enum tl_status walk_document(struct json_reader *reader, struct tl_error *err)
{
    const char *at = reader->piece.at;

    if (reader->documents > 0 && reader->options.format == JSON_FORMAT_JSON)
        return json_fault_syntax(reader, at, "more text after the document (json)", err);
    if (reader->on_line && reader->options.format == JSON_FORMAT_NDJSON)
        return json_fault_syntax(reader, at, "more text after the value on a line (ndjson)",
                                 err);
    reader->on_line = true;
    reader->document_offset = json_offset(reader, at);
    reader->wrapper = false;
    json_path_start(&reader->path, &reader->rows);
    if (reader->options.rows == NULL && *at == '{')
        return offer_row(reader, JSON_UNIT_DOCUMENT, err);
    return walk_value(reader, err);
}

static enum tl_status walk_element(struct json_reader *reader, struct tl_error *err)
{
    if (*reader->piece.at == ']' && reader->expect == JSON_EXPECT_FIRST_ELEMENT)
        return close_container(reader);
    json_path_element(&reader->path);
    return walk_value(reader, err);
}

static enum tl_status walk_name(struct json_reader *reader, struct tl_error *err)
{
    if (*reader->piece.at == '}' && reader->expect == JSON_EXPECT_FIRST_NAME)
        return close_container(reader);
    if (*reader->piece.at != '"')
        return json_fault_syntax(reader, reader->piece.at, "expected a name in double quotes",
                                 err);
    return walk_string(reader, err);
}

static enum tl_status walk_comma(struct json_reader *reader, struct tl_error *err)
{
    bool object = json_path_in_object(&reader->path);
    const char *at = reader->piece.at;

    if (*at == (object ? '}' : ']'))
        return close_container(reader);
    if (*at != ',')
        return json_fault_syntax(reader, at,
                                 object ? "expected ',' or '}'" : "expected ',' or ']'", err);
    reader->expect = object ? JSON_EXPECT_NAME : JSON_EXPECT_ELEMENT;
    reader->piece.at++;
    return TL_OK;
}

static enum tl_status walk_blank(struct json_reader *reader, struct tl_error *err)
{
    bool newline = *reader->piece.at == '\n';

    if (newline && reader->expect != JSON_EXPECT_DOCUMENT) {
        enum tl_status status = check_line(reader, reader->piece.at, 1, err);
        if (status != TL_OK)
            return status;
    }
    if (newline)
        reader->on_line = false;
    reader->piece.at++;
    return TL_OK;
}

enum tl_status json_walk_step(struct json_reader *reader, struct tl_error *err)
{
    if (json_is_blank(*reader->piece.at))
        return walk_blank(reader, err);
    switch (reader->expect) {
    case JSON_EXPECT_DOCUMENT:
        return walk_document(reader, err);
    case JSON_EXPECT_VALUE:
        return walk_value(reader, err);
    case JSON_EXPECT_ELEMENT:
    case JSON_EXPECT_FIRST_ELEMENT:
        return walk_element(reader, err);
    case JSON_EXPECT_NAME:
    case JSON_EXPECT_FIRST_NAME:
        return walk_name(reader, err);
    case JSON_EXPECT_COLON:
        if (*reader->piece.at != ':')
            return json_fault_syntax(reader, reader->piece.at, "expected ':' after a name",
                                     err);
        reader->expect = JSON_EXPECT_VALUE;
        reader->piece.at++;
        return TL_OK;
    default:
        return walk_comma(reader, err);
    }
}

/* Puts carry in the place of the piece, so that offsets and messages are about it. */
static void show_carry(struct json_reader *reader)
{
    const char *text = buf_text(&reader->carry);

    reader->piece = (struct json_piece){
        .start = text,
        .at = text,
        .end = text + reader->carry.size,
        .offset = reader->carry_offset,
    };
}

enum tl_status json_offer_carry(struct json_reader *reader, enum json_row_end *end,
                                size_t *used, struct tl_error *err)
{
    struct json_row_at at = {
        .json = buf_text(&reader->carry),
        .size = reader->carry.size,
        .offset = reader->carry_offset,
        .number = reader->n_rows + 1,
    };

    return reader->sink->row(reader->sink, &at, end, used, err);
}

enum tl_status json_carry_wraps(struct json_reader *reader, bool *wraps, struct tl_error *err)
{
    *wraps = false;
    if (reader->unit != JSON_UNIT_DOCUMENT)
        return TL_OK;
    return json_is_wrapper(buf_text(&reader->carry), reader->carry.size, &reader->keys, wraps,
                           err);
}

/* A row in carry, or an object that is one unless it wraps rows. */
static enum tl_status carried_row(struct json_reader *reader, struct tl_error *err)
{
    enum json_row_end end;
    enum tl_status status;
    bool wraps;
    size_t used;

    status = json_carry_wraps(reader, &wraps, err);
    if (status != TL_OK || wraps)
        return status != TL_OK ? status : json_walk_wrapper(reader, err);
    status = json_offer_carry(reader, &end, &used, err);
    if (status != TL_OK)
        return status;
    if (end != JSON_ROW_TAKEN || used != reader->carry.size)
        return tl_fail(err, TL_INTERNAL, "the end of a row was misjudged");
    return take_row(reader, buf_text(&reader->carry), used, err);
}

static enum tl_status carried_string(struct json_reader *reader, struct tl_error *err)
{
    struct json_lex lex = {.at = reader->piece.start, .end = reader->piece.end};
    enum json_lexed lexed;
    enum tl_status status = take_string(reader, &lex, &lexed, err);

    if (status == TL_OK && lexed == JSON_LEX_CUT)
        return tl_fail(err, TL_INTERNAL, "the end of a string was misjudged");
    return status;
}

static enum tl_status carried_bare(struct json_reader *reader, struct tl_error *err)
{
    struct json_lex lex = {.at = reader->piece.start, .end = reader->piece.end};
    const char *kind = json_kind(*lex.at);
    struct json_span span;

    switch (json_lex_value(&lex, 0, &span)) {
    case JSON_LEX_BAD:
        return bad_token(reader, &lex, err);
    case JSON_LEX_CUT:
        json_lex_bad(&lex, reader->piece.start, "expected a JSON value");
        return bad_token(reader, &lex, err);
    default:
        return take_bare(reader, &lex, kind, err);
    }
}

enum tl_status json_walk_carried(struct json_reader *reader, struct tl_error *err)
{
    struct json_piece piece = reader->piece;
    enum tl_status status;

    /* The blank that ends a number for the lexer. */
    if (reader->unit == JSON_UNIT_BARE)
        buf_append_char(&reader->carry, ' ');
    status = buf_check(&reader->carry, "a value", err);
    if (status != TL_OK)
        return status;
    show_carry(reader);
    if (reader->unit == JSON_UNIT_STRING)
        status = carried_string(reader, err);
    else if (reader->unit == JSON_UNIT_BARE)
        status = carried_bare(reader, err);
    else
        status = carried_row(reader, err);
    reader->piece = piece;
    return status;
}
