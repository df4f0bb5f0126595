/* The tokens of JSON. */
#include "json/lex.h"

#include <string.h>

#include "base/text.h"
#include "json/reader.h"
#include "rows/number.h"

/* The number that four hexadecimal digits make; -1 for others, -2 when the text ends first. */
static int read_hex(const char *at, const char *end)
{
    int number = 0;

    for (int i = 0; i < 4; i++) {
        unsigned char c;
        if (at + i == end)
            return -2;
        c = (unsigned char)at[i];
        if (c >= '0' && c <= '9')
            number = number * 16 + (c - '0');
        else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
            number = number * 16 + ((c | 0x20) - 'a' + 10);
        else
            return -1;
    }
    return number;
}

/* Checks the \u escape at lex->at, together with its other half if it is a surrogate. */
static enum json_lexed lex_unicode(struct json_lex *lex)
{
    const char *at = lex->at;
    int unit = read_hex(at + 2, lex->end);
    int low;

    if (unit < 0)
        return unit == -2 ? JSON_LEX_CUT
                          : json_lex_bad(lex, at, "\\u without four hexadecimal digits");
    lex->at = at + 6;
    if (unit < 0xd800 || unit > 0xdfff)
        return JSON_LEX_OK;
    if (unit > 0xdbff)
        return json_lex_bad(lex, at, "lone surrogate escape");
    for (int i = 0; i < 2; i++) {
        if (at + 6 + i == lex->end)
            return JSON_LEX_CUT;
        if (at[6 + i] != "\\u"[i])
            return json_lex_bad(lex, at, "lone surrogate escape");
    }
    low = read_hex(at + 8, lex->end);
    if (low == -2)
        return JSON_LEX_CUT;
    if (low < 0xdc00 || low > 0xdfff)
        return json_lex_bad(lex, at, "lone surrogate escape");
    lex->at = at + 12;
    return JSON_LEX_OK;
}

/* Whether it makes a whole escape with the backslash before it. */
static bool is_short_escape(char c)
{
    switch (c) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return true;
    default:
        return false;
    }
}

static enum json_lexed lex_escape(struct json_lex *lex)
{
    if (lex->end - lex->at < 2)
        return JSON_LEX_CUT;
    if (lex->at[1] == 'u')
        return lex_unicode(lex);
    if (!is_short_escape(lex->at[1]))
        return json_lex_bad(lex, lex->at, "invalid escape in a string");
    lex->at += 2;
    return JSON_LEX_OK;
}

/* Passes a run of characters beyond ASCII. */
static enum json_lexed lex_utf8(struct json_lex *lex, struct json_span *out)
{
    const char *at = lex->at;

    while (at < lex->end && (*at & 0x80) != 0)
        at++;
    /* A run that reaches the end may be cut within a character; the string goes on anyway. */
    if (at == lex->end)
        return JSON_LEX_CUT;
    while (lex->at < at) {
        lex->at += text_valid_utf8(lex->at, (size_t)(at - lex->at));
        if (lex->at == at)
            break;
        if (!lex->replace) {
            lex->not_utf8 = true;
            return json_lex_bad(lex, lex->at, "bytes in a string that are not UTF-8");
        }
        out->invalid++;
        lex->at++;
    }
    return JSON_LEX_OK;
}

enum json_lexed json_lex_string(struct json_lex *lex, struct json_span *out)
{
    enum json_lexed lexed = JSON_LEX_OK;

    out->text = lex->at;
    while (lexed == JSON_LEX_OK) {
        lex->at = json_plain_end(lex->at, lex->end);
        if (lex->at == lex->end)
            return JSON_LEX_CUT;
        if (*lex->at == '"') {
            out->size = (size_t)(lex->at++ - out->text);
            return JSON_LEX_OK;
        }
        if (*lex->at == '\\') {
            out->escaped = true;
            lexed = lex_escape(lex);
        } else if ((*lex->at & 0x80) != 0) {
            lexed = lex_utf8(lex, out);
        } else {
            lexed = json_lex_bad(lex, lex->at, "raw control character in a string");
        }
    }
    return lexed;
}

enum json_lexed json_lex_literal(struct json_lex *lex, const char *literal, size_t size)
{
    size_t left = (size_t)(lex->end - lex->at);
    size_t shown = left < size ? left : size;

    for (size_t i = 0; i < shown; i++)
        if (lex->at[i] != literal[i])
            return json_lex_bad(lex, lex->at, "expected a JSON value");
    if (left < size)
        return JSON_LEX_CUT;
    lex->at += size;
    return JSON_LEX_OK;
}

static enum json_lexed lex_number(struct json_lex *lex)
{
    struct number number;
    const char *bad;
    const char *after = number_read(lex->at, lex->end, &number, &bad);

    if (after == lex->end || (after == NULL && bad == lex->end))
        return JSON_LEX_CUT;
    if (after == NULL)
        return json_lex_bad(lex, bad, "not a JSON number");
    lex->at = after;
    return JSON_LEX_OK;
}

static enum json_lexed lex_scalar(struct json_lex *lex, struct json_span *out)
{
    switch (*lex->at) {
    case '"':
        lex->at++;
        return json_lex_string(lex, out);
    case 't':
        return json_lex_literal(lex, "true", 4);
    case 'f':
        return json_lex_literal(lex, "false", 5);
    case 'n':
        return json_lex_literal(lex, "null", 4);
    default:
        if (*lex->at == '-' || (*lex->at >= '0' && *lex->at <= '9'))
            return lex_number(lex);
        return json_lex_bad(lex, lex->at, "expected a JSON value");
    }
}

/* What may come next within a nested value. */
enum wanted {
    WANT_VALUE,
    WANT_FIRST_VALUE,
    WANT_NAME,
    WANT_FIRST_NAME,
    WANT_COLON,
    WANT_COMMA
};

/* A nested value under way: one bit a level says whether it is an object. */
struct nest {
    uint64_t objects[JSON_DEPTH_LIMIT / 64];
    uint32_t depth;
    uint32_t max_depth;
    enum wanted wanted;
};

static bool in_object(const struct nest *nest)
{
    uint32_t level = nest->depth - 1;
    return (nest->objects[level / 64] >> level % 64 & 1) != 0;
}

static enum json_lexed nest_too_deep(struct json_lex *lex)
{
    lex->too_deep = true;
    return json_lex_bad(lex, lex->at, "nested deeper than max_depth");
}

static enum json_lexed nest_open(struct json_lex *lex, struct nest *nest)
{
    bool object = *lex->at == '{';
    uint64_t bit = (uint64_t)1 << nest->depth % 64;
    uint64_t *word = &nest->objects[nest->depth / 64];

    if (nest->depth >= nest->max_depth || nest->depth >= JSON_DEPTH_LIMIT)
        return nest_too_deep(lex);
    if (nest->depth % 64 == 0)
        *word = 0;
    *word = object ? *word | bit : *word & ~bit;
    nest->depth++;
    nest->wanted = object ? WANT_FIRST_NAME : WANT_FIRST_VALUE;
    lex->at++;
    return JSON_LEX_OK;
}

static enum json_lexed nest_close(struct json_lex *lex, struct nest *nest)
{
    nest->depth--;
    nest->wanted = WANT_COMMA;
    lex->at++;
    return JSON_LEX_OK;
}

static enum json_lexed nest_value(struct json_lex *lex, struct nest *nest,
                                  struct json_span *out)
{
    struct json_span scalar = {0};
    enum json_lexed lexed;

    if (*lex->at == ']' && nest->wanted == WANT_FIRST_VALUE)
        return nest_close(lex, nest);
    if (*lex->at == '{' || *lex->at == '[')
        return nest_open(lex, nest);
    lexed = lex_scalar(lex, &scalar);
    out->invalid += scalar.invalid;
    nest->wanted = WANT_COMMA;
    return lexed;
}

static enum json_lexed nest_name(struct json_lex *lex, struct nest *nest, struct json_span *out)
{
    struct json_span name = {0};
    enum json_lexed lexed;

    if (*lex->at == '}' && nest->wanted == WANT_FIRST_NAME)
        return nest_close(lex, nest);
    if (*lex->at != '"')
        return json_lex_bad(lex, lex->at, "expected a name in double quotes");
    lex->at++;
    lexed = json_lex_string(lex, &name);
    out->invalid += name.invalid;
    nest->wanted = WANT_COLON;
    return lexed;
}

static enum json_lexed nest_comma(struct json_lex *lex, struct nest *nest)
{
    bool object = in_object(nest);

    if (*lex->at == (object ? '}' : ']'))
        return nest_close(lex, nest);
    if (*lex->at != ',')
        return json_lex_bad(lex, lex->at,
                            object ? "expected ',' or '}'" : "expected ',' or ']'");
    nest->wanted = object ? WANT_NAME : WANT_VALUE;
    lex->at++;
    return JSON_LEX_OK;
}

static enum json_lexed nest_step(struct json_lex *lex, struct nest *nest, struct json_span *out)
{
    switch (nest->wanted) {
    case WANT_VALUE:
    case WANT_FIRST_VALUE:
        return nest_value(lex, nest, out);
    case WANT_NAME:
    case WANT_FIRST_NAME:
        return nest_name(lex, nest, out);
    case WANT_COLON:
        if (*lex->at != ':')
            return json_lex_bad(lex, lex->at, "expected ':' after a name");
        nest->wanted = WANT_VALUE;
        lex->at++;
        return JSON_LEX_OK;
    default:
        return nest_comma(lex, nest);
    }
}

enum json_lexed json_lex_value(struct json_lex *lex, uint32_t max_depth, struct json_span *out)
{
    const char *text = lex->at;
    enum json_lexed lexed = JSON_LEX_OK;
    struct nest nest;

    *out = (struct json_span){0};
    if (text == lex->end)
        return JSON_LEX_CUT;
    nest.depth = 0;
    nest.max_depth = max_depth;
    if (*text == '{' || *text == '[')
        lexed = nest_open(lex, &nest);
    else
        lexed = lex_scalar(lex, out);
    while (lexed == JSON_LEX_OK && nest.depth > 0) {
        const char *blanks = lex->at;
        if (!json_lex_blanks(lex))
            return JSON_LEX_CUT;
        out->blanks += (size_t)(lex->at - blanks);
        lexed = nest_step(lex, &nest, out);
    }
    out->text = text;
    out->size = (size_t)(lex->at - text);
    return lexed;
}
