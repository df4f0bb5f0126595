/* Following the highest value of a column. */
#include "sync/cursor.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "rows/number.h"
#include "rows/types.h"

enum { CURSOR_MAX_BYTES = 64 * 1024, EXPONENT_MAX = 1000000000 };

/* 0001-01-01T00:00:00: no ISO 8601 date is earlier. */
#define YEAR_ONE (-INT64_C(62135596800))

/* No step back is longer: it fits an int64_t with room to spare. */
#define OVERLAP_MAX 0x1p62

void cursor_init(struct cursor *cursor)
{
    *cursor = (struct cursor){.value = tl_null(), .text = BUF_INIT(CURSOR_MAX_BYTES)};
}

void cursor_reset(struct cursor *cursor)
{
    buf_free(&cursor->text);
    cursor->value = tl_null();
}

static bool is_number(const struct tl_value *value)
{
    return value->type >= TL_TYPE_SHORT && value->type <= TL_TYPE_DOUBLE;
}

/* A decimal number taken apart: sign, digits without leading zeros, and where the point stands.
 */
struct decimal {
    bool negative;
    char digits[1024];
    size_t n_digits;
    long point; /* 0.DIGITS times ten to this power */
};

/* False for a number too long to compare. */
static bool decimal_parse(const char *text, struct decimal *out)
{
    bool fraction = false;
    long exponent;

    *out = (struct decimal){.negative = *text == '-'};
    for (text += out->negative; isdigit((unsigned char)*text) || *text == '.'; text++) {
        if (*text == '.') {
            fraction = true;
        } else if (out->n_digits == 0 && *text == '0') {
            out->point -= fraction;
        } else {
            if (out->n_digits == sizeof(out->digits))
                return false;
            out->digits[out->n_digits++] = *text;
            out->point += !fraction;
        }
    }
    exponent = *text == 'e' || *text == 'E' ? strtol(text + 1, NULL, 10) : 0;
    if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX)
        return false;
    out->point += exponent;
    while (out->n_digits > 0 && out->digits[out->n_digits - 1] == '0')
        out->n_digits--;
    return true;
}

static int decimal_compare(const struct decimal *left, const struct decimal *right)
{
    size_t common = left->n_digits < right->n_digits ? left->n_digits : right->n_digits;
    int sign = left->negative ? -1 : 1, order;

    if (left->n_digits == 0 || right->n_digits == 0) /* one of them is zero */
        return (left->n_digits ? sign : 0) - (right->n_digits ? (right->negative ? -1 : 1) : 0);
    if (left->negative != right->negative)
        return sign;
    if (left->point != right->point)
        return left->point > right->point ? sign : -sign;
    order = memcmp(left->digits, right->digits, common);
    if (order == 0)
        order = (left->n_digits > right->n_digits) - (left->n_digits < right->n_digits);
    return order * sign;
}

void cursor_print(const struct tl_value *value, struct buf *out)
{
    char real[TYPES_REAL_SIZE];

    switch (value->type) {
    case TL_TYPE_ABSENT:
    case TL_TYPE_NULL:
        break;
    case TL_TYPE_BOOLEAN:
        buf_append_string(out, value->as.boolean ? "true" : "false");
        break;
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        buf_printf(out, "%" PRId64, value->as.integer);
        break;
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        buf_append(out, real, (size_t)types_real_text(value->as.real, real));
        break;
    default:
        buf_append(out, value->as.text, value->size);
    }
}

static bool compare_numbers(const struct tl_value *left, const struct tl_value *right, int *out)
{
    struct buf texts = BUF_INIT(CURSOR_MAX_BYTES);
    struct decimal a, b;
    size_t second;
    bool ok;

    cursor_print(left, &texts);
    buf_append_char(&texts, '\0');
    second = texts.size;
    cursor_print(right, &texts);
    ok = !texts.failed && decimal_parse(buf_text(&texts), &a) &&
         decimal_parse(buf_text(&texts) + second, &b);
    if (ok)
        *out = decimal_compare(&a, &b);
    buf_free(&texts);
    return ok;
}

/* An ISO 8601 date or time taken apart; its form was checked when the value got its type. */
struct moment {
    int64_t seconds;      /* since 1970, in UTC where a zone is given */
    const char *fraction; /* its digits */
    size_t n_fraction;
    const char *zone; /* "", "Z" or "+01:00" */
    long offset;      /* of the zone, in seconds */
    bool has_time;
};

static long moment_offset(const char *zone)
{
    long sign = zone[0] == '-' ? -1 : 1;

    if (zone[0] != '+' && zone[0] != '-')
        return 0;
    return sign * (strtol(zone + 1, NULL, 10) * 3600 + strtol(zone + 4, NULL, 10) * 60);
}

/* text must be NUL-terminated. */
static bool moment_parse(const char *text, struct moment *out)
{
    struct tm tm = {0};
    const char *rest = strptime(text, "%Y-%m-%d", &tm);

    *out = (struct moment){.zone = "", .fraction = ""};
    if (rest == NULL)
        return false;
    if (*rest == 'T' || *rest == 't' || *rest == ' ') {
        rest = strptime(rest + 1, "%H:%M:%S", &tm);
        if (rest == NULL)
            return false;
        out->has_time = true;
        if (*rest == '.' || *rest == ',') {
            out->fraction = ++rest;
            out->n_fraction = strspn(rest, "0123456789");
            rest += out->n_fraction;
        }
    }
    out->zone = rest;
    out->offset = moment_offset(rest);
    out->seconds = (int64_t)timegm(&tm) - out->offset;
    return true;
}

static int fraction_compare(const struct moment *left, const struct moment *right)
{
    for (size_t i = 0; i < left->n_fraction || i < right->n_fraction; i++) {
        char a = i < left->n_fraction ? left->fraction[i] : '0';
        char b = i < right->n_fraction ? right->fraction[i] : '0';
        if (a != b)
            return a - b;
    }
    return 0;
}

static bool compare_instants(const struct tl_value *left, const struct tl_value *right,
                             int *out)
{
    char texts[2][96];
    struct moment a, b;

    if (left->size >= sizeof(texts[0]) || right->size >= sizeof(texts[1]))
        return false;
    memcpy(texts[0], left->as.text, left->size);
    memcpy(texts[1], right->as.text, right->size);
    texts[0][left->size] = '\0';
    texts[1][right->size] = '\0';
    if (!moment_parse(texts[0], &a) || !moment_parse(texts[1], &b))
        return false;
    *out = (a.seconds > b.seconds) - (a.seconds < b.seconds);
    if (*out == 0)
        *out = fraction_compare(&a, &b);
    return true;
}

static int compare_bytes(const struct tl_value *left, const struct tl_value *right)
{
    uint32_t common = left->size < right->size ? left->size : right->size;
    int order = common ? memcmp(left->as.text, right->as.text, common) : 0;
    return order != 0 ? order : (left->size > right->size) - (left->size < right->size);
}

bool cursor_compare(const struct tl_value *left, const struct tl_value *right, int *out)
{
    if (left->type == TL_TYPE_LONG && right->type == TL_TYPE_LONG) {
        *out = (left->as.integer > right->as.integer) - (left->as.integer < right->as.integer);
        return true;
    }
    if (is_number(left) && is_number(right))
        return compare_numbers(left, right, out);
    if (is_number(left) || is_number(right) || left->type == TL_TYPE_BOOLEAN ||
        right->type == TL_TYPE_BOOLEAN)
        return false;
    if (left->type == TL_TYPE_UTC_DATETIME && right->type == TL_TYPE_UTC_DATETIME)
        return compare_instants(left, right, out);
    *out = compare_bytes(left, right);
    return true;
}

struct tl_value cursor_value(const char *text, size_t size, const struct tl_value *like)
{
    if (is_number(like) && number_is_valid(text, (uint32_t)size))
        return types_number(text, (uint32_t)size);
    return tl_text(types_string(text, (uint32_t)size), text, size);
}

enum tl_status cursor_follow(struct cursor *cursor, const struct tl_value *value,
                             struct tl_error *err)
{
    bool is_text = types_is_text(value->type);
    int order = 1;

    if (value->type <= TL_TYPE_NULL)
        return TL_OK;
    if (value->type == TL_TYPE_JSON || value->type == TL_TYPE_BOOLEAN)
        return tl_fail(err, TL_DATA, "its cursor is %s, which has no order",
                       value->type == TL_TYPE_JSON ? "nested" : "a boolean");
    if (is_text && memchr(value->as.text, '\0', value->size) != NULL)
        return tl_fail(err, TL_DATA, "its cursor holds U+0000, which no command can take");
    if (cursor->value.type != TL_TYPE_NULL && !cursor_compare(value, &cursor->value, &order))
        return tl_fail(err, TL_DATA, "its cursor is %s, while others are %s",
                       tl_type_name(value->type), tl_type_name(cursor->value.type));
    if (order <= 0)
        return TL_OK;
    cursor->value = *value;
    if (is_text) {
        buf_reset(&cursor->text);
        buf_append(&cursor->text, value->as.text, value->size);
        cursor->value.as.text = buf_text(&cursor->text);
    }
    return buf_check(&cursor->text, "the cursor", err);
}

static bool overlap_seconds(const char *overlap, int64_t *out)
{
    char *unit;
    double amount = strtod(overlap, &unit);

    if (unit == overlap || !(amount >= 0 && amount <= OVERLAP_MAX))
        return false;
    if (strcmp(unit, "d") == 0)
        amount *= 86400;
    else if (strcmp(unit, "h") == 0)
        amount *= 3600;
    else if (strcmp(unit, "m") == 0)
        amount *= 60;
    else if (*unit != '\0' && strcmp(unit, "s") != 0)
        return false;
    if (amount > OVERLAP_MAX)
        return false;
    *out =
        (int64_t)amount + (amount > (double)(int64_t)amount); /* rather too far than too near */
    return true;
}

bool cursor_overlap_is_valid(const char *overlap)
{
    int64_t seconds;
    return overlap_seconds(overlap, &seconds);
}

static void moment_print(const struct moment *moment, const char *text, struct buf *out)
{
    time_t local = (time_t)(moment->seconds + moment->offset);
    struct tm tm;
    char date[64];

    if (local < YEAR_ONE)
        local = YEAR_ONE;
    gmtime_r(&local, &tm);
    snprintf(date, sizeof(date), "%04d-%02d-%02d", tm.tm_year + 1900, tm.tm_mon + 1,
             tm.tm_mday);
    buf_append_string(out, date);
    if (moment->has_time) {
        buf_append_char(out, text[10]);
        strftime(date, sizeof(date), "%H:%M:%S", &tm);
        buf_append_string(out, date);
        if (moment->n_fraction > 0) {
            buf_append_char(out, '.');
            buf_append(out, moment->fraction, moment->n_fraction);
        }
    }
    buf_append_string(out, moment->zone);
}

/* What a double cannot count exactly it rounds, and then rather too far than too near. */
static void number_step_back(struct tl_value number, const char *text, double amount,
                             struct buf *out)
{
    char real[TYPES_REAL_SIZE];
    double stepped = strtod(text, NULL) - amount;
    int64_t integer;

    if (number.type == TL_TYPE_LONG && amount == (double)(int64_t)amount &&
        !__builtin_sub_overflow(number.as.integer, (int64_t)amount, &integer)) {
        buf_printf(out, "%" PRId64, integer);
        return;
    }
    if (number.type != TL_TYPE_DOUBLE)
        stepped = nextafter(stepped, -INFINITY);
    buf_append(out, real, (size_t)types_real_text(stepped, real));
}

enum tl_status cursor_step_back(const char *text, const char *overlap, struct buf *out,
                                struct tl_error *err)
{
    uint32_t size = (uint32_t)strlen(text);
    enum tl_type time_type = types_string(text, size);
    struct moment moment;
    int64_t seconds;
    char *end;

    if (time_type != TL_TYPE_STRING && overlap_seconds(overlap, &seconds) &&
        moment_parse(text, &moment)) {
        if (!moment.has_time)
            seconds = (seconds + 86399) / 86400 * 86400;
        moment.seconds -= seconds;
        moment_print(&moment, text, out);
        return TL_OK;
    }
    double amount = strtod(overlap, &end);
    if (*end != '\0' || end == overlap || !(amount >= 0 && amount <= OVERLAP_MAX) ||
        !number_is_valid(text, size))
        return tl_fail(err, TL_CONFIGURATION,
                       "cursor_overlap \"%s\" does not fit the cursor \"%s\": numbers take a "
                       "number, times a duration such as 15m",
                       overlap, text);
    number_step_back(types_number(text, size), text, amount, out);
    return TL_OK;
}
