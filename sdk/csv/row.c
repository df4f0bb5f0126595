/* Lines of CSV into rows. */
#include "csv/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "csv/lex.h"
#include "csv/value.h"
#include "towline/log.h"

/* U+FFFD, which stands for a byte that is not UTF-8, takes this much more. */
enum { REPLACEMENT_BYTES = 3 };

void csv_rows_init(struct csv_rows *rows, struct builder *builder,
                   const struct csv_limits *limits)
{
    *rows = (struct csv_rows){.builder = builder, .limits = *limits};
}

void csv_rows_reset(struct csv_rows *rows)
{
    free(rows->columns);
    rows->columns = NULL;
    rows->n_columns = rows->capacity = 0;
}

void csv_rows_restart(struct csv_rows *rows)
{
    rows->header_known = false;
}

const char *csv_rows_where(const struct csv_rows *rows, char out[40])
{
    if (!rows->header_known)
        return "the header";
    (void)snprintf(out, 40, "row %" PRIu64, rows->n_rows + 1);
    return out;
}

enum tl_status csv_rows_too_long(const struct csv_rows *rows, uint64_t offset,
                                 struct tl_error *err)
{
    char where[40];

    (void)tl_fail(err, TL_DATA, "%s at byte %" PRIu64 " is longer than max_row_bytes (%zu)",
                  csv_rows_where(rows, where), offset, rows->limits.max_row_bytes);
    return tl_remedy(err, "Raise max_row_bytes, or look for a quote that is never closed");
}

static enum tl_status no_memory(struct tl_error *err)
{
    return tl_fail(err, TL_MEMORY, "out of memory for a row of CSV");
}

static enum tl_status fail_syntax(const struct csv_rows *rows, const struct csv_line *line,
                                  const char *at, const char *why, struct tl_error *err)
{
    size_t left = (size_t)(line->text + line->size - at);
    char where[40], near[64];

    (void)tl_fail(err, TL_DATA,
                  "%s is not valid CSV at byte %" PRIu64 ": %s; there stands \"%s\"",
                  csv_rows_where(rows, where), line->offset + (uint64_t)(at - line->text), why,
                  text_safe(near, sizeof(near), at, left < 96 ? left : 96));
    return tl_remedy(err,
                     "Fields with commas, quotes or line ends in them stand in quotes, and "
                     "quotes in them are doubled (RFC 4180)");
}

static enum tl_status fail_ragged(const struct csv_rows *rows, const struct csv_line *line,
                                  size_t count, struct tl_error *err)
{
    bool more = count > rows->n_columns;

    (void)tl_fail(
        err, TL_DATA,
        "row %" PRIu64 " at byte %" PRIu64 " has %s%zu fields, and the header names %zu",
        rows->n_rows + 1, line->offset, more ? "at least " : "only ", count, rows->n_columns);
    return tl_remedy(err, "Every row must have as many fields as the first line has names; "
                          "fields with commas or line ends in them stand in quotes");
}

/* Copies bytes, U+FFFD for each that is not UTF-8. */
static char *copy_valid(char *out, const char *text, size_t size)
{
    while (size > 0) {
        size_t valid = text_valid_utf8(text, size);
        memcpy(out, text, valid);
        out += valid;
        if (valid == size)
            break;
        memcpy(out, "\xef\xbf\xbd", REPLACEMENT_BYTES);
        out += REPLACEMENT_BYTES;
        text += valid + 1;
        size -= valid + 1;
    }
    return out;
}

/* Takes the second of each pair of quotes out, in place. */
static size_t undouble(char *text, size_t size)
{
    size_t kept = 0;

    for (size_t at = 0; at < size; at++) {
        text[kept++] = text[at];
        at += text[at] == '"';
    }
    return kept;
}

/* The characters that the field's text stands for, into memory of that room; how many. */
static size_t clean_text(const struct csv_field *field, char *out, size_t room)
{
    size_t size = field->size;

    if (room == size)
        memcpy(out, field->text, size);
    else
        size = (size_t)(copy_valid(out, field->text, size) - out);
    return field->doubled ? undouble(out, size) : size;
}

/* How much memory that takes, at most. */
static enum tl_status clean_room(const struct csv_rows *rows, const struct csv_line *line,
                                 const struct csv_field *field, size_t *room,
                                 struct tl_error *err)
{
    size_t valid = text_valid_utf8(field->text, field->size);

    *room = field->size;
    if (valid == field->size)
        return TL_OK;
    if (!rows->limits.replace_invalid_utf8)
        return fail_syntax(rows, line, field->text + valid, "bytes that are not UTF-8", err);
    *room = REPLACEMENT_BYTES * field->size;
    return *room <= UINT32_MAX ? TL_OK : csv_rows_too_long(rows, line->offset, err);
}

static bool have_room(struct csv_rows *rows)
{
    size_t capacity = rows->capacity > 0 ? 2 * rows->capacity : 16;
    uint32_t *columns;

    if (rows->n_columns < rows->capacity)
        return true;
    columns = realloc(rows->columns, capacity * sizeof(*columns));
    if (columns == NULL)
        return false;
    rows->columns = columns;
    rows->capacity = capacity;
    return true;
}

static enum tl_status fail_name(const char *name, size_t size, const char *why,
                                struct tl_error *err)
{
    char shown[80];

    (void)tl_fail(err, TL_DATA, "the header names a column %s: \"%s\"", why,
                  text_safe(shown, sizeof(shown), name, size));
    return tl_remedy(err, "Give the columns short names that differ (in SQL by AS)");
}

static enum tl_status add_column(struct csv_rows *rows, const char *name, size_t size,
                                 struct tl_error *err)
{
    uint32_t column;

    if (size > rows->limits.max_name_bytes)
        return fail_name(name, size, "by more than max_name_bytes", err);
    if (!have_room(rows))
        return no_memory(err);
    if (builder_column(rows->builder, name, size, &column, err) != TL_OK)
        return err->status;
    for (size_t i = 0; i < rows->n_columns; i++)
        if (rows->columns[i] == column)
            return fail_name(name, size, "twice", err);
    rows->columns[rows->n_columns++] = column;
    return TL_OK;
}

/* Fields that other characters separate look like one. */
static void warn_one_column(const struct csv_rows *rows, const char *name, size_t size)
{
    char shown[80];

    if (rows->n_columns != 1 ||
        (memchr(name, ';', size) == NULL && memchr(name, '\t', size) == NULL))
        return;
    tl_log(
        TL_LOG_WARNING,
        "%s%sthe header has one field only, \"%s\": commas separate fields, and nothing else",
        rows->limits.stream != NULL ? rows->limits.stream : "",
        rows->limits.stream != NULL ? ": " : "", text_safe(shown, sizeof(shown), name, size));
}

static enum tl_status take_name(struct csv_rows *rows, const struct csv_line *line,
                                const struct csv_field *field, struct tl_error *err)
{
    size_t room;
    char *name;
    enum tl_status status;

    if (clean_room(rows, line, field, &room, err) != TL_OK)
        return err->status;
    name = malloc(room + 1);
    if (name == NULL)
        return no_memory(err);
    room = clean_text(field, name, room);
    status = add_column(rows, name, room, err);
    if (status == TL_OK && field->last)
        warn_one_column(rows, name, room);
    free(name);
    return status;
}

/* The cell of a field: the text is copied only where the value keeps it. */
static enum tl_status take_cell(struct csv_rows *rows, const struct csv_line *line,
                                const struct csv_field *field, struct tl_value *cell,
                                struct tl_error *err)
{
    struct tl_value value;
    size_t room;
    char *copy;

    *cell = field->quoted ? tl_text(TL_TYPE_STRING, "", 0) : tl_null();
    if (field->size == 0)
        return TL_OK;
    if (clean_room(rows, line, field, &room, err) != TL_OK)
        return err->status;
    if (room == field->size && !field->doubled) {
        value = csv_value(field->text, (uint32_t)field->size);
        if (!types_is_text(value.type)) {
            *cell = value;
            return TL_OK;
        }
    }
    copy = builder_text(rows->builder, room);
    if (copy == NULL)
        return no_memory(err);
    *cell = csv_value(copy, (uint32_t)clean_text(field, copy, room));
    return TL_OK;
}

/* Reads the fields of a line; CSV_LEX_BAD with err filled. */
static enum csv_lexed take_fields(struct csv_rows *rows, const struct csv_line *line,
                                  bool header, struct csv_lex *lex, struct tl_error *err)
{
    struct csv_field field = {0};
    size_t count = 0;

    while (!field.last) {
        enum csv_lexed lexed = csv_lex_field(lex, &field);
        enum tl_status status = TL_OK;
        if (lexed == CSV_LEX_BAD)
            (void)fail_syntax(rows, line, lex->at, lex->why, err);
        if (lexed != CSV_LEX_OK)
            return lexed;
        count++;
        if (header)
            status = take_name(rows, line, &field, err);
        else if (count > rows->n_columns || (field.last && count < rows->n_columns))
            status = fail_ragged(rows, line, count, err);
        else
            status = take_cell(
                rows, line, &field,
                builder_cell_of(rows->builder,
                                &rows->builder->columns->names[rows->columns[count - 1]]),
                err);
        if (status != TL_OK)
            return CSV_LEX_BAD;
    }
    if ((size_t)(lex->at - line->text) <= rows->limits.max_row_bytes)
        return CSV_LEX_OK;
    (void)csv_rows_too_long(rows, line->offset, err);
    return CSV_LEX_BAD;
}

static enum csv_lexed take_row(struct csv_rows *rows, const struct csv_line *line,
                               struct csv_lex *lex, struct tl_error *err)
{
    enum csv_lexed lexed;

    if (builder_begin(rows->builder, err) != TL_OK)
        return CSV_LEX_BAD;
    lexed = take_fields(rows, line, false, lex, err);
    if (lexed != CSV_LEX_OK) {
        builder_cancel(rows->builder);
        return lexed;
    }
    if (builder_end(rows->builder, err) != TL_OK) {
        if (err->status == TL_DATA)
            (void)tl_context(err, "at byte %" PRIu64, line->offset);
        return CSV_LEX_BAD;
    }
    rows->n_rows++;
    return CSV_LEX_OK;
}

static bool is_named(const struct csv_rows *rows, const char *name)
{
    uint32_t column = columns_find(rows->builder->columns, name, strlen(name));
    size_t at = 0;

    while (at < rows->n_columns && rows->columns[at] != column)
        at++;
    return at < rows->n_columns;
}

/* Without rows a message of the command's could pass for a header, and for an emptied table. */
static enum tl_status check_key(const struct csv_rows *rows, const struct csv_line *line,
                                size_t size, struct tl_error *err)
{
    const char *const *key = rows->limits.key_columns;
    char near[80];

    while (key != NULL && *key != NULL && is_named(rows, *key))
        key++;
    if (key == NULL || *key == NULL)
        return TL_OK;
    while (size > 0 && (line->text[size - 1] == '\n' || line->text[size - 1] == '\r'))
        size--;
    (void)tl_fail(err, TL_DATA,
                  "the header at byte %" PRIu64
                  " does not name the primary key \"%s\"; there stands \"%s\"",
                  line->offset, *key, text_safe(near, sizeof(near), line->text, size));
    return tl_remedy(
        err, "Let the command print \"%s\" in every row, or name another primary_key", *key);
}

/* A header that is cut off is read once more when all of it has come. */
static enum csv_lexed take_header(struct csv_rows *rows, const struct csv_line *line,
                                  struct csv_lex *lex, struct tl_error *err)
{
    enum csv_lexed lexed;

    rows->n_columns = 0;
    lexed = take_fields(rows, line, true, lex, err);
    if (lexed != CSV_LEX_OK)
        return lexed;
    if (check_key(rows, line, (size_t)(lex->at - line->text), err) != TL_OK)
        return CSV_LEX_BAD;
    rows->header_known = true;
    rows->n_headers++;
    return CSV_LEX_OK;
}

enum tl_status csv_rows_take(struct csv_rows *rows, const struct csv_line *line, size_t *used,
                             struct tl_error *err)
{
    struct csv_lex lex = {
        .at = line->text, .end = line->text + line->size, .whole = line->whole};
    bool empty;
    enum csv_lexed lexed = csv_lex_line_end(&lex, &empty);

    if (lexed == CSV_LEX_BAD)
        return fail_syntax(rows, line, lex.at, lex.why, err);
    if (lexed == CSV_LEX_OK && (!empty || (rows->header_known && rows->n_columns == 1))) {
        lex.at = line->text;
        lexed = rows->header_known ? take_row(rows, line, &lex, err)
                                   : take_header(rows, line, &lex, err);
    }
    *used = lexed == CSV_LEX_OK ? (size_t)(lex.at - line->text) : 0;
    return lexed == CSV_LEX_BAD ? err->status : TL_OK;
}
