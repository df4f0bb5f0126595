/* Dates and times as the platform counts them: seconds since 1970 and nanoseconds. */
#include "frontends/fivetran/timestamp.h"

#include <string.h>

#include "rows/types.h"

enum { FRACTION_AT = 20, MAX_DIGITS = 9, YEAR_BYTES = 4 };

static const int64_t first_second = INT64_C(-62135596800); /* 0001-01-01T00:00:00Z */
static const int64_t last_second = INT64_C(253402300799);  /* 9999-12-31T23:59:59Z */

static int two(const char *text)
{
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is
 * the last of its year. */
static int64_t days_of(int year, int month, int day)
{
    int64_t from_march = month > 2 ? month - 3 : month + 9;
    int64_t years = month > 2 ? year : year - 1;

    return 365 * years + years / 4 - years / 100 + years / 400 + (153 * from_march + 2) / 5 +
           day - 719469;
}

/* The digits after the point; false if there are more than fit. *at moves behind them. */
static bool read_fraction(const char *text, uint32_t size, uint32_t *at, int32_t *nanos)
{
    int32_t number = 0;
    int digits = 0;

    for (; *at < size && text[*at] >= '0' && text[*at] <= '9'; ++*at) {
        if (digits < MAX_DIGITS) {
            number = 10 * number + (text[*at] - '0');
            digits++;
        } else if (text[*at] != '0') {
            return false;
        }
    }
    for (; digits < MAX_DIGITS; digits++)
        number *= 10;
    *nanos = number;
    return true;
}

/* "+hh:mm" or "-hh:mm", in seconds; "Z" is none. */
static int64_t read_zone(const char *text)
{
    int64_t seconds;

    if (*text == 'Z')
        return 0;
    seconds = 60 * (60 * two(text + 1) + two(text + 4));
    return *text == '-' ? -seconds : seconds;
}

bool timestamp_read(const struct tl_value *value, struct timestamp *out)
{
    const char *text = value->as.text;
    uint32_t at = FRACTION_AT - 1;

    if (types_string(text, value->size) != value->type)
        return false;
    out->seconds =
        86400 * days_of(100 * two(text) + two(text + 2), two(text + 5), two(text + 8));
    out->nanos = 0;
    if (value->type == TL_TYPE_NAIVE_DATE)
        return true;
    out->seconds += 3600 * two(text + 11) + 60 * two(text + 14) + two(text + 17);
    if (at < value->size && text[at] == '.') {
        at++;
        if (!read_fraction(text, value->size, &at, &out->nanos))
            return false;
    }
    if (value->type == TL_TYPE_UTC_DATETIME)
        out->seconds -= read_zone(text + at);
    return out->seconds >= first_second && out->seconds <= last_second;
}

/* A text this short has no more digits than fit, and no zone moves these years out of reach. */
bool timestamp_fits(const struct tl_value *value)
{
    struct timestamp ignored;

    return (value->size >= YEAR_BYTES && value->size <= FRACTION_AT + MAX_DIGITS &&
            memcmp(value->as.text, "0002", YEAR_BYTES) >= 0 &&
            memcmp(value->as.text, "9998", YEAR_BYTES) <= 0) ||
           timestamp_read(value, &ignored);
}
