/* A configuration made from the words of a command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/complete.h"
#include "config/convert.h"

static enum tl_status take_word(struct config_value *value, const char *text,
                                struct tl_error *err)
{
    char name[64];

    value->given = true;
    if (value->option->kind == TL_OPTION_LIST) {
        if (texts_add(&value->texts, text, strlen(text)))
            return TL_OK;
        return tl_fail(err, TL_MEMORY, "out of memory for the options");
    }
    free(value->text);
    value->text = NULL;
    (void)snprintf(name, sizeof(name), "--%s", value->option->name);
    return convert_text(value, name, text, err);
}

static enum tl_status take_words(struct tl_config *config, const struct config_word *words,
                                 size_t n_words, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    for (size_t i = 0; status == TL_OK && i < n_words; i++) {
        struct config_value *value = values_find(config, words[i].name);
        if (value == NULL)
            return tl_fail(err, TL_INTERNAL, "--%s is in no table", words[i].name);
        status = take_word(value, words[i].value, err);
    }
    if (status == TL_OK)
        status = complete_defaults(config, true, "--", err);
    if (status == TL_CONFIGURATION)
        status = err->status = TL_USAGE;
    return status;
}

enum tl_status config_from_words(const struct tl_option *const *tables,
                                 const struct config_word *words, size_t n_words,
                                 struct tl_config **out, struct tl_error *err)
{
    *out = values_new(NULL, tables, 0);
    if (*out == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the options");
    return take_words(*out, words, n_words, err);
}
