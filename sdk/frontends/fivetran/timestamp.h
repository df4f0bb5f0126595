/* Dates and times as the platform counts them: seconds since 1970 and nanoseconds. */
#ifndef FIVETRAN_TIMESTAMP_H
#define FIVETRAN_TIMESTAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "towline/value.h"

struct timestamp {
    int64_t seconds;
    int32_t nanos;
};

/* Reads a NAIVE_DATE (its midnight), a NAIVE_DATETIME (as if it were UTC) or a UTC_DATETIME
 * (the instant). False if it is none, or not one that can be counted without loss: finer than
 * nanoseconds, or outside of the years 1 to 9999 in UTC. */
bool timestamp_read(const struct tl_value *value, struct timestamp *out);

/* Whether timestamp_read can read a value whose text is of its type. */
bool timestamp_fits(const struct tl_value *value);

#endif
