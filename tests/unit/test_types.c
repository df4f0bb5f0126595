/* Types: numbers and dates recognised, the lattice, the forms of values in columns, coercion.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "rows_text.h"
#include "base/base64.h"
#include "rows/number.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static void assert_value(const struct tl_value *value, const char *expected)
{
    struct buf text = BUF_INIT(1 << 20);
    rows_text_value(&text, value);
    assert_string_equal(buf_text(&text), expected);
    buf_free(&text);
}

static void test_names(void **state)
{
    (void)state;
    for (int type = 0; type < TL_TYPE_COUNT; type++)
        assert_int_equal(tl_type_from_name(tl_type_name((enum tl_type)type)), type);
    assert_int_equal(tl_type_from_name("utc_DateTime"), TL_TYPE_UTC_DATETIME);
    assert_int_equal(tl_type_from_name("NUMBER"), TL_TYPE_COUNT);
    assert_int_equal(tl_type_from_name(""), TL_TYPE_COUNT);
}

static void test_number(void **state)
{
    static const struct {
        const char *text, *value;
    } cases[] = {
        {"0", "LONG:0"},
        {"-0", "LONG:0"},
        {"9223372036854775807", "LONG:9223372036854775807"},
        {"9223372036854775808", "DECIMAL:9223372036854775808"},
        {"-9223372036854775808", "LONG:-9223372036854775808"},
        {"-9223372036854775809", "DECIMAL:-9223372036854775809"},
        {"18446744073709551616", "DECIMAL:18446744073709551616"},
        {"1.0", "DOUBLE:1"},
        {"-0.0", "DOUBLE:0"},
        {"0e99999999999999999999", "DOUBLE:0"},
        {"1e2", "DOUBLE:100"},
        {"1.50", "DOUBLE:1.5"},
        {"0.1", "DOUBLE:0.1"},
        {"-0.1", "DOUBLE:-0.1"},
        {"123456789012345e22", "DOUBLE:1.23456789012345e+36"},
        {"0.30000000000000004", "DOUBLE:0.30000000000000004"},
        {"0.3000000000000000400000", "DOUBLE:0.30000000000000004"},
        {"0.30000000000000001", "DECIMAL:0.30000000000000001"},
        {"0.299999999999999988897769753748", "DECIMAL:0.299999999999999988897769753748"},
        {"51.50735092163086", "DOUBLE:51.50735092163086"},
        {"9007199254740993.0", "DECIMAL:9007199254740993.0"},
        {"9007199254740992.0", "DOUBLE:9007199254740992"},
        {"3.14159265358979323846", "DECIMAL:3.14159265358979323846"},
        {"1.7976931348623157e308", "DOUBLE:1.7976931348623157e+308"},
        {"1e308", "DOUBLE:1e+308"},
        {"1e309", "DECIMAL:1e309"},
        {"5e-324", "DOUBLE:5e-324"},
        {"4.9e-324", "DECIMAL:4.9e-324"},
        {"2e-324", "DECIMAL:2e-324"},
        {"1e400", "DECIMAL:1e400"},
        {"1e-400", "DECIMAL:1e-400"},
        {"1e99999999999999999999", "DECIMAL:1e99999999999999999999"},
        {"1e23", "DOUBLE:1e+23"},
        {"8.5e-23", "DOUBLE:8.5e-23"},
        {"100000000000000000000000.0", "DOUBLE:1e+23"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tl_value value = types_number(cases[i].text, (uint32_t)strlen(cases[i].text));
        assert_value(&value, cases[i].value);
    }
}

/* Every double's own text is that double again; texts of more digits are only DOUBLE if the
 * double prints the same digits. */
static void test_number_random(void **state)
{
    uint64_t seed = 42;
    (void)state;
    for (int i = 0; i < 100000; i++) {
        char text[64], back[TYPES_REAL_SIZE];
        struct tl_value value;
        double real;
        seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
        memcpy(&real, &(uint64_t){seed ^ seed >> 29}, sizeof(real));
        if (!isfinite(real) || real == 0)
            continue;
        snprintf(text, sizeof(text), "%.17e", real);
        value = types_number(text, (uint32_t)strlen(text));
        if (value.type == TL_TYPE_DOUBLE)
            assert_true(value.as.real == real);
        types_real_text(real, back);
        assert_true(strtod(back, NULL) == real);
        if (strpbrk(back, ".e") == NULL)
            continue;
        value = types_number(back, (uint32_t)strlen(back));
        assert_int_equal(value.type, TL_TYPE_DOUBLE);
        assert_true(value.as.real == real);
    }
}

static void test_number_locale(void **state)
{
    char text[TYPES_REAL_SIZE];
    struct tl_value value;
    (void)state;
    /* Where a comma is the decimal point; a machine without that locale tests nothing here. */
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "fr_FR.UTF-8") == NULL)
        skip();
    value = types_number("0.30000000000000004", 19);
    types_real_text(0.5, text);
    setlocale(LC_ALL, "C");
    assert_int_equal(value.type, TL_TYPE_DOUBLE);
    assert_true(value.as.real == 0.30000000000000004);
    assert_string_equal(text, "0.5");
}

static void test_real_text(void **state)
{
    char text[TYPES_REAL_SIZE];
    (void)state;
    types_real_text(0, text);
    assert_string_equal(text, "0");
    types_real_text(-0.0, text);
    assert_string_equal(text, "0");
    assert_int_equal(types_real_text(-3, text), 2);
    types_real_text(9007199254740992.0, text);
    assert_string_equal(text, "9007199254740992");
    types_real_text(0x1p60, text);
    assert_string_equal(text, "1.152921504606847e+18");
    types_real_text(DBL_MIN, text);
    assert_string_equal(text, "2.2250738585072014e-308");
    types_real_text(0x1p-1074, text);
    assert_string_equal(text, "5e-324");
}

static void test_string(void **state)
{
    static const struct {
        const char *text;
        enum tl_type type;
    } cases[] = {
        {"", TL_TYPE_STRING},
        {"2024-02-29", TL_TYPE_NAIVE_DATE},
        {"2023-02-29", TL_TYPE_STRING},
        {"1900-02-29", TL_TYPE_STRING},
        {"2000-02-29", TL_TYPE_NAIVE_DATE},
        {"0000-01-01", TL_TYPE_STRING},
        {"0001-01-01", TL_TYPE_NAIVE_DATE},
        {"9999-12-31", TL_TYPE_NAIVE_DATE},
        {"2024-13-01", TL_TYPE_STRING},
        {"2024-00-01", TL_TYPE_STRING},
        {"2024-04-31", TL_TYPE_STRING},
        {"2024-04-00", TL_TYPE_STRING},
        {"2024-4-1", TL_TYPE_STRING},
        {"20240401", TL_TYPE_STRING},
        {"2024-04-01 ", TL_TYPE_STRING},
        {" 2024-04-01", TL_TYPE_STRING},
        {"2024-04-01T", TL_TYPE_STRING},
        {"2024-04-01T10:20", TL_TYPE_STRING},
        {"2024-04-01T10:20:30", TL_TYPE_NAIVE_DATETIME},
        {"2024-04-01 10:20:30", TL_TYPE_NAIVE_DATETIME},
        {"2024-04-01t10:20:30", TL_TYPE_STRING},
        {"2024-04-01T24:00:00", TL_TYPE_STRING},
        {"2024-04-01T10:60:00", TL_TYPE_STRING},
        {"2016-12-31T23:59:60Z", TL_TYPE_STRING},
        {"2024-04-01T10:20:30.", TL_TYPE_STRING},
        {"2024-04-01T10:20:30.1", TL_TYPE_NAIVE_DATETIME},
        {"2024-04-01T10:20:30,1", TL_TYPE_STRING},
        {"2024-04-01T10:20:30.123456789012345678901234567890", TL_TYPE_NAIVE_DATETIME},
        {"2024-04-01T10:20:30Z", TL_TYPE_UTC_DATETIME},
        {"2024-04-01T10:20:30z", TL_TYPE_STRING},
        {"2024-04-01 10:20:30.5Z", TL_TYPE_UTC_DATETIME},
        {"2024-04-01T10:20:30+02:00", TL_TYPE_UTC_DATETIME},
        {"2024-04-01T10:20:30.1-23:59", TL_TYPE_UTC_DATETIME},
        {"2024-04-01T10:20:30+24:00", TL_TYPE_STRING},
        {"2024-04-01T10:20:30+02", TL_TYPE_STRING},
        {"2024-04-01T10:20:30+0200", TL_TYPE_STRING},
        {"2024-04-01T10:20:30+02:000", TL_TYPE_STRING},
        {"2024-04-01T10:20:30ZZ", TL_TYPE_STRING},
        {"2024-04-01T1a:20:30", TL_TYPE_STRING},
        {"202x-04-01", TL_TYPE_STRING},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        size_t size = strlen(cases[i].text);
        /* An exact copy, so that a sanitizer sees what reads beyond it. */
        char *text = malloc(size + (size == 0));
        memcpy(text, cases[i].text, size);
        if (types_string(text, (uint32_t)size) != cases[i].type)
            fail_msg("%s", cases[i].text);
        free(text);
    }
}

static void test_lattice(void **state)
{
    enum {
        B = 1 << TL_TYPE_BOOLEAN,
        L = 1 << TL_TYPE_LONG,
        D = 1 << TL_TYPE_DOUBLE,
        N = 1 << TL_TYPE_DECIMAL,
        T = 1 << TL_TYPE_NAIVE_DATE,
        U = 1 << TL_TYPE_UTC_DATETIME,
        S = 1 << TL_TYPE_STRING,
        J = 1 << TL_TYPE_JSON,
        Y = 1 << TL_TYPE_BINARY,
        I = 1 << TL_TYPE_INT,
        W = OBSERVED_WIDE,
        X = OBSERVED_DECLARED
    };
    static const struct {
        type_observed observed;
        enum tl_type type;
    } cases[] = {
        {0, TL_TYPE_NULL},
        {B, TL_TYPE_BOOLEAN},
        {L, TL_TYPE_LONG},
        {L | W, TL_TYPE_LONG},
        {D, TL_TYPE_DOUBLE},
        {L | D, TL_TYPE_DOUBLE},
        {L | W | D, TL_TYPE_DECIMAL},
        {L | N, TL_TYPE_DECIMAL},
        {D | N, TL_TYPE_DECIMAL},
        {N, TL_TYPE_DECIMAL},
        {T, TL_TYPE_NAIVE_DATE},
        {T | U, TL_TYPE_STRING},
        {T | S, TL_TYPE_STRING},
        {B | L, TL_TYPE_STRING},
        {L | S, TL_TYPE_STRING},
        {L | T, TL_TYPE_STRING},
        {J, TL_TYPE_JSON},
        {J | L, TL_TYPE_JSON},
        {J | S | B, TL_TYPE_JSON},
        {Y, TL_TYPE_BINARY},
        {Y | S, TL_TYPE_STRING},
        {X | I, TL_TYPE_INT},
        {X | S, TL_TYPE_STRING},
        {X | U, TL_TYPE_UTC_DATETIME},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(types_of(cases[i].observed), cases[i].type);
}

/* Values of every kind that inference knows. */
static const struct tl_value *samples(size_t *count)
{
    static struct tl_value values[32];
    size_t n = 0;

    values[n++] = tl_null();
    values[n++] = tl_boolean(true);
    values[n++] = tl_boolean(false);
    values[n++] = tl_long(0);
    values[n++] = tl_long(-7);
    values[n++] = tl_long((int64_t)1 << 53);
    values[n++] = tl_long(((int64_t)1 << 53) + 1);
    values[n++] = tl_long(INT64_MIN);
    values[n++] = tl_double(1.0);
    values[n++] = tl_double(-0.5);
    values[n++] = tl_double(1e300);
    values[n++] = tl_double(1e17);
    values[n++] = tl_text(TL_TYPE_DECIMAL, "1e400", 5);
    values[n++] = tl_text(TL_TYPE_DECIMAL, "12345678901234567890", 20);
    values[n++] = tl_text(TL_TYPE_NAIVE_DATE, "2024-02-29", 10);
    values[n++] = tl_text(TL_TYPE_NAIVE_DATETIME, "2024-02-29T10:00:00", 19);
    values[n++] = tl_text(TL_TYPE_UTC_DATETIME, "2024-02-29T10:00:00Z", 20);
    values[n++] = tl_string("");
    values[n++] = tl_string("007");
    values[n++] = tl_string("true");
    values[n++] = tl_string("{\"not\":\"nested\"}");
    values[n++] = tl_text(TL_TYPE_STRING, "a\0\"\\\n\xc3\xa9", 7);
    values[n++] = tl_text(TL_TYPE_JSON, "{\"a\":1}", 7);
    values[n++] = tl_text(TL_TYPE_JSON, "[]", 2);
    values[n++] = tl_text(TL_TYPE_BINARY, "\0\1\2\3", 4);
    *count = n;
    return values;
}

static void assert_same(const struct tl_value *left, const struct tl_value *right)
{
    struct buf texts[2] = {BUF_INIT(1 << 20), BUF_INIT(1 << 20)};
    rows_text_value(&texts[0], left);
    rows_text_value(&texts[1], right);
    assert_string_equal(buf_text(&texts[0]), buf_text(&texts[1]));
    buf_free(&texts[0]);
    buf_free(&texts[1]);
}

/* A value as SQLite gives it back: integers, reals, text. */
static struct tl_value as_stored(const struct tl_value *value)
{
    struct tl_value stored = *value;
    if (value->type == TL_TYPE_BOOLEAN)
        stored = tl_long(value->as.boolean);
    else if (value->type > TL_TYPE_BOOLEAN && value->type != TL_TYPE_LONG &&
             value->type != TL_TYPE_DOUBLE && value->type != TL_TYPE_BINARY)
        stored.type = TL_TYPE_STRING;
    return stored;
}

/* Fitting in steps, also through storage, gives what fitting at once gives, of the column's
 * type. */
static void test_fit_in_steps(void **state)
{
    static const enum tl_type kinds[] = {
        TL_TYPE_BOOLEAN,    TL_TYPE_LONG,           TL_TYPE_DOUBLE,       TL_TYPE_DECIMAL,
        TL_TYPE_NAIVE_DATE, TL_TYPE_NAIVE_DATETIME, TL_TYPE_UTC_DATETIME, TL_TYPE_STRING,
        TL_TYPE_JSON,       TL_TYPE_BINARY,
    };
    size_t n_values;
    const struct tl_value *values = samples(&n_values);
    struct buf scratch[4] = {BUF_INIT(1 << 20), BUF_INIT(1 << 20), BUF_INIT(1 << 20),
                             BUF_INIT(1 << 20)};
    uint32_t seed = 7;
    (void)state;
    for (int i = 0; i < 200000; i++) {
        const struct tl_value *value = &values[(seed >> 8) % n_values];
        type_observed before = types_observe(value), after;
        struct tl_value once, step, twice, stored, refit;
        seed = seed * 1664525 + 1013904223;
        if (seed >> 31)
            before |= OBSERVED(kinds[(seed >> 10) % COUNT(kinds)]);
        if (seed >> 30 & 1)
            before |= OBSERVED(TL_TYPE_LONG) | OBSERVED_WIDE;
        seed = seed * 1664525 + 1013904223;
        after = before | OBSERVED(kinds[(seed >> 10) % COUNT(kinds)]);
        if (seed >> 31)
            after |= OBSERVED(kinds[(seed >> 20) % COUNT(kinds)]);
        if (seed >> 30 & 1)
            after |= OBSERVED(TL_TYPE_LONG) | OBSERVED_WIDE;
        once = types_fit(value, after, &scratch[0]);
        step = types_fit(value, before, &scratch[1]);
        twice = types_fit(&step, after, &scratch[2]);
        assert_same(&twice, &once);
        stored = as_stored(&step);
        refit = types_refit(&stored, before, after, &scratch[3]);
        assert_same(&refit, &once);
        if (value->type != TL_TYPE_NULL)
            assert_int_equal(once.type, types_of(after));
    }
    for (size_t i = 0; i < COUNT(scratch); i++)
        buf_free(&scratch[i]);
}

static void test_fit(void **state)
{
    static const type_observed B = OBSERVED(TL_TYPE_BOOLEAN), L = OBSERVED(TL_TYPE_LONG),
                               D = OBSERVED(TL_TYPE_DOUBLE), S = OBSERVED(TL_TYPE_STRING),
                               J = OBSERVED(TL_TYPE_JSON), N = OBSERVED(TL_TYPE_DECIMAL),
                               T = OBSERVED(TL_TYPE_NAIVE_DATE), W = OBSERVED_WIDE;
    struct tl_value date = tl_text(TL_TYPE_NAIVE_DATE, "2024-02-29", 10);
    struct {
        struct tl_value value;
        type_observed observed;
        const char *fitted;
    } cases[] = {
        {tl_long(5), L | D, "DOUBLE:5"},
        {tl_long(5), L | W | D, "DECIMAL:5"},
        {tl_double(0.5), D | L | W, "DECIMAL:0.5"},
        {tl_double(1.0), D | N, "DECIMAL:1"},
        {tl_long(5), L | S, "STRING:5"},
        {tl_boolean(true), B | S, "STRING:true"},
        {tl_boolean(true), B | J, "JSON:true"},
        {tl_boolean(true), B | J | L, "JSON:\"true\""},
        {tl_double(1.5), D | J, "JSON:1.5"},
        {tl_long(5), L | J | S, "JSON:\"5\""},
        {tl_string("a\"b"), S | J, "JSON:\"a\\\"b\""},
        {date, T | J, "JSON:\"2024-02-29\""},
        {tl_text(TL_TYPE_JSON, "[1]", 3), S | J | L, "JSON:[1]"},
        {tl_null(), S | J, "NULL"},
        {tl_text(TL_TYPE_JSON, "7", 1), J | OBSERVED_DECLARED, "JSON:7"},
        {tl_text(TL_TYPE_BINARY, "\xff\x01", 2), OBSERVED(TL_TYPE_BINARY) | S, "STRING:/wE="},
    };
    struct buf scratch = BUF_INIT(1 << 20);
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tl_value fitted = types_fit(&cases[i].value, cases[i].observed, &scratch);
        assert_value(&fitted, cases[i].fitted);
    }
    buf_free(&scratch);
}

static void test_fit_out_of_memory(void **state)
{
    struct buf scratch = BUF_INIT(8);
    struct tl_value text = tl_string("longer than eight bytes");
    (void)state;
    types_fit(&text, OBSERVED(TL_TYPE_STRING) | OBSERVED(TL_TYPE_JSON), &scratch);
    assert_true(scratch.failed);
    assert_false(types_coerce(&text, TL_TYPE_JSON, &scratch));
    assert_value(&text, "STRING:longer than eight bytes");
    buf_free(&scratch);
}

struct coercion {
    struct tl_value value;
    enum tl_type declared;
    const char *result; /* NULL: refused */
};

static void check_coercions(const struct coercion *cases, size_t count)
{
    struct buf scratch = BUF_INIT(1 << 20);

    for (size_t i = 0; i < count; i++) {
        struct tl_value value = cases[i].value;
        bool coerced = types_coerce(&value, cases[i].declared, &scratch);
        if (coerced != (cases[i].result != NULL))
            fail_msg("case %zu", i);
        if (coerced)
            assert_value(&value, cases[i].result);
        else
            assert_same(&value, &cases[i].value);
    }
    buf_free(&scratch);
}

static void test_coerce_numbers(void **state)
{
    const struct coercion cases[] = {
        {tl_long(1), TL_TYPE_BOOLEAN, "BOOLEAN:true"},
        {tl_double(0.0), TL_TYPE_BOOLEAN, "BOOLEAN:false"},
        {tl_long(2), TL_TYPE_BOOLEAN, NULL},
        {tl_string("1"), TL_TYPE_BOOLEAN, "BOOLEAN:true"},
        {tl_string("False"), TL_TYPE_BOOLEAN, "BOOLEAN:false"},
        {tl_string("yes"), TL_TYPE_BOOLEAN, NULL},
        {tl_string(""), TL_TYPE_BOOLEAN, NULL},
        {tl_long(32767), TL_TYPE_SHORT, "SHORT:32767"},
        {tl_long(32768), TL_TYPE_SHORT, NULL},
        {tl_long(-32768), TL_TYPE_SHORT, "SHORT:-32768"},
        {tl_long(-32769), TL_TYPE_SHORT, NULL},
        {tl_long(2147483648), TL_TYPE_INT, NULL},
        {tl_double(3.0), TL_TYPE_INT, "INT:3"},
        {tl_double(1.5), TL_TYPE_INT, NULL},
        {tl_double(1e19), TL_TYPE_LONG, NULL},
        {tl_string("7"), TL_TYPE_LONG, "LONG:7"},
        {tl_string("007"), TL_TYPE_LONG, NULL},
        {tl_string("7.5"), TL_TYPE_LONG, NULL},
        {tl_string("seven"), TL_TYPE_LONG, NULL},
        {tl_boolean(true), TL_TYPE_LONG, NULL},
        {tl_text(TL_TYPE_DECIMAL, "9223372036854775808", 19), TL_TYPE_LONG, NULL},
        {tl_long(7), TL_TYPE_DOUBLE, "DOUBLE:7"},
        {tl_long(9007199254740993), TL_TYPE_DOUBLE, NULL},
        {tl_long(INT64_MAX), TL_TYPE_DOUBLE, NULL},
        {tl_string("2.5"), TL_TYPE_DOUBLE, "DOUBLE:2.5"},
        {tl_text(TL_TYPE_DECIMAL, "1e400", 5), TL_TYPE_DOUBLE, NULL},
        {tl_double(0.1), TL_TYPE_FLOAT, "FLOAT:0.1"},
        {tl_double(0.123456789), TL_TYPE_FLOAT, NULL},
        {tl_double(51.50735092163086), TL_TYPE_FLOAT, "FLOAT:51.50735092163086"},
        {tl_double(1e39), TL_TYPE_FLOAT, NULL},
        {tl_double(3.4028235e38), TL_TYPE_FLOAT, "FLOAT:3.4028235e+38"},
        {tl_double(-3.4028236e38), TL_TYPE_FLOAT, NULL},
        {tl_double(1e-45), TL_TYPE_FLOAT, "FLOAT:1e-45"},
        {tl_double(1e-46), TL_TYPE_FLOAT, NULL},
        {tl_long(16777217), TL_TYPE_FLOAT, NULL},
        {tl_long(7), TL_TYPE_DECIMAL, "DECIMAL:7"},
        {tl_double(1.5), TL_TYPE_DECIMAL, "DECIMAL:1.5"},
        {tl_string("1.50"), TL_TYPE_DECIMAL, "DECIMAL:1.50"},
        {tl_string("1,50"), TL_TYPE_DECIMAL, NULL},
        {tl_boolean(true), TL_TYPE_DECIMAL, NULL},
    };
    (void)state;
    check_coercions(cases, COUNT(cases));
}

static void test_coerce_text(void **state)
{
    const struct coercion cases[] = {
        {tl_string("2024-02-29"), TL_TYPE_NAIVE_DATE, "NAIVE_DATE:2024-02-29"},
        {tl_string("29.02.2024"), TL_TYPE_NAIVE_DATE, NULL},
        {tl_text(TL_TYPE_NAIVE_DATE, "2024-02-29", 10), TL_TYPE_UTC_DATETIME, NULL},
        {tl_long(20240229), TL_TYPE_NAIVE_DATE, NULL},
        {tl_text(TL_TYPE_NAIVE_DATE, "2024-02-29", 10), TL_TYPE_STRING, "STRING:2024-02-29"},
        {tl_long(7), TL_TYPE_STRING, "STRING:7"},
        {tl_boolean(false), TL_TYPE_STRING, "STRING:false"},
        {tl_text(TL_TYPE_JSON, "[1]", 3), TL_TYPE_STRING, "STRING:[1]"},
        {tl_text(TL_TYPE_JSON, "[1]", 3), TL_TYPE_LONG, NULL},
        {tl_long(7), TL_TYPE_JSON, "JSON:7"},
        {tl_boolean(true), TL_TYPE_JSON, "JSON:true"},
        {tl_string("a"), TL_TYPE_JSON, "JSON:\"a\""},
        {tl_string("YWI="), TL_TYPE_BINARY, "BINARY:ab"},
        {tl_string("YWI"), TL_TYPE_BINARY, NULL},
        {tl_string("YWJ="), TL_TYPE_BINARY, NULL},
        {tl_string("a=bc"), TL_TYPE_BINARY, NULL},
        {tl_string(""), TL_TYPE_BINARY, "BINARY:"},
        {tl_string("<a/>"), TL_TYPE_XML, "XML:<a/>"},
        {tl_long(7), TL_TYPE_XML, NULL},
        {tl_null(), TL_TYPE_INT, "NULL"},
    };
    (void)state;
    check_coercions(cases, COUNT(cases));
}

#define DECLARED(name) (OBSERVED(TL_TYPE_##name) | OBSERVED_DECLARED)
#define SHOWN(name)    OBSERVED(TL_TYPE_##name)

static void test_redeclared(void **state)
{
    static const struct {
        type_observed before;
        enum tl_type declared;
        bool can;
    } cases[] = {
        {0, TL_TYPE_SHORT, true},
        {DECLARED(SHORT), TL_TYPE_SHORT, true},
        {DECLARED(SHORT), TL_TYPE_LONG, true},
        {DECLARED(LONG), TL_TYPE_INT, false},
        {DECLARED(INT), TL_TYPE_DOUBLE, true},
        {DECLARED(LONG), TL_TYPE_DOUBLE, false},
        {SHOWN(LONG), TL_TYPE_DOUBLE, true},
        {SHOWN(LONG) | OBSERVED_WIDE, TL_TYPE_DOUBLE, false},
        {SHOWN(LONG) | SHOWN(DOUBLE), TL_TYPE_DOUBLE, true},
        {DECLARED(SHORT), TL_TYPE_FLOAT, false},
        {DECLARED(FLOAT), TL_TYPE_DOUBLE, true},
        {DECLARED(DOUBLE), TL_TYPE_FLOAT, false},
        {DECLARED(DOUBLE), TL_TYPE_DECIMAL, true},
        {DECLARED(DECIMAL), TL_TYPE_DOUBLE, false},
        {SHOWN(BOOLEAN), TL_TYPE_LONG, false},
        {DECLARED(BOOLEAN), TL_TYPE_STRING, true},
        {SHOWN(NAIVE_DATE), TL_TYPE_UTC_DATETIME, false},
        {SHOWN(JSON), TL_TYPE_STRING, true},
        {DECLARED(STRING), TL_TYPE_JSON, true},
        {SHOWN(STRING), TL_TYPE_XML, false},
        {DECLARED(BINARY), TL_TYPE_STRING, true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (types_can_become(cases[i].before, cases[i].declared) != cases[i].can)
            fail_msg("case %zu: %s", i, tl_type_name(cases[i].declared));
}

static void test_base64(void **state)
{
    (void)state;
    for (size_t size = 0; size < 70; size++) {
        struct buf text = BUF_INIT(1024), back = BUF_INIT(1024);
        char bytes[70];
        for (size_t i = 0; i < size; i++)
            bytes[i] = (char)(i * 37 + size * 11);
        base64_encode(&text, bytes, size);
        assert_true(base64_decode(&back, buf_text(&text), text.size));
        assert_int_equal(back.size, size);
        if (size > 0)
            assert_memory_equal(back.data, bytes, size);
        buf_free(&text);
        buf_free(&back);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),          cmocka_unit_test(test_number),
        cmocka_unit_test(test_number_random),  cmocka_unit_test(test_number_locale),
        cmocka_unit_test(test_real_text),      cmocka_unit_test(test_string),
        cmocka_unit_test(test_lattice),        cmocka_unit_test(test_fit),
        cmocka_unit_test(test_fit_in_steps),   cmocka_unit_test(test_fit_out_of_memory),
        cmocka_unit_test(test_coerce_numbers), cmocka_unit_test(test_coerce_text),
        cmocka_unit_test(test_redeclared),     cmocka_unit_test(test_base64),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
