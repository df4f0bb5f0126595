/* The words of a platform's command line. */
#include "frontends/platform/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "config/convert.h"

enum { OPTIONS_MAX = 32 };

/* `word` is --name, of `size` bytes, or -l for a letter. */
static const struct tl_option *find(const struct tl_option *table, const char *word,
                                    size_t size)
{
    for (; table->name != NULL; table++)
        if ((size > 2 && strlen(table->name) == size - 2 &&
             memcmp(table->name, word + 2, size - 2) == 0) ||
            (size == 2 && table->letter != 0 && table->letter == word[1]))
            return table;
    return NULL;
}

static enum tl_status fail_unknown(const struct tl_option *table, const char *word,
                                   struct tl_error *err)
{
    const char *names[OPTIONS_MAX + 1] = {NULL};
    char shown[80];
    const char *nearest;

    for (size_t i = 0; i < OPTIONS_MAX && table[i].name != NULL; i++)
        names[i] = table[i].name;
    (void)text_safe(shown, sizeof(shown), word, strlen(word));
    nearest = config_nearest(shown + strspn(shown, "-"), names);
    return tl_fail(err, TL_USAGE, "unknown option %s%s%s%s", shown,
                   nearest ? "; did you mean --" : "", nearest ? nearest : "",
                   nearest ? "?" : "");
}

/* One option; *argv is what follows it. */
static enum tl_status take(const struct tl_option *table, const char *word, char ***argv,
                           struct config_word *out, struct tl_error *err)
{
    const char *equals = strchr(word, '=');
    size_t size = (equals ? (size_t)(equals - word) : strlen(word));
    const struct tl_option *option = find(table, word, size);

    if (option == NULL)
        return fail_unknown(table, word, err);
    out->name = option->name;
    if (equals != NULL)
        out->value = equals + 1;
    else if (option->kind == TL_OPTION_BOOLEAN)
        out->value = "true";
    else if (option->value != NULL && option->kind == TL_OPTION_CHOICE &&
             (**argv == NULL || !convert_is_choice(option->choices, **argv)))
        out->value = option->value;
    else if (**argv != NULL)
        out->value = *(*argv)++;
    else
        return tl_fail(err, TL_USAGE, "--%s needs a value", option->name);
    return TL_OK;
}

enum tl_status arguments_parse(struct arguments *out, const struct tl_option *table,
                               char **argv, struct tl_error *err)
{
    size_t n_words = 0, count = 0;

    *out = (struct arguments){0};
    while (argv[count] != NULL)
        count++;
    out->words = calloc(count + 1, sizeof(*out->words));
    if (out->words == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the arguments");
    while (*argv != NULL) {
        const char *word = *argv++;
        if (word[0] == '-' && word[1] != '\0') {
            if (take(table, word, &argv, &out->words[n_words++], err) != TL_OK)
                return err->status;
        } else if (out->verb == NULL) {
            out->verb = word;
        } else {
            char shown[80];
            return tl_fail(err, TL_USAGE, "unexpected \"%s\"",
                           text_safe(shown, sizeof(shown), word, strlen(word)));
        }
    }
    return config_from_words(table, out->words, n_words, &out->options, err);
}

void arguments_reset(struct arguments *arguments)
{
    config_free(arguments->options);
    free(arguments->words);
    *arguments = (struct arguments){0};
}
