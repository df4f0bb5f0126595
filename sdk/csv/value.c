/* What a field of CSV stands for. All of CSV is text, so that a column which turns out to be
 * STRING must get every character back from the values that came before. */
#include "csv/value.h"

#include <string.h>

#include "rows/number.h"
#include "rows/types.h"

static bool is_word(const char *text, uint32_t size, const char *word)
{
    return size == strlen(word) && memcmp(text, word, size) == 0;
}

static bool prints_back(double real, const char *text, uint32_t size)
{
    char printed[TYPES_REAL_SIZE];

    return types_real_text(real, printed) == (int)size && memcmp(printed, text, size) == 0;
}

/* "-0" and "-0.00", of which numbers keep no sign. */
static bool is_minus_zero(const char *text, uint32_t size)
{
    uint32_t at = 1;

    while (at < size && (text[at] == '0' || text[at] == '.'))
        at++;
    return *text == '-' && at == size;
}

/* A text that is one number: a DECIMAL keeps it as it is, but whether 1e3 is a number or a name
 * nobody can tell. */
static struct tl_value number_of(const struct number *number, const char *text, uint32_t size)
{
    struct tl_value value = number_value(number, text, size);

    if (is_minus_zero(text, size))
        return tl_text(TL_TYPE_STRING, text, size);
    if (number->integer ||
        (value.type == TL_TYPE_DOUBLE && prints_back(value.as.real, text, size)))
        return value;
    if (memchr(text, 'e', size) != NULL || memchr(text, 'E', size) != NULL)
        return tl_text(TL_TYPE_STRING, text, size);
    return tl_text(TL_TYPE_DECIMAL, text, size);
}

struct tl_value csv_value(const char *text, uint32_t size)
{
    struct number number;
    const char *bad;

    if (*text == '-' || (*text >= '0' && *text <= '9')) {
        if (number_read(text, text + size, &number, &bad) == text + size)
            return number_of(&number, text, size);
    } else if (is_word(text, size, "true") || is_word(text, size, "false")) {
        return tl_boolean(*text == 't');
    }
    return tl_text(types_string(text, size), text, size);
}
