/* The fields of CSV (RFC 4180) in a piece of text: strict, without memory. Lines end with LF or
 * CR LF. */
#ifndef CSV_LEX_H
#define CSV_LEX_H

#include <stdbool.h>
#include <stddef.h>

/* Right; right so far, but the text ends first; or not CSV. */
enum csv_lexed { CSV_LEX_OK, CSV_LEX_CUT, CSV_LEX_BAD };

/* Where reading stands. After CSV_LEX_BAD `at` is the offending byte and `why` the reason. */
struct csv_lex {
    const char *at;
    const char *end;
    const char *why;
    bool whole; /* nothing comes after `end`: it ends the line, too */
};

struct csv_field {
    const char *text; /* between the quotes, if it has any */
    size_t size;
    bool quoted;
    bool doubled; /* quotes in it are written twice */
    bool last;    /* of its line */
};

/* Reads the field that begins at lex->at, and what stands between it and the next. */
enum csv_lexed csv_lex_field(struct csv_lex *lex, struct csv_field *out);

/* Passes a line's end, if one stands here. */
enum csv_lexed csv_lex_line_end(struct csv_lex *lex, bool *found);

/* Looks for the end of a row that arrives in pieces, judging no more than that takes; begins as
 * zeros. */
struct csv_scan {
    enum csv_state {
        CSV_AT_FIELD,
        CSV_IN_FIELD,
        CSV_IN_QUOTES,
        CSV_AFTER_QUOTE,
        CSV_AFTER_CR
    } state;
};

/* Gives how many bytes of text belong to the row. *complete: it ends with them, or something in
 * it is wrong that the lexer will find in what has come. */
size_t csv_scan(struct csv_scan *scan, const char *text, size_t size, bool *complete);

#endif
