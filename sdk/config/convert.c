/* Texts made into values. Numbers are read by hand: strtod heeds the locale, strtoll blanks. */
#include "config/convert.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"

/* "ssh_port" is "70000": not <what is allowed>. */
static enum tl_status refuse(const struct config_value *value, const char *path,
                             const char *text, const char *allowed, struct tl_error *err)
{
    char shown[96];

    if (values_has_flag(value, TL_OPTION_SECRET))
        return tl_fail(err, TL_CONFIGURATION, "\"%s\" is not %s", path, allowed);
    return tl_fail(err, TL_CONFIGURATION, "\"%s\" is \"%s\": not %s", path,
                   text_safe(shown, sizeof(shown), text, strlen(text)), allowed);
}

static bool read_digit(const char **text, int64_t *number)
{
    int digit = **text - '0';

    if (digit < 0 || digit > 9 || *number > (INT64_MAX - digit) / 10)
        return false;
    *number = *number * 10 + digit;
    (*text)++;
    return true;
}

static bool read_integer(const char *text, int64_t *out)
{
    bool negative = *text == '-';
    int64_t number = 0;

    text += negative || *text == '+';
    if (!read_digit(&text, &number))
        return false;
    while (*text != '\0')
        if (!read_digit(&text, &number))
            return false;
    *out = negative ? -number : number;
    return true;
}

/* Seconds with any fraction, as milliseconds; what is finer is rounded up, so that a limit
 * never becomes none. */
static bool read_seconds(const char *text, int64_t *out)
{
    int64_t number = 0;
    int places = 0;
    bool finer = false;

    if (!read_digit(&text, &number))
        return false;
    while (*text != '\0' && *text != '.')
        if (!read_digit(&text, &number))
            return false;
    text += *text == '.';
    for (; isdigit((unsigned char)*text) && places < 3; places++)
        if (!read_digit(&text, &number))
            return false;
    for (; isdigit((unsigned char)*text); text++)
        finer = finer || *text != '0';
    for (; places < 3; places++)
        if (number > INT64_MAX / 10)
            return false;
        else
            number *= 10;
    *out = number + finer;
    return *text == '\0' && number < INT64_MAX;
}

static bool in_range(const struct tl_option *option, int64_t number, int64_t scale)
{
    if (option->min == 0 && option->max == 0)
        return true;
    return number >= option->min * scale && number <= option->max * scale;
}

static enum tl_status convert_number(struct config_value *value, const char *path,
                                     const char *text, struct tl_error *err)
{
    const struct tl_option *option = value->option;
    bool seconds = option->kind == TL_OPTION_SECONDS;
    char allowed[96];

    if (seconds && strcasecmp(text, "none") == 0) {
        value->integer = -1;
        return TL_OK;
    }
    if (seconds ? !read_seconds(text, &value->integer) : !read_integer(text, &value->integer))
        return refuse(value, path, text,
                      seconds ? "a number of seconds or none" : "a whole number", err);
    if (in_range(option, value->integer, seconds ? 1000 : 1))
        return TL_OK;
    (void)snprintf(allowed, sizeof(allowed), "between %" PRId64 " and %" PRId64 "%s",
                   option->min, option->max, seconds ? " seconds" : "");
    return refuse(value, path, text, allowed, err);
}

static enum tl_status convert_boolean(struct config_value *value, const char *path,
                                      const char *text, struct tl_error *err)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(text, words[i]) == 0) {
            value->integer = i % 2;
            return TL_OK;
        }
    return refuse(value, path, text, "true or false", err);
}

/* "auto|json|ndjson" as people say it: "auto, json or ndjson". */
static void say_choices(const char *choices, char *out, size_t out_size)
{
    const char *last = strrchr(choices, '|');
    size_t at = 0;

    for (const char *c = choices; *c != '\0' && at + 5 < out_size; c++) {
        if (*c != '|') {
            out[at++] = *c;
            continue;
        }
        const char *between = c == last ? " or " : ", ";
        memcpy(out + at, between, strlen(between));
        at += strlen(between);
    }
    out[at] = '\0';
}

bool convert_is_choice(const char *choices, const char *text)
{
    size_t size = strlen(text);

    for (const char *at = choices;; at++) {
        size_t length = strcspn(at, "|");
        if (length == size && memcmp(at, text, size) == 0)
            return true;
        at += length;
        if (*at == '\0')
            return false;
    }
}

static enum tl_status set_text(struct config_value *value, const char *text,
                               struct tl_error *err)
{
    value->text = text_copy(text, strlen(text));
    return value->text ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the configuration");
}

static enum tl_status convert_choice(struct config_value *value, const char *path,
                                     const char *text, struct tl_error *err)
{
    char allowed[256];

    if (convert_is_choice(value->option->choices, text))
        return set_text(value, text, err);
    say_choices(value->option->choices, allowed, sizeof(allowed));
    return refuse(value, path, text, allowed, err);
}

static enum tl_status add_item(struct config_value *value, const char *item, size_t length,
                               struct tl_error *err)
{
    if (texts_add(&value->texts, item, length))
        return TL_OK;
    return tl_fail(err, TL_MEMORY, "out of memory for the configuration");
}

static enum tl_status convert_words(struct config_value *value, const char *path,
                                    const char *text, struct tl_error *err)
{
    static const char blanks[] = " \t\r\n";
    const char *item = text + strspn(text, blanks);
    enum tl_status status = TL_OK;

    if (*item == '\0')
        return refuse(value, path, text, "a list with something in it", err);
    while (status == TL_OK && *item != '\0') {
        size_t length = strcspn(item, blanks);
        status = add_item(value, item, length, err);
        item += length;
        item += strspn(item, blanks);
    }
    return status;
}

static enum tl_status convert_list(struct config_value *value, const char *path,
                                   const char *text, struct tl_error *err)
{
    for (const char *at = text;; at++) {
        const char *item = at + strspn(at, " \t");
        size_t length = strcspn(item, ",");
        at = item + length;
        while (length > 0 && (item[length - 1] == ' ' || item[length - 1] == '\t'))
            length--;
        if (length == 0)
            return refuse(value, path, text, "a list with something between its commas", err);
        if (add_item(value, item, length, err) != TL_OK)
            return err->status;
        if (*at == '\0')
            return TL_OK;
    }
}

enum tl_status convert_text(struct config_value *value, const char *path, const char *text,
                            struct tl_error *err)
{
    enum tl_status status;

    switch (value->option->kind) {
    case TL_OPTION_INTEGER:
    case TL_OPTION_SECONDS:
        status = convert_number(value, path, text, err);
        return status == TL_OK ? set_text(value, text, err) : status;
    case TL_OPTION_BOOLEAN:
        status = convert_boolean(value, path, text, err);
        return status == TL_OK ? set_text(value, text, err) : status;
    case TL_OPTION_CHOICE:
        return convert_choice(value, path, text, err);
    case TL_OPTION_LIST:
        return values_has_flag(value, TL_OPTION_BLANKS) ? convert_words(value, path, text, err)
                                                        : convert_list(value, path, text, err);
    case TL_OPTION_TEXT:
    case TL_OPTION_JSON:
        return set_text(value, text, err);
    case TL_OPTION_COLUMNS:
    case TL_OPTION_MAP:
    case TL_OPTION_OBJECTS:
    case TL_OPTION_ALIASES:
        break;
    }
    return tl_fail(err, TL_INTERNAL, "\"%s\" has no text form", path);
}
