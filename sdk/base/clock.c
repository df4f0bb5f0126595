/* Two clocks: one for deadlines, one for records. */
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

static int64_t read_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
    return read_ms(CLOCK_MONOTONIC);
}

int64_t clock_coarse_ms(void)
{
    return read_ms(CLOCK_MONOTONIC_COARSE);
}

int64_t clock_utc_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

const char *clock_format_utc(int64_t utc_us, char out[CLOCK_UTC_SIZE])
{
    time_t seconds = (time_t)(utc_us / 1000000);
    struct tm tm;
    char text[CLOCK_UTC_SIZE];

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(out, CLOCK_UTC_SIZE, "%.19s.%06dZ", text, (int)(utc_us % 1000000));
    return out;
}

int clock_remaining_ms(int64_t deadline_ms)
{
    int64_t remaining;

    if (deadline_ms == CLOCK_NEVER)
        return -1;
    remaining = deadline_ms - clock_now_ms();
    if (remaining <= 0)
        return 0;
    return remaining > INT_MAX ? INT_MAX : (int)remaining;
}

int64_t clock_earlier(int64_t left, int64_t right)
{
    return left < right ? left : right;
}
