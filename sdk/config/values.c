/* The inside of a configuration: making, finding, wiping values. */
#include "config/values.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

struct tl_config *values_new(const struct config_value *inside,
                             const struct tl_option *const *tables, size_t n_more)
{
    struct tl_config *config = calloc(1, sizeof(*config));
    size_t count = n_more;

    for (size_t t = 0; tables[t] != NULL; t++)
        for (const struct tl_option *row = tables[t]; row->name != NULL; row++)
            count++;
    if (config != NULL)
        config->values = calloc(count + 1, sizeof(*config->values));
    if (config == NULL || config->values == NULL) {
        free(config);
        return NULL;
    }
    config->inside = inside;
    for (size_t t = 0; tables[t] != NULL; t++)
        for (const struct tl_option *row = tables[t]; row->name != NULL; row++)
            config->values[config->n_values++] =
                (struct config_value){.config = config, .option = row, .name = row->name};
    return config;
}

struct config_value *values_find(const struct tl_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_values; i++)
        if (strcmp(config->values[i].name, name) == 0)
            return &config->values[i];
    return NULL;
}

bool values_add_text(struct config_value *value, const char *text, size_t size)
{
    char **texts = realloc(value->texts, (value->n_texts + 2) * sizeof(*texts));

    if (texts == NULL)
        return false;
    value->texts = texts;
    texts[value->n_texts] = text_copy(text, size);
    texts[value->n_texts + 1] = NULL;
    return texts[value->n_texts++] != NULL;
}

bool values_add_item(struct config_value *value, struct tl_config *item)
{
    struct tl_config **items = realloc(value->items, (value->n_items + 1) * sizeof(*items));

    if (items == NULL)
        return false;
    value->items = items;
    items[value->n_items++] = item;
    return true;
}

static void wipe_string(char *text)
{
    if (text != NULL)
        text_wipe(text, strlen(text));
    free(text);
}

static void value_reset(struct config_value *value)
{
    wipe_string(value->text);
    for (size_t i = 0; i < value->n_texts; i++)
        wipe_string(value->texts[i]);
    for (size_t i = 0; i < value->n_items; i++)
        config_free(value->items[i]);
    free(value->texts);
    free(value->items);
    free(value->own_name);
}

void config_free(struct tl_config *config)
{
    if (config == NULL)
        return;
    for (size_t i = 0; i < config->n_values; i++)
        value_reset(&config->values[i]);
    free(config->values);
    free(config);
}
