/* Values made to be of a declared type, where that loses nothing; the table is docs/types.md.
 */
#include "rows/types.h"

#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/base64.h"
#include "rows/number.h"

/* Text that the source gave as a JSON string, whatever it looks like. */
static bool is_string(const struct tl_value *value)
{
    switch (value->type) {
    case TL_TYPE_STRING:
    case TL_TYPE_XML:
    case TL_TYPE_NAIVE_DATE:
    case TL_TYPE_NAIVE_DATETIME:
    case TL_TYPE_UTC_DATETIME:
        return true;
    default:
        return false;
    }
}

/* Widths aside: SHORT and INT become LONG, FLOAT DOUBLE, text that is one number that number,
 * also that of a DECIMAL: CSV has "1.50" as one. */
static struct tl_value plain(const struct tl_value *value)
{
    struct tl_value result = *value;

    if (value->type == TL_TYPE_SHORT || value->type == TL_TYPE_INT)
        result.type = TL_TYPE_LONG;
    else if (value->type == TL_TYPE_FLOAT)
        result.type = TL_TYPE_DOUBLE;
    else if (value->type == TL_TYPE_DECIMAL ||
             (is_string(value) && number_is_valid(value->as.text, value->size)))
        result = types_number(value->as.text, value->size);
    return result;
}

static bool has_text(const struct tl_value *value, const char *text)
{
    return value->size == strlen(text) && strncasecmp(value->as.text, text, value->size) == 0;
}

static bool coerce_boolean(struct tl_value *value)
{
    struct tl_value number = plain(value);
    int boolean = -1;

    if (number.type == TL_TYPE_LONG && (number.as.integer == 0 || number.as.integer == 1))
        boolean = (int)number.as.integer;
    else if (number.type == TL_TYPE_DOUBLE && (number.as.real == 0 || number.as.real == 1))
        boolean = number.as.real == 1;
    else if (is_string(value) && (has_text(value, "true") || has_text(value, "false")))
        boolean = has_text(value, "true");
    if (boolean >= 0)
        *value = tl_boolean(boolean == 1);
    return boolean >= 0;
}

static bool coerce_integer(struct tl_value *value, enum tl_type declared)
{
    int64_t most = declared == TL_TYPE_SHORT ? INT16_MAX
                   : declared == TL_TYPE_INT ? INT32_MAX
                                             : INT64_MAX;
    struct tl_value number = plain(value);

    if (number.type == TL_TYPE_DOUBLE && fabs(number.as.real) < 0x1p63 &&
        trunc(number.as.real) == number.as.real)
        number = tl_long((int64_t)number.as.real);
    if (number.type != TL_TYPE_LONG || number.as.integer > most ||
        number.as.integer < -most - 1)
        return false;
    number.type = declared;
    *value = number;
    return true;
}

static bool coerce_real(struct tl_value *value, enum tl_type declared)
{
    struct tl_value number = plain(value);

    if (number.type == TL_TYPE_LONG) {
        double real = (double)number.as.integer;
        if (fabs(real) >= 0x1p63 || (int64_t)real != number.as.integer)
            return false;
        number = tl_double(real);
    }
    if (number.type != TL_TYPE_DOUBLE ||
        (declared == TL_TYPE_FLOAT && !number_fits_float(number.as.real)))
        return false;
    number.type = declared;
    *value = number;
    return true;
}

static bool coerce_decimal(struct tl_value *value, struct buf *scratch)
{
    struct tl_value number;

    if (is_string(value) && number_is_valid(value->as.text, value->size)) {
        value->type = TL_TYPE_DECIMAL;
        return true;
    }
    number = plain(value);
    if (number.type != TL_TYPE_LONG && number.type != TL_TYPE_DOUBLE)
        return false;
    *value = types_fit(&number, OBSERVED(TL_TYPE_DECIMAL), scratch);
    return !scratch->failed;
}

static bool coerce_date(struct tl_value *value, enum tl_type declared)
{
    if (!is_string(value) || types_string(value->as.text, value->size) != declared)
        return false;
    value->type = declared;
    return true;
}

static bool coerce_binary(struct tl_value *value, struct buf *scratch)
{
    buf_reset(scratch);
    if (!is_string(value) || !base64_decode(scratch, value->as.text, value->size) ||
        scratch->failed)
        return false;
    *value = tl_text(TL_TYPE_BINARY, buf_text(scratch), scratch->size);
    return true;
}

static bool coerce_string(struct tl_value *value, struct buf *scratch)
{
    struct tl_value text = *value;

    if (value->type == TL_TYPE_JSON)
        text.type = TL_TYPE_STRING;
    else
        text = types_fit(value, OBSERVED(TL_TYPE_STRING), scratch);
    if (!scratch->failed)
        *value = text;
    return !scratch->failed;
}

static bool coerce_json(struct tl_value *value, struct buf *scratch)
{
    struct tl_value json =
        types_fit(value, types_observe(value) | OBSERVED(TL_TYPE_JSON), scratch);

    if (!scratch->failed)
        *value = json;
    return !scratch->failed;
}

bool types_coerce(struct tl_value *value, enum tl_type declared, struct buf *scratch)
{
    if (value->type == declared || value->type == TL_TYPE_NULL || value->type == TL_TYPE_ABSENT)
        return true;
    switch (declared) {
    case TL_TYPE_BOOLEAN:
        return coerce_boolean(value);
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        return coerce_integer(value, declared);
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        return coerce_real(value, declared);
    case TL_TYPE_DECIMAL:
        return coerce_decimal(value, scratch);
    case TL_TYPE_NAIVE_DATE:
    case TL_TYPE_NAIVE_DATETIME:
    case TL_TYPE_UTC_DATETIME:
        return coerce_date(value, declared);
    case TL_TYPE_BINARY:
        return coerce_binary(value, scratch);
    case TL_TYPE_STRING:
        return coerce_string(value, scratch);
    case TL_TYPE_JSON:
        return coerce_json(value, scratch);
    case TL_TYPE_XML:
        if (!is_string(value))
            return false;
        value->type = TL_TYPE_XML;
        return true;
    default:
        return false;
    }
}
