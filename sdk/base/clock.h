/* Two clocks: one that only moves forward, for deadlines; one that people read, for records. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

/* Milliseconds on the monotonic clock. */
int64_t clock_now_ms(void);

/* The same, a few milliseconds late at most, for what is asked at every row: it costs less. */
int64_t clock_coarse_ms(void);

/* Microseconds since 1970-01-01T00:00:00Z. */
int64_t clock_utc_us(void);

/* "2026-11-21T12:00:00.123456Z" (27 characters and a NUL) into out; returns out. */
#define CLOCK_UTC_SIZE 32
const char *clock_format_utc(int64_t utc_us, char out[CLOCK_UTC_SIZE]);

/* Milliseconds from now until deadline_ms, never negative, at most INT_MAX: poll's timeout.
 * CLOCK_NEVER as deadline gives -1. */
#define CLOCK_NEVER INT64_MAX
int clock_remaining_ms(int64_t deadline_ms);

/* The earlier of two moments, of which either may be CLOCK_NEVER. */
int64_t clock_earlier(int64_t left, int64_t right);

#endif
