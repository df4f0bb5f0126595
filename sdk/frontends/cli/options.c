/* Options of the command line: table-driven, never abbreviated. */
#include "frontends/cli/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/convert.h"

struct parser {
    const char *command;
    const struct cli_option *const *tables;
    char **argv; /* the words left; NULL-terminated */
    struct cli_options *out;
};

typedef bool option_test(const struct cli_option *option, const char *word, size_t size);

static bool has_name(const struct cli_option *option, const char *word, size_t size)
{
    return (strlen(option->name) == size && memcmp(option->name, word, size) == 0) ||
           (option->alias != NULL && strlen(option->alias) == size &&
            memcmp(option->alias, word, size) == 0);
}

static bool has_letter(const struct cli_option *option, const char *word, size_t size)
{
    (void)size;
    return option->letter != 0 && option->letter == *word;
}

static bool is_flag(const struct cli_option *option)
{
    return option->kind == CLI_FLAG || option->kind == CLI_WORD_FLAG;
}

static const struct cli_option *find(const struct parser *parser, option_test *test,
                                     const char *word, size_t size)
{
    for (size_t t = 0; parser->tables[t] != NULL; t++)
        for (const struct cli_option *row = parser->tables[t]; row->name != NULL; row++)
            if (test(row, word, size))
                return row;
    return NULL;
}

static size_t count_names(const struct parser *parser)
{
    size_t count = 0;

    for (size_t t = 0; parser->tables[t] != NULL; t++)
        for (const struct cli_option *row = parser->tables[t]; row->name != NULL; row++)
            count += 2;
    return count;
}

static const char *nearest_to(const struct parser *parser, const char *name)
{
    const char **names = calloc(count_names(parser) + 1, sizeof(*names));
    const char *nearest;
    size_t count = 0;

    if (names == NULL)
        return NULL;
    for (size_t t = 0; parser->tables[t] != NULL; t++)
        for (const struct cli_option *row = parser->tables[t]; row->name != NULL; row++) {
            names[count++] = row->name;
            if (row->alias != NULL)
                names[count++] = row->alias;
        }
    nearest = config_nearest(name, names);
    free(names);
    return nearest;
}

static enum tl_status fail_unknown(const struct parser *parser, const char *word, size_t size,
                                   struct tl_error *err)
{
    char shown[80];
    const char *nearest;

    (void)text_safe(shown, sizeof(shown), word, size);
    nearest = nearest_to(parser, shown + strspn(shown, "-"));
    if (nearest != NULL)
        return tl_fail(err, TL_USAGE, "unknown option %s for %s; did you mean --%s?", shown,
                       parser->command, nearest);
    return tl_fail(err, TL_USAGE, "unknown option %s for %s", shown, parser->command);
}

static enum tl_status add_stream(struct cli_options *out, const char *name,
                                 struct tl_error *err)
{
    const char **streams = realloc(out->streams, (out->n_streams + 2) * sizeof(*streams));

    if (streams == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the names of streams");
    out->streams = streams;
    streams[out->n_streams++] = name;
    streams[out->n_streams] = NULL;
    return TL_OK;
}

static void add_word(struct cli_options *out, const char *name, const char *value)
{
    out->words[out->n_words++] = (struct config_word){name, value};
}

static enum tl_status store_number(size_t *out, const struct cli_option *option,
                                   const char *value, struct tl_error *err)
{
    char shown[80], *end;
    unsigned long number = strtoul(value, &end, 10);

    *out = number;
    if (strchr("123456789", value[0]) != NULL && *end == '\0' && number <= CLI_NUMBER_MAX)
        return TL_OK;
    return tl_fail(err, TL_USAGE, "--%s is \"%s\": not a number from 1 to %d", option->name,
                   text_safe(shown, sizeof(shown), value, strlen(value)), CLI_NUMBER_MAX);
}

static enum tl_status store(struct cli_options *out, const struct cli_option *option,
                            const char *value, struct tl_error *err)
{
    char shown[80];

    if (option->kind == CLI_TEXTS)
        return add_stream(out, value, err);
    if (option->kind == CLI_WORD) {
        add_word(out, option->name, value);
        return TL_OK;
    }
    if (option->kind == CLI_NUMBER)
        return store_number((size_t *)(void *)((char *)out + option->offset), option, value,
                            err);
    if (option->kind == CLI_CHOICE && !convert_is_choice(option->value, value))
        return tl_fail(err, TL_USAGE, "--%s is \"%s\": not one of %s", option->name,
                       text_safe(shown, sizeof(shown), value, strlen(value)), option->value);
    *(const char **)(void *)((char *)out + option->offset) = value;
    return TL_OK;
}

/* value: what follows the option's "=" or letter, or NULL. */
static enum tl_status take(struct parser *parser, const struct cli_option *option,
                           const char *value, struct tl_error *err)
{
    if (is_flag(option)) {
        if (value != NULL)
            return tl_fail(err, TL_USAGE, "--%s takes no value", option->name);
        if (option->kind == CLI_WORD_FLAG)
            add_word(parser->out, option->name, "true");
        else
            *(bool *)((char *)parser->out + option->offset) = true;
        return TL_OK;
    }
    if (value == NULL)
        value = *parser->argv != NULL ? *parser->argv++ : "";
    if (*value == '\0')
        return tl_fail(err, TL_USAGE, "--%s needs a value: %s", option->name, option->value);
    return store(parser->out, option, value, err);
}

static enum tl_status take_long(struct parser *parser, const char *word, struct tl_error *err)
{
    const char *equals = strchr(word, '=');
    size_t size = equals ? (size_t)(equals - word) : strlen(word);
    const struct cli_option *option = find(parser, has_name, word + 2, size - 2);

    if (option == NULL)
        return fail_unknown(parser, word, size, err);
    return take(parser, option, equals ? equals + 1 : NULL, err);
}

static enum tl_status take_short(struct parser *parser, const char *word, struct tl_error *err)
{
    const struct cli_option *option = find(parser, has_letter, word + 1, 1);

    if (option == NULL || (is_flag(option) && word[2] != '\0'))
        return fail_unknown(parser, word, strlen(word), err);
    return take(parser, option, word[2] != '\0' ? word + 2 : NULL, err);
}

enum tl_status options_parse(const char *command, const struct cli_option *const *tables,
                             int argc, char **argv, struct cli_options *out,
                             struct tl_error *err)
{
    struct parser parser = {.command = command, .tables = tables, .argv = argv, .out = out};
    bool ended = false;

    *out = (struct cli_options){0};
    out->arguments = calloc((size_t)argc + 1, sizeof(*out->arguments));
    out->words = calloc((size_t)argc + 1, sizeof(*out->words));
    if (out->arguments == NULL || out->words == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the arguments");
    while (*parser.argv != NULL) {
        const char *word = *parser.argv++;
        enum tl_status status = TL_OK;
        if (ended || word[0] != '-' || word[1] == '\0')
            out->arguments[out->n_arguments++] = word;
        else if (strcmp(word, "--") == 0)
            ended = true;
        else if (word[1] == '-')
            status = take_long(&parser, word, err);
        else
            status = take_short(&parser, word, err);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

void options_reset(struct cli_options *options)
{
    free(options->streams);
    free(options->arguments);
    free(options->words);
    *options = (struct cli_options){0};
}
