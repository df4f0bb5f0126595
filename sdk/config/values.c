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
                (struct config_value){.config = config, .option = row};
    return config;
}

struct config_value *values_find(const struct tl_config *config, const char *name)
{
    for (size_t i = 0; i < config->n_values; i++)
        if (strcmp(config->values[i].option->name, name) == 0)
            return &config->values[i];
    return NULL;
}

struct config_value *values_add_own(struct tl_config *config, const char *name)
{
    struct config_value *value = &config->values[config->n_values];
    size_t name_size = strlen(name) + 1;
    struct tl_option *own = calloc(1, sizeof(*own) + name_size); /* the name comes after it */

    if (own == NULL)
        return NULL;
    own->name = memcpy(own + 1, name, name_size);
    own->flags = TL_OPTION_SECRET;
    *value = (struct config_value){.config = config, .option = own, .own = own};
    config->n_values++;
    return value;
}

bool values_has_flag(const struct config_value *value, enum tl_option_flag flag)
{
    return (value->option->flags & (unsigned)flag) != 0;
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

static void value_reset(struct config_value *value)
{
    if (value->text != NULL)
        text_wipe(value->text, strlen(value->text));
    free(value->text);
    texts_reset(&value->texts);
    for (size_t i = 0; i < value->n_items; i++)
        config_free(value->items[i]);
    free(value->items);
    free(value->own);
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
