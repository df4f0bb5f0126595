/* Looking values up in a configuration. */
#include <string.h>

#include "config/values.h"

/* A name that is no option is a bug of the caller's and gets the zero of its kind. */
static const struct config_value *value_of(const struct tl_config *config, const char *name)
{
    static const struct config_value none;
    const struct config_value *value = values_find(config, name);
    return value ? value : &none;
}

const char *tl_config_text(const struct tl_config *config, const char *name)
{
    return value_of(config, name)->text;
}

int64_t tl_config_integer(const struct tl_config *config, const char *name)
{
    return value_of(config, name)->integer;
}

bool tl_config_boolean(const struct tl_config *config, const char *name)
{
    return value_of(config, name)->integer != 0;
}

bool tl_config_given(const struct tl_config *config, const char *name)
{
    return value_of(config, name)->given;
}

int64_t tl_config_ms(const struct tl_config *config, const char *name)
{
    return value_of(config, name)->integer;
}

const char *const *tl_config_list(const struct tl_config *config, const char *name)
{
    return (const char *const *)value_of(config, name)->texts.list;
}

size_t tl_config_count(const struct tl_config *config, const char *name)
{
    return value_of(config, name)->n_items;
}

const struct tl_config *tl_config_item(const struct tl_config *config, const char *name,
                                       size_t index)
{
    const struct config_value *value = value_of(config, name);
    return index < value->n_items ? value->items[index] : NULL;
}

bool tl_config_pair(const struct tl_config *config, const char *name, size_t index,
                    const char **key, const char **text)
{
    const struct config_value *value = value_of(config, name);

    if (index >= value->texts.count / 2)
        return false;
    *key = value->texts.list[2 * index];
    *text = value->texts.list[2 * index + 1];
    return true;
}

bool config_holds_secret(const struct tl_config *config)
{
    for (size_t i = 0; i < config->n_values; i++) {
        const struct config_value *value = &config->values[i];
        if (value->here && values_has_flag(value, TL_OPTION_SECRET))
            return true;
        for (size_t k = 0; k < value->n_items; k++)
            if (config_holds_secret(value->items[k]))
                return true;
    }
    return false;
}
