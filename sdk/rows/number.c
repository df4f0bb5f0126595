/* Decimal numbers: read once, kept as integer, double or text, whichever is exact. */
#include "rows/number.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rows/types.h"

/* Beyond this an exponent is only known to be huge; sums with a text's length do not overflow.
 */
#define EXPONENT_LIMIT ((int64_t)1 << 50)

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Adds the digits at text to the mantissa. */
static const char *read_digits(const char *text, const char *end, struct number *number)
{
    const char *at = text;
    uint64_t mantissa = number->mantissa;

    for (; at < end && is_digit(*at); at++)
        mantissa = mantissa * 10 + (uint64_t)(*at - '0');
    number->mantissa = mantissa;
    number->digits += (uint64_t)(at - text);
    return at;
}

/* Reads what follows 'e'. */
static const char *read_exponent(const char *at, const char *end, struct number *number,
                                 const char **bad)
{
    int64_t exponent = 0;
    bool negative = false;

    if (at < end && (*at == '-' || *at == '+'))
        negative = *at++ == '-';
    *bad = at;
    if (at == end || !is_digit(*at))
        return NULL;
    for (; at < end && is_digit(*at); at++)
        if (exponent < EXPONENT_LIMIT)
            exponent = exponent * 10 + (*at - '0');
    number->exponent += negative ? -exponent : exponent;
    return at;
}

const char *number_read(const char *text, const char *end, struct number *number,
                        const char **bad)
{
    const char *at = text;
    const char *from;

    *number = (struct number){.integer = true};
    if (at < end && *at == '-') {
        number->negative = true;
        at++;
    }
    from = at;
    at = read_digits(at, end, number);
    *bad = at;
    if (at == from)
        return NULL;
    *bad = from + 1;
    if (*from == '0' && at > from + 1)
        return NULL;
    if (at < end && *at == '.') {
        from = ++at;
        at = read_digits(at, end, number);
        *bad = at;
        if (at == from)
            return NULL;
        number->integer = false;
        number->exponent = -(int64_t)(at - from);
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        number->integer = false;
        at = read_exponent(at + 1, end, number, bad);
    }
    return at;
}

bool number_is_valid(const char *text, uint32_t size)
{
    struct number number;
    const char *bad;
    return number_read(text, text + size, &number, &bad) == text + size;
}

static int64_t positive(int64_t count)
{
    return count > 0 ? count : 0;
}

struct number_places number_written_places(const char *text, uint32_t size)
{
    struct number number;
    const char *bad;

    (void)number_read(text, text + size, &number, &bad);
    return (struct number_places){.whole = positive((int64_t)number.digits + number.exponent),
                                  .fraction = positive(-number.exponent)};
}

/* How many zeros the digits at text begin with, going by step; all of them where only zeros
 * stand there. */
static int64_t count_zeros(const char *text, int64_t size, int64_t step)
{
    int64_t zeros = 0;

    for (; size > 0 && (*text == '0' || !is_digit(*text)); size--, text += step)
        zeros += *text == '0';
    return zeros;
}

struct number_places number_needed_places(const char *text, uint32_t size)
{
    int64_t mantissa_size = 0, leading, trailing;
    struct number number;
    const char *bad;

    (void)number_read(text, text + size, &number, &bad);
    while (mantissa_size < size && text[mantissa_size] != 'e' && text[mantissa_size] != 'E')
        mantissa_size++;
    leading = count_zeros(text, mantissa_size, 1);
    trailing = count_zeros(text + mantissa_size - 1, mantissa_size, -1);
    if (leading == (int64_t)number.digits)
        return (struct number_places){0};
    return (struct number_places){
        .whole = positive((int64_t)number.digits - leading + number.exponent),
        .fraction = positive(-number.exponent - trailing)};
}

/* The digits of a number without zeros at either end: two numbers are equal exactly if these
 * and the exponent are. */
struct significant {
    char digits[18];
    int count; /* 0 for zero, 18 for "more than a double can tell apart" */
    int64_t exponent;
};

static void significant_add(struct significant *significant, char digit, int64_t *zeros)
{
    if (digit == '0') {
        *zeros += significant->count > 0;
        return;
    }
    for (; *zeros > 0 && significant->count < 18; (*zeros)--)
        significant->digits[significant->count++] = '0';
    if (significant->count < 18)
        significant->digits[significant->count++] = digit;
}

static struct significant significant_read(const char *text, size_t size, int64_t exponent)
{
    struct significant significant = {.exponent = exponent};
    int64_t zeros = 0;

    for (size_t i = 0; i < size && text[i] != 'e' && text[i] != 'E' && significant.count < 18;
         i++)
        if (is_digit(text[i]))
            significant_add(&significant, text[i], &zeros);
    significant.exponent += zeros;
    return significant;
}

static bool significant_equal(const struct significant *left, const struct significant *right)
{
    return left->count == right->count && left->exponent == right->exponent &&
           memcmp(left->digits, right->digits, (size_t)left->count) == 0;
}

/* Enters the C locale, in which strtod and printf write a point; returns the one to go back to.
 */
static locale_t enter_c_locale(void)
{
    static locale_t c_locale;
    locale_t known = __atomic_load_n(&c_locale, __ATOMIC_ACQUIRE);

    if (known == (locale_t)0) {
        /* The C library keeps one object for "C": racing threads all store the same. */
        known = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        __atomic_store_n(&c_locale, known, __ATOMIC_RELEASE);
    }
    return uselocale(known);
}

/* The shortest text among those of the given precisions that reads back as real. */
static int shortest_text(double real, int precision, char out[TYPES_REAL_SIZE])
{
    locale_t before = enter_c_locale();
    int size;

    do {
        size = snprintf(out, TYPES_REAL_SIZE, "%.*g", precision, real);
    } while (strtod(out, NULL) != real && ++precision <= DBL_DECIMAL_DIG);
    uselocale(before);
    return size;
}

/* Writes digits with a point before the last n_decimals of them. */
static int decimal_text(int64_t digits, int n_decimals, bool negative, char *out)
{
    char reversed[TYPES_REAL_SIZE];
    int size = 0, length = 0;

    for (int i = 0; digits > 0 || i <= n_decimals; i++, digits /= 10) {
        if (i == n_decimals)
            reversed[size++] = '.';
        reversed[size++] = (char)('0' + digits % 10);
    }
    if (negative)
        out[length++] = '-';
    while (size > 0)
        out[length++] = reversed[--size];
    out[length] = '\0';
    return length;
}

/* Most fractions have few decimals: they are found by trying. Both operands of the division are
 * exact, so its result is the double nearest to that decimal; and up to 15 digits no other is
 * as short. 0 if there is none. */
static int short_decimal(double real, char *out)
{
    double size = fabs(real), power = 10;

    if (size < 1e-4 || size >= 1e9)
        return 0;
    for (int n_decimals = 1; n_decimals <= 6; n_decimals++, power *= 10) {
        int64_t digits = (int64_t)(size * power + 0.5);
        if ((double)digits / power == size)
            return decimal_text(digits, n_decimals, real < 0, out);
    }
    return 0;
}

int types_real_text(double real, char out[TYPES_REAL_SIZE])
{
    double size = fabs(real);
    int length;

    if (size <= (double)TYPES_DOUBLE_EXACT && (double)(int64_t)real == real)
        return snprintf(out, TYPES_REAL_SIZE, "%lld", (long long)real);
    length = short_decimal(real, out);
    if (length > 0)
        return length;
    /* A normal double holds every decimal of 15 digits; a subnormal one fewer. */
    return shortest_text(real, size < DBL_MIN ? 1 : DBL_DIG, out);
}

/* The double nearest to the number, if its own text has the same decimal value. */
static bool exact_double(const struct significant *number, bool negative, double *out)
{
    char text[TYPES_REAL_SIZE + 32];
    struct significant back;
    struct number parsed;
    const char *bad;
    locale_t before;
    int size;

    if (number->count > DBL_DECIMAL_DIG || number->exponent > 400 || number->exponent < -400)
        return false;
    snprintf(text, sizeof(text), "%s%.*se%d", negative ? "-" : "", number->count,
             number->digits, (int)number->exponent);
    before = enter_c_locale();
    *out = strtod(text, NULL);
    uselocale(before);
    if (isinf(*out) || *out == 0)
        return false;
    size = types_real_text(*out, text);
    if (number_read(text, text + size, &parsed, &bad) == NULL)
        return false;
    back = significant_read(text, (size_t)size, parsed.exponent);
    return significant_equal(number, &back);
}

/* Powers of ten that a double holds exactly. */
static const double exact_powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                      1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                      1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Up to 15 digits and 10^22 one correctly rounded operation on exact operands gives the nearest
 * double, and any decimal of 15 digits survives the way through it. */
static bool fast_double(const struct number *number, double *out)
{
    double mantissa = (double)number->mantissa;

    if (number->digits > 19 || number->mantissa > 999999999999999 || number->exponent > 22 ||
        number->exponent < -22)
        return false;
    if (number->exponent < 0)
        *out = mantissa / exact_powers[-number->exponent];
    else
        *out = mantissa * exact_powers[number->exponent];
    if (number->negative && number->mantissa != 0)
        *out = -*out;
    return true;
}

static struct tl_value integer_value(const struct number *number, const char *text,
                                     uint32_t size)
{
    uint64_t most = (uint64_t)INT64_MAX + number->negative;

    if (number->digits > 19 || number->mantissa > most)
        return tl_text(TL_TYPE_DECIMAL, text, size);
    return tl_long((int64_t)(number->negative ? 0 - number->mantissa : number->mantissa));
}

struct tl_value number_value(const struct number *number, const char *text, uint32_t size)
{
    struct significant significant;
    double real = 0;

    if (number->integer)
        return integer_value(number, text, size);
    if (fast_double(number, &real))
        return tl_double(real);
    significant = significant_read(text, size, number->exponent);
    if (significant.count == 0)
        return tl_double(0);
    if (exact_double(&significant, number->negative, &real))
        return tl_double(real);
    return tl_text(TL_TYPE_DECIMAL, text, size);
}

struct tl_value types_number(const char *text, uint32_t size)
{
    struct number number;
    const char *bad;

    if (number_read(text, text + size, &number, &bad) == NULL)
        return tl_text(TL_TYPE_DECIMAL, text, size);
    return number_value(&number, text, size);
}

bool number_fits_float(double real)
{
    char text[TYPES_REAL_SIZE];
    bool fits = false;
    locale_t before;

    /* From half a step beyond the largest float on, the nearest one is infinity. */
    if (!(fabs(real) < 0x1.ffffffp127))
        return false;
    if ((double)(float)real == real)
        return true;
    before = enter_c_locale();
    for (int precision = 1; precision <= FLT_DECIMAL_DIG && !fits; precision++) {
        snprintf(text, sizeof(text), "%.*g", precision, (double)(float)real);
        if (strtof(text, NULL) == (float)real) {
            fits = strtod(text, NULL) == real;
            break;
        }
    }
    uselocale(before);
    return fits;
}
