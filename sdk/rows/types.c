/* The lattice of column types, and the form that each value takes in a column. */
#include "rows/types.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/base64.h"
#include "towline/stream.h"

static const char *const type_names[TL_TYPE_COUNT] = {
#define X(name) #name,
    TL_TYPE_MAP(X)
#undef X
};

const char *tl_type_name(enum tl_type type)
{
    return (unsigned)type < TL_TYPE_COUNT ? type_names[type] : "?";
}

enum tl_type tl_type_from_name(const char *name)
{
    int type = 0;

    while (type < TL_TYPE_COUNT && !text_equal_ignoring_case(name, type_names[type]))
        type++;
    return (enum tl_type)type;
}

/* Reads a number of at most most, blanks around it and the byte that ends it. */
static const char *read_count(const char *text, uint32_t most, const char *ends, char *end,
                              uint32_t *out)
{
    const char *from = text += strspn(text, " ");

    for (*out = 0; *text >= '0' && *text <= '9'; text++) {
        *out = 10 * *out + (uint32_t)(*text - '0');
        if (*out > most)
            return NULL;
    }
    if (text == from)
        return NULL;
    text += strspn(text, " ");
    *end = *text;
    return *end != '\0' && strchr(ends, *end) != NULL ? text + 1 : NULL;
}

/* What stands in the parentheses of DECIMAL(10,2); without a scale it is 0. */
static bool read_precision(struct tl_column *column, const char *text)
{
    char end;

    text = read_count(text, TL_PRECISION_MAX, ",)", &end, &column->precision);
    if (text != NULL && end == ',')
        text = read_count(text, column->precision, ")", &end, &column->scale);
    return text != NULL && text[strspn(text, " ")] == '\0' && column->precision > 0;
}

bool tl_column_set_type(struct tl_column *column, const char *text)
{
    struct tl_column typed = {.name = column->name};
    size_t size = strcspn(text, " (");
    const char *rest = text + size + strspn(text + size, " ");
    char name[32] = "";

    if (size < sizeof(name))
        memcpy(name, text, size);
    typed.type = tl_type_from_name(name);
    if (typed.type == TL_TYPE_COUNT || typed.type <= TL_TYPE_NULL)
        return false;
    if (*rest != '\0' &&
        (typed.type != TL_TYPE_DECIMAL || *rest != '(' || !read_precision(&typed, rest + 1)))
        return false;
    *column = typed;
    return true;
}

#define INTEGERS  (OBSERVED(TL_TYPE_SHORT) | OBSERVED(TL_TYPE_INT) | OBSERVED(TL_TYPE_LONG))
#define REALS     (OBSERVED(TL_TYPE_FLOAT) | OBSERVED(TL_TYPE_DOUBLE))
#define NUMBERS   (INTEGERS | REALS | OBSERVED(TL_TYPE_DECIMAL))
#define ALL_TYPES (OBSERVED(TL_TYPE_COUNT) - 1)

static enum tl_type number_type(type_observed observed)
{
    bool wide = (observed & OBSERVED_WIDE) != 0;

    if ((observed & OBSERVED(TL_TYPE_DECIMAL)) || (wide && (observed & REALS)))
        return TL_TYPE_DECIMAL;
    return observed & REALS ? TL_TYPE_DOUBLE : TL_TYPE_LONG;
}

enum tl_type types_of(type_observed observed)
{
    type_observed types =
        observed & ALL_TYPES & ~(OBSERVED(TL_TYPE_ABSENT) | OBSERVED(TL_TYPE_NULL));
    bool one = types != 0 && (types & (types - 1)) == 0;

    if (types == 0)
        return TL_TYPE_NULL;
    if (one && (observed & OBSERVED_DECLARED))
        return (enum tl_type)__builtin_ctz(types);
    if (types & OBSERVED(TL_TYPE_JSON))
        return TL_TYPE_JSON;
    if ((types & ~NUMBERS) == 0)
        return number_type(observed);
    return one ? (enum tl_type)__builtin_ctz(types) : TL_TYPE_STRING;
}

static bool is_integer(enum tl_type type)
{
    return type == TL_TYPE_SHORT || type == TL_TYPE_INT || type == TL_TYPE_LONG;
}

static bool is_real(enum tl_type type)
{
    return type == TL_TYPE_FLOAT || type == TL_TYPE_DOUBLE;
}

type_observed types_undeclare(type_observed declared)
{
    enum tl_type type = types_of(declared);

    if (type == TL_TYPE_LONG)
        return OBSERVED(TL_TYPE_LONG) | OBSERVED_WIDE;
    if (is_integer(type))
        return OBSERVED(TL_TYPE_LONG);
    return OBSERVED(is_real(type) ? TL_TYPE_DOUBLE : type);
}

bool types_can_become(type_observed before, enum tl_type declared)
{
    type_observed shown = before & OBSERVED_DECLARED ? types_undeclare(before) : before;
    enum tl_type type = types_of(before);

    if (type == TL_TYPE_NULL || type == declared || declared == TL_TYPE_STRING)
        return true;
    if (is_integer(type) && is_integer(declared))
        return type < declared;
    return types_of(shown | OBSERVED(declared)) == declared;
}

/* The canonical text of a scalar: borrowed from value, or written to scratch. */
static struct tl_value as_text(const struct tl_value *value, enum tl_type type,
                               struct buf *scratch)
{
    char real[TYPES_REAL_SIZE];

    buf_reset(scratch);
    if (value->type == TL_TYPE_BOOLEAN)
        return value->as.boolean ? tl_text(type, "true", 4) : tl_text(type, "false", 5);
    if (is_integer(value->type))
        buf_printf(scratch, "%" PRId64, value->as.integer);
    else if (is_real(value->type))
        buf_append(scratch, real, (size_t)types_real_text(value->as.real, real));
    else if (value->type == TL_TYPE_BINARY)
        base64_encode(scratch, value->as.text, value->size);
    else
        return tl_text(type, value->as.text, value->size);
    return tl_text(type, buf_text(scratch), scratch->size);
}

/* A JSON string of the value's text. */
static struct tl_value as_json_string(const struct tl_value *value, struct buf *scratch)
{
    struct buf encoded = BUF_INIT(scratch->max_size);
    struct tl_value text = as_text(value, TL_TYPE_STRING, &encoded);

    buf_reset(scratch);
    text_append_json(scratch, text.as.text, text.size);
    scratch->failed |= encoded.failed;
    buf_free(&encoded);
    return tl_text(TL_TYPE_JSON, buf_text(scratch), scratch->size);
}

/* Scalars stay JSON scalars while all of them are numbers, or all of them true and false; once
 * they disagree, each is a JSON string of the text that it would have in a STRING column. */
static struct tl_value fit_json(const struct tl_value *value, type_observed observed,
                                struct buf *scratch)
{
    enum tl_type scalars = types_of(observed & ~OBSERVED(TL_TYPE_JSON));
    bool plain = scalars == TL_TYPE_NULL || scalars == TL_TYPE_BOOLEAN ||
                 scalars == TL_TYPE_DECIMAL || is_integer(scalars) || is_real(scalars);

    if (value->type == TL_TYPE_JSON &&
        (plain || value->size == 0 || strchr("{[\"", value->as.text[0]) != NULL))
        return *value;
    if (plain)
        return as_text(value, TL_TYPE_JSON, scratch);
    return as_json_string(value, scratch);
}

static struct tl_value fit_number(const struct tl_value *value, enum tl_type type,
                                  struct buf *scratch)
{
    struct tl_value fitted = *value;

    if (type == TL_TYPE_DECIMAL)
        return as_text(value, type, scratch);
    fitted.type = type;
    if (is_real(type) && is_integer(value->type))
        fitted.as.real = (double)value->as.integer;
    return fitted;
}

struct tl_value types_fit(const struct tl_value *value, type_observed observed,
                          struct buf *scratch)
{
    enum tl_type type = types_of(observed);

    buf_reset(scratch);
    if (value->type == TL_TYPE_ABSENT || value->type == TL_TYPE_NULL || value->type == type)
        return type == TL_TYPE_JSON && value->type == TL_TYPE_JSON
                   ? fit_json(value, observed, scratch)
                   : *value;
    if (observed & OBSERVED_DECLARED)
        return *value;
    if (type == TL_TYPE_JSON)
        return fit_json(value, observed, scratch);
    if (type == TL_TYPE_STRING)
        return as_text(value, type, scratch);
    return fit_number(value, type, scratch);
}

/* Gives a stored value the type that its column had. */
static struct tl_value restore(const struct tl_value *stored, enum tl_type type)
{
    struct tl_value value = *stored;

    if (type == TL_TYPE_NULL || stored->type == TL_TYPE_NULL || stored->type == TL_TYPE_ABSENT)
        return value;
    if (type == TL_TYPE_BOOLEAN && is_integer(stored->type))
        return tl_boolean(stored->as.integer != 0);
    if (is_real(type) && is_integer(stored->type))
        return tl_double((double)stored->as.integer);
    if (is_integer(stored->type) != is_integer(type) ||
        is_real(stored->type) != is_real(type) ||
        (stored->type == TL_TYPE_BOOLEAN) != (type == TL_TYPE_BOOLEAN))
        return value;
    value.type = type;
    return value;
}

struct tl_value types_refit(const struct tl_value *stored, type_observed before,
                            type_observed after, struct buf *scratch)
{
    struct tl_value value = restore(stored, types_of(before));

    if ((after & OBSERVED_DECLARED) == 0)
        return types_fit(&value, after, scratch);
    (void)types_coerce(&value, types_of(after), scratch);
    return value;
}
