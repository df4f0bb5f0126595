/* The words of a command line, read by option tables. */
#include "frontends/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "config/convert.h"
#include "frontends/usage.h"

enum { NAMES_MAX = 128 };

struct parser {
    const struct tl_option *const *tables;
    const char *command;
    char **argv; /* the words left; NULL-terminated */
    struct arguments *out;
    struct config_word *given; /* the options */
    size_t n_given;
};

static bool is_name(const char *name, const char *word, size_t size)
{
    return name != NULL && strlen(name) == size && memcmp(name, word, size) == 0;
}

/* `word` is --name, of `size` bytes, or -l and what follows the letter. */
static bool means(const struct tl_option *option, const char *word, size_t size)
{
    if (word[1] != '-')
        return option->letter != 0 && option->letter == word[1];
    return is_name(option->name, word + 2, size - 2) ||
           is_name(option->alias, word + 2, size - 2);
}

static const struct tl_option *find(const struct parser *parser, const char *word, size_t size)
{
    for (size_t t = 0; parser->tables[t] != NULL; t++)
        for (const struct tl_option *row = parser->tables[t]; row->name != NULL; row++)
            if (means(row, word, size))
                return row;
    return NULL;
}

static const char *nearest_to(const struct parser *parser, const char *name)
{
    const char *names[NAMES_MAX + 1];
    size_t count = 0;

    for (size_t t = 0; parser->tables[t] != NULL; t++)
        for (const struct tl_option *row = parser->tables[t]; row->name != NULL; row++) {
            if (count < NAMES_MAX)
                names[count++] = row->name;
            if (count < NAMES_MAX && row->alias != NULL)
                names[count++] = row->alias;
        }
    names[count] = NULL;
    return config_nearest(name, names);
}

static enum tl_status fail_unknown(const struct parser *parser, const char *word, size_t size,
                                   struct tl_error *err)
{
    const char *command = parser->command, *nearest;
    char shown[80];

    (void)text_safe(shown, sizeof(shown), word, size);
    nearest = nearest_to(parser, shown + strspn(shown, "-"));
    return tl_fail(err, TL_USAGE, "unknown option %s%s%s%s%s%s", shown, command ? " for " : "",
                   command ? command : "", nearest ? "; did you mean --" : "",
                   nearest ? nearest : "", nearest ? "?" : "");
}

/* `value` is what follows the option's "=" or letter, or NULL. */
static enum tl_status take(struct parser *parser, const struct tl_option *option,
                           const char *value, struct tl_error *err)
{
    const char *next = *parser->argv;

    if (value == NULL && option->kind == TL_OPTION_BOOLEAN)
        value = "true";
    else if (value == NULL && option->kind == TL_OPTION_CHOICE && option->value != NULL &&
             (next == NULL || !convert_is_choice(option->choices, next)))
        value = option->value;
    else if (value == NULL && next != NULL)
        value = *parser->argv++;
    if (value == NULL || (*value == '\0' && option->kind != TL_OPTION_BOOLEAN))
        return tl_fail(err, TL_USAGE, "--%s needs a value: %s", option->name,
                       usage_value(option));
    parser->given[parser->n_given++] = (struct config_word){option->name, value};
    return TL_OK;
}

static enum tl_status take_long(struct parser *parser, const char *word, struct tl_error *err)
{
    size_t size = strcspn(word, "=");
    const struct tl_option *option = find(parser, word, size);

    if (option == NULL)
        return fail_unknown(parser, word, size, err);
    return take(parser, option, word[size] == '=' ? word + size + 1 : NULL, err);
}

static enum tl_status take_short(struct parser *parser, const char *word, struct tl_error *err)
{
    const struct tl_option *option = find(parser, word, 2);

    if (option == NULL || (option->kind == TL_OPTION_BOOLEAN && word[2] != '\0'))
        return fail_unknown(parser, word, strlen(word), err);
    return take(parser, option, word[2] != '\0' ? word + 2 : NULL, err);
}

static enum tl_status take_all(struct parser *parser, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    bool ended = false;

    while (status == TL_OK && *parser->argv != NULL) {
        const char *word = *parser->argv++;
        if (ended || word[0] != '-' || word[1] == '\0')
            parser->out->words[parser->out->n_words++] = word;
        else if (strcmp(word, "--") == 0)
            ended = true;
        else if (word[1] == '-')
            status = take_long(parser, word, err);
        else
            status = take_short(parser, word, err);
    }
    return status;
}

enum tl_status arguments_parse(struct arguments *out, const struct tl_option *const *tables,
                               const char *command, char **argv, struct tl_error *err)
{
    struct parser parser = {.tables = tables, .command = command, .argv = argv, .out = out};
    struct tl_error ignored = {0};
    size_t count = 0;
    enum tl_status status, read;

    while (argv[count] != NULL)
        count++;
    *out = (struct arguments){.words = calloc(count + 1, sizeof(*out->words))};
    parser.given = calloc(count + 1, sizeof(*parser.given));
    if (out->words != NULL && parser.given != NULL)
        status = take_all(&parser, err);
    else
        status = tl_fail(err, TL_MEMORY, "out of memory for the arguments");
    read = config_from_words(tables, parser.given, parser.n_given, &out->options,
                             status == TL_OK ? err : &ignored);
    free(parser.given);
    return status == TL_OK ? read : status;
}

enum tl_status arguments_check_words(const struct arguments *arguments, size_t max,
                                     struct tl_error *err)
{
    char shown[80];

    if (arguments->n_words <= max)
        return TL_OK;
    return tl_fail(
        err, TL_USAGE, "unexpected \"%s\"",
        text_safe(shown, sizeof(shown), arguments->words[max], strlen(arguments->words[max])));
}

void arguments_reset(struct arguments *arguments)
{
    config_free(arguments->options);
    free(arguments->words);
    *arguments = (struct arguments){0};
}
