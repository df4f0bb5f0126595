/* Dates and times in ISO 8601 form: recognised, never converted. */
#include "rows/types.h"

/* The number that the count digits at text make, or -1. */
static int digits(const char *text, int count)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        number = number * 10 + (text[i] - '0');
    }
    return number;
}

static int days_of(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : days[month - 1];
}

/* YYYY-MM-DD, a day that exists in the proleptic Gregorian calendar; no year 0. */
static bool is_date(const char *text)
{
    int year = digits(text, 4), month = digits(text + 5, 2), day = digits(text + 8, 2);

    return year >= 1 && month >= 1 && month <= 12 && day >= 1 && day <= days_of(year, month);
}

/* HH:MM, at the size bytes at text. */
static bool is_clock(const char *text, uint32_t size)
{
    int hour, minute;

    if (size < 5 || text[2] != ':')
        return false;
    hour = digits(text, 2);
    minute = digits(text + 3, 2);
    return hour >= 0 && hour <= 23 && minute >= 0 && minute <= 59;
}

/* What follows the date: Thh:mm:ss[.fraction][zone]. No leap second: destinations differ on it.
 */
static enum tl_type time_type(const char *text, uint32_t size)
{
    uint32_t at = 9;
    int second;

    if (size < 9 || (text[0] != 'T' && text[0] != ' ') || text[6] != ':' ||
        !is_clock(text + 1, size - 1))
        return TL_TYPE_STRING;
    second = digits(text + 7, 2);
    if (second < 0 || second > 59)
        return TL_TYPE_STRING;
    if (at < size && text[at] == '.') {
        uint32_t fraction = ++at;
        while (at < size && text[at] >= '0' && text[at] <= '9')
            at++;
        if (at == fraction)
            return TL_TYPE_STRING;
    }
    if (at == size)
        return TL_TYPE_NAIVE_DATETIME;
    if (text[at] == 'Z')
        return at + 1 == size ? TL_TYPE_UTC_DATETIME : TL_TYPE_STRING;
    if ((text[at] == '+' || text[at] == '-') && size - at == 6 && is_clock(text + at + 1, 5))
        return TL_TYPE_UTC_DATETIME;
    return TL_TYPE_STRING;
}

enum tl_type types_string(const char *text, uint32_t size)
{
    if (size < 10 || text[4] != '-' || text[7] != '-' || !is_date(text))
        return TL_TYPE_STRING;
    return size == 10 ? TL_TYPE_NAIVE_DATE : time_type(text + 10, size - 10);
}
