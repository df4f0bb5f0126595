/* The fields of CSV. */
#include "csv/lex.h"

#include <string.h>

static enum csv_lexed bad(struct csv_lex *lex, const char *at, const char *why)
{
    lex->at = at;
    lex->why = why;
    return CSV_LEX_BAD;
}

enum csv_lexed csv_lex_line_end(struct csv_lex *lex, bool *found)
{
    *found = true;
    if (lex->at < lex->end && *lex->at == '\n') {
        lex->at++;
        return CSV_LEX_OK;
    }
    *found = lex->at < lex->end && *lex->at == '\r';
    if (!*found)
        return CSV_LEX_OK;
    if (lex->end - lex->at == 1 && !lex->whole)
        return CSV_LEX_CUT;
    if (lex->end - lex->at > 1 && lex->at[1] != '\n')
        return bad(lex, lex->at, "a carriage return that no line feed follows");
    lex->at += lex->end - lex->at > 1 ? 2 : 1;
    return CSV_LEX_OK;
}

/* What may follow a field: a comma, or the end of the line. */
static enum csv_lexed lex_after(struct csv_lex *lex, struct csv_field *out)
{
    enum csv_lexed lexed;

    if (lex->at == lex->end) {
        out->last = true;
        return lex->whole ? CSV_LEX_OK : CSV_LEX_CUT;
    }
    if (*lex->at == ',') {
        lex->at++;
        return CSV_LEX_OK;
    }
    lexed = csv_lex_line_end(lex, &out->last);
    if (lexed != CSV_LEX_OK || out->last)
        return lexed;
    return bad(lex, lex->at,
               out->quoted ? "text after a field's closing quote"
                           : "a quote in a field that does not begin with one");
}

static enum csv_lexed lex_quoted(struct csv_lex *lex, struct csv_field *out)
{
    const char *at = lex->at + 1, *quote;

    out->quoted = true;
    out->text = at;
    for (;;) {
        quote = memchr(at, '"', (size_t)(lex->end - at));
        if (quote == NULL || (quote + 1 == lex->end && !lex->whole))
            return CSV_LEX_CUT;
        if (quote + 1 == lex->end || quote[1] != '"')
            break;
        out->doubled = true;
        at = quote + 2;
    }
    out->size = (size_t)(quote - out->text);
    lex->at = quote + 1;
    return lex_after(lex, out);
}

/* Whether the byte ends a field without quotes, rightly or not. */
static bool is_mark(char c)
{
    return c == ',' || c == '\n' || c == '\r' || c == '"';
}

enum csv_lexed csv_lex_field(struct csv_lex *lex, struct csv_field *out)
{
    *out = (struct csv_field){.text = lex->at};
    if (lex->at < lex->end && *lex->at == '"')
        return lex_quoted(lex, out);
    while (lex->at < lex->end && !is_mark(*lex->at))
        lex->at++;
    out->size = (size_t)(lex->at - out->text);
    return lex_after(lex, out);
}

/* The state after the byte c; *complete as in csv_scan. */
static enum csv_state scan_byte(const struct csv_scan *scan, char c, bool *complete)
{
    switch (scan->state) {
    case CSV_AT_FIELD:
        if (c == '"')
            return CSV_IN_QUOTES;
        break;
    case CSV_IN_FIELD:
        *complete = c == '"';
        break;
    case CSV_IN_QUOTES:
        return c == '"' ? CSV_AFTER_QUOTE : CSV_IN_QUOTES;
    case CSV_AFTER_QUOTE:
        if (c == '"')
            return CSV_IN_QUOTES;
        *complete = c != ',' && c != '\r';
        break;
    case CSV_AFTER_CR:
        *complete = true;
        break;
    }
    *complete = *complete || c == '\n';
    return c == ',' ? CSV_AT_FIELD : c == '\r' ? CSV_AFTER_CR : CSV_IN_FIELD;
}

size_t csv_scan(struct csv_scan *scan, const char *text, size_t size, bool *complete)
{
    size_t at = 0;

    *complete = false;
    while (at < size && !*complete) {
        if (scan->state == CSV_IN_QUOTES) {
            const char *quote = memchr(text + at, '"', size - at);
            if (quote == NULL)
                return size;
            at = (size_t)(quote - text);
        }
        scan->state = scan_byte(scan, text[at++], complete);
    }
    return at;
}
