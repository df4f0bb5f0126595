/* The lattice of column types: what a column has shown so far, and the type that holds all of
 * it. The rules in words: docs/types.md. */
#ifndef ROWS_TYPES_H
#define ROWS_TYPES_H

#include <stdbool.h>
#include <stdint.h>

#include "towline/value.h"

struct buf;

/* What a column has shown: one bit per kind of value. Joining two observations is `|`, so the
 * type of a column depends on which values it held, never on their order. */
typedef uint32_t type_observed;

#define OBSERVED(type) ((type_observed)1 << (type))

/* An integer that a double cannot hold (beyond 2^53): LONG | this | DOUBLE needs DECIMAL. */
#define OBSERVED_WIDE ((type_observed)1 << TL_TYPE_COUNT)

/* A declared column: its type is the single type bit beside this one and does not widen. */
#define OBSERVED_DECLARED ((type_observed)1 << (TL_TYPE_COUNT + 1))

/* Integers up to here, either sign, are exact as doubles. */
#define TYPES_DOUBLE_EXACT ((int64_t)1 << 53)

/* The bits that one value adds; none for ABSENT and NULL. Widths are a matter of declaration:
 * a SHORT or INT shows LONG, a FLOAT shows DOUBLE. */
static inline type_observed types_observe(const struct tl_value *value)
{
    switch (value->type) {
    case TL_TYPE_ABSENT:
    case TL_TYPE_NULL:
        return 0;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        if (value->as.integer > TYPES_DOUBLE_EXACT || value->as.integer < -TYPES_DOUBLE_EXACT)
            return OBSERVED(TL_TYPE_LONG) | OBSERVED_WIDE;
        return OBSERVED(TL_TYPE_LONG);
    case TL_TYPE_FLOAT:
        return OBSERVED(TL_TYPE_DOUBLE);
    default:
        return OBSERVED(value->type);
    }
}

/* Whether a value of the type is text or bytes: as.text and size. */
static inline bool types_is_text(enum tl_type type)
{
    return type >= TL_TYPE_DECIMAL && type != TL_TYPE_FLOAT && type != TL_TYPE_DOUBLE;
}

/* The narrowest type that holds everything observed; TL_TYPE_NULL when nothing was. */
enum tl_type types_of(type_observed observed);

/* Makes *value one of the declared type: "7" becomes the LONG 7, 1.5 does not become an INT.
 * False, with *value as it was, when it is none. ABSENT and NULL are of every type. The result
 * may borrow from scratch, whose former content is dropped and from which value must not
 * borrow; it holds until scratch is used again. False with scratch->failed: out of memory. */
bool types_coerce(struct tl_value *value, enum tl_type declared, struct buf *scratch);

/* Whether every value of a column that has shown this can be made one of the declared type. */
bool types_can_become(type_observed before, enum tl_type declared);

/* What a column that was declared has shown, as far as its type tells, if it is so no more. */
type_observed types_undeclare(type_observed declared);

/* The form that a value takes in a column of which `observed` (the value's own bits included)
 * is known: itself, or its text, or its JSON text. A function of the value and of observed
 * alone, and types_fit after types_fit with more observed gives the same as once: that is what
 * makes tables independent of row order. Memory as with types_coerce; check scratch->failed. */
struct tl_value types_fit(const struct tl_value *value, type_observed observed,
                          struct buf *scratch);

/* The same for a value that a destination stored when the column had shown `before` and gives
 * back in its own words: an integer for a BOOLEAN, text for a date. What it becomes when the
 * column has shown `after`, which includes `before` or is a declared type that it can become.
 */
struct tl_value types_refit(const struct tl_value *stored, type_observed before,
                            type_observed after, struct buf *scratch);

/* The shortest decimal text that reads back as real, in any locale: integers up to 2^53 as
 * integers. Writes to out, NUL-terminated, returns its length. */
#define TYPES_REAL_SIZE 32
int types_real_text(double real, char out[TYPES_REAL_SIZE]);

/* The value that a valid JSON number's text stands for: LONG when it is an integer of 64 bits,
 * DOUBLE when the double prints back to the same decimal value, else DECIMAL borrowing the
 * text. */
struct tl_value types_number(const char *text, uint32_t size);

/* STRING, or the date type whose ISO 8601 form the text has: NAIVE_DATE, NAIVE_DATETIME,
 * UTC_DATETIME. */
enum tl_type types_string(const char *text, uint32_t size);

#endif
