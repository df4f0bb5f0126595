/* Text made safe or quoted for where it goes: terminals, logs, shells, SQL. */
#ifndef BASE_TEXT_H
#define BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Appends text so that it shows as what it is: "\n", "\t" and "\xNN" stand for control
 * characters and invalid UTF-8, "\uNNNN" for characters that turn or end a line, or hide
 * (U+202E, U+2028, U+FEFF ...). For all that came from outside and is shown to people. */
void text_append_safe(struct buf *out, const char *text, size_t size);

/* The same into a fixed array, cut at its end with "..."; returns out. */
const char *text_safe(char *out, size_t out_size, const char *text, size_t size);

/* As text_append_safe, but that lines and tabs stay what they are. */
void text_append_safe_lines(struct buf *out, const char *text, size_t size);

/* Appends `name` as a quoted SQL identifier: "a""b". */
void text_append_identifier(struct buf *out, const char *name);

/* Appends text as a JSON string with its quotes, escaping only what RFC 8259 demands. */
void text_append_json(struct buf *out, const char *text, size_t size);

/* Appends JSON text with the same characters as \uNNNN, which in its strings means the same;
 * white space stays. What is not UTF-8 becomes \ufffd. */
void text_append_json_safe(struct buf *out, const char *json, size_t size);

/* Takes the white space outside strings out of valid JSON, in place. */
void text_compact_json(char *json);

/* The length of the longest prefix of text that is valid UTF-8 (RFC 3629). */
size_t text_valid_utf8(const char *text, size_t size);

/* Overwrites memory in a way the compiler keeps. */
void text_wipe(void *memory, size_t size);

/* strdup of a string of known length, NUL-terminated. NULL when memory ran out. */
char *text_copy(const char *text, size_t size);

/* Whether the strings are equal but for ASCII letter case. */
bool text_equal_ignoring_case(const char *left, const char *right);

/* Appends the text with all but letters, digits and -._~ as %XX (RFC 3986 section 2). */
void text_append_url_encoded(struct buf *out, const char *text, size_t size);

#endif
