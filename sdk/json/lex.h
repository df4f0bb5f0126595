/* The tokens of JSON (RFC 8259) in a piece of text: strict, without recursion, without memory.
 */
#ifndef JSON_LEX_H
#define JSON_LEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/* Right; right so far, but the text ends first; or not JSON. */
enum json_lexed { JSON_LEX_OK, JSON_LEX_CUT, JSON_LEX_BAD };

/* Where reading stands. After JSON_LEX_BAD `at` is the offending byte and `why` the reason. */
struct json_lex {
    const char *at;
    const char *end;
    const char *why;
    bool replace;  /* let bytes that are not UTF-8 pass in strings, and count them */
    bool too_deep; /* JSON_LEX_BAD, because of max_depth */
    bool not_utf8; /* JSON_LEX_BAD, because of bytes that `replace` would let pass */
};

/* The remedy for not_utf8. */
#define JSON_LEX_UTF8_REMEDY                                                                   \
    "Let the command print UTF-8, or set on_invalid_utf8 to \"replace\""

/* What a string or value is made of, for the copy of it. */
struct json_span {
    const char *text;
    size_t size;
    size_t blanks;  /* white space outside strings */
    size_t invalid; /* bytes that are not UTF-8; each becomes three */
    bool escaped;   /* a string with a backslash */
};

/* Reads a string from the byte after its opening quote to after its closing quote; the span is
 * what stands between them. Adds to *out, which begins as zeros. */
enum json_lexed json_lex_string(struct json_lex *lex, struct json_span *out);

/* Reads the value that begins at lex->at, of any kind, a string with its quotes; nested at most
 * max_depth deep. A number that reaches lex->end counts as cut: more digits may follow. */
enum json_lexed json_lex_value(struct json_lex *lex, uint32_t max_depth, struct json_span *out);

/* Reads `literal` at lex->at. */
enum json_lexed json_lex_literal(struct json_lex *lex, const char *literal, size_t size);

static inline enum json_lexed json_lex_bad(struct json_lex *lex, const char *at,
                                           const char *why)
{
    lex->at = at;
    lex->why = why;
    return JSON_LEX_BAD;
}

static inline bool json_is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Whether c cannot belong to a number or literal that stands before it. */
static inline bool json_is_separator(char c)
{
    return json_is_blank(c) || c == ',' || c == ':' || c == '"' || c == '{' || c == '}' ||
           c == '[' || c == ']';
}

/* Passes white space; false at the end of the text. */
static inline bool json_lex_blanks(struct json_lex *lex)
{
    while (lex->at < lex->end && json_is_blank(*lex->at))
        lex->at++;
    return lex->at < lex->end;
}

/* The first byte of a string that is not simply itself: a quote, a backslash, a control
 * character, the start of a character beyond ASCII; or end. */
static inline const char *json_plain_end(const char *at, const char *end)
{
#if defined(__SSE2__)
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');
    while (end - at >= 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
        /* Signed: bytes from 0x80 on are below the blank as well. */
        __m128i other = _mm_or_si128(
            _mm_cmplt_epi8(bytes, space),
            _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
        int mask = _mm_movemask_epi8(other);
        if (mask != 0)
            return at + __builtin_ctz((unsigned)mask);
        at += 16;
    }
#endif
    while (at < end && (signed char)*at >= ' ' && *at != '"' && *at != '\\')
        at++;
    return at;
}

#endif
