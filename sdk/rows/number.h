/* Decimal numbers as JSON writes them (RFC 8259, section 6), and which value keeps them
 * exactly. */
#ifndef ROWS_NUMBER_H
#define ROWS_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "towline/value.h"

/* A number taken apart while it is read: mantissa * 10^exponent. */
struct number {
    uint64_t mantissa; /* all digits without the point; wrapped round beyond 19 of them */
    int64_t exponent;  /* saturates far outside any double */
    uint64_t digits;   /* how many were written, leading zeros included */
    bool negative;
    bool integer; /* neither point nor exponent */
};

/* Reads the number that begins at text. Returns the byte after it; when that is `end`, more of
 * the number may follow in a longer text. NULL when no number stands there: *bad is then the
 * first byte that cannot belong to one, or `end` when the text is only too short. */
const char *number_read(const char *text, const char *end, struct number *number,
                        const char **bad);

/* The value of the number that number_read found in text[0..size): LONG, DOUBLE, or DECIMAL
 * that borrows text. */
struct tl_value number_value(const struct number *number, const char *text, uint32_t size);

/* Whether the whole of text is one number. */
bool number_is_valid(const char *text, uint32_t size);

/* How many digits stand before and after the point when a number is written without exponent.
 */
struct number_places {
    int64_t whole;
    int64_t fraction;
};

/* As it is written: 1.50 has one and two, 1e3 four and none. Its text must be a number. */
struct number_places number_written_places(const char *text, uint32_t size);

/* As many as its value takes, so that zeros at either end do not count: 1.50 one and one, 0.05
 * none and two. */
struct number_places number_needed_places(const char *text, uint32_t size);

/* Whether a 32-bit float holds real, or prints back to the same decimal value. */
bool number_fits_float(double real);

#endif
