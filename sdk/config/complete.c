/* What is left when the values were read: keys that nobody knows, defaults, missing keys. */
#include "config/complete.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/convert.h"
#include "config/document.h"

static bool is_name_of(const struct tl_option *row, const char *name)
{
    return strcmp(row->name, name) == 0 ||
           (row->alias != NULL && strcmp(row->alias, name) == 0);
}

bool complete_has_row(const struct tl_option *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (is_name_of(table, name))
            return true;
    return false;
}

bool complete_is_known(const struct tl_config *config, const char *key)
{
    for (size_t i = 0; i < config->n_values; i++)
        if (is_name_of(config->values[i].option, key))
            return true;
    return false;
}

/* The value among whose fields the name is; NULL if none. */
static const struct config_value *owner_of_field(const struct tl_config *config,
                                                 const char *name)
{
    for (size_t i = 0; i < config->n_values; i++)
        if (complete_has_row(config->values[i].option->fields, name))
            return &config->values[i];
    return NULL;
}

static size_t add_names(const char **names, size_t count, const struct tl_option *table)
{
    for (; table != NULL && table->name != NULL; table++)
        names[count++] = table->name;
    return count;
}

static size_t count_names(const struct tl_config *config, const struct texts *wanted)
{
    size_t count = config->n_values + (wanted ? wanted->count : 0);

    for (size_t i = 0; wanted != NULL && i < config->n_values; i++)
        for (const struct tl_option *row = config->values[i].option->fields;
             row != NULL && row->name != NULL; row++)
            count++;
    return count;
}

/* The known name nearest to an unknown key; NULL if none is near or memory ran out. */
static const char *nearest_to(const char *key, const struct tl_config *config,
                              const struct texts *wanted)
{
    const char **names = calloc(count_names(config, wanted) + 1, sizeof(*names));
    const char *nearest = NULL;
    size_t count = 0;

    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < config->n_values; i++)
        names[count++] = config->values[i].option->name;
    for (size_t i = 0; wanted != NULL && i < config->n_values; i++)
        count = add_names(names, count, config->values[i].option->fields);
    for (size_t i = 0; wanted != NULL && i < wanted->count; i++)
        names[count++] = wanted->list[i];
    nearest = config_nearest(key, names);
    free(names);
    return nearest;
}

/* A key of what the item stands in, further out: the answer to "unknown" is where it goes. */
static enum tl_status fail_too_deep(const struct config_value *inside, const char *key,
                                    const char *path, struct tl_error *err)
{
    (void)tl_fail(err, TL_CONFIGURATION, "\"%s%s\" stands inside \"%s\"", path, key,
                  inside->option->name);
    if (inside->config->inside == NULL)
        return tl_remedy(err, "Put it at the top level");
    return tl_remedy(err, "Put it beside \"%s\"", inside->option->name);
}

/* The value that the key should stand beside, not inside; NULL if there is none. */
static const struct config_value *find_outside(const struct tl_config *config, const char *key)
{
    const struct config_value *inside = config->inside;

    while (inside != NULL && !complete_is_known(inside->config, key))
        inside = inside->config->inside;
    return inside;
}

static enum tl_status fail_unknown(const struct tl_config *config, const char *key,
                                   const struct texts *wanted, const char *path,
                                   struct tl_error *err)
{
    const char *nearest = nearest_to(key, config, wanted);
    const struct config_value *inside = find_outside(config, key);
    char shown[128];

    if (inside != NULL)
        return fail_too_deep(inside, key, path, err);
    (void)text_safe(shown, sizeof(shown), key, strlen(key));
    if (nearest == NULL)
        return tl_fail(err, TL_CONFIGURATION, "unknown key \"%s%s\"", path, shown);
    return tl_fail(err, TL_CONFIGURATION, "unknown key \"%s%s\"; did you mean \"%s\"?", path,
                   shown, nearest);
}

/* A key of what stands here, further in. */
static enum tl_status fail_too_high(const struct config_value *owner, const char *key,
                                    const char *path, struct tl_error *err)
{
    bool one = (owner->option->flags & TL_OPTION_ONE) != 0;

    (void)tl_fail(err, TL_CONFIGURATION, "\"%s%s\" stands %s \"%s\"", path, key,
                  owner->given ? "beside" : "outside of", owner->option->name);
    return tl_remedy(err, "Put it inside %s\"%s\"",
                     owner->option->kind == TL_OPTION_OBJECTS && !one ? "an element of " : "",
                     owner->option->name);
}

enum tl_status complete_check_keys(const struct tl_config *config, const cJSON *object,
                                   const struct texts *wanted, const char *path,
                                   struct tl_error *err)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        const struct config_value *owner = owner_of_field(config, member->string);
        if (document_is_comment(member) || complete_is_known(config, member->string) ||
            (wanted != NULL && texts_have(wanted, member->string)))
            continue;
        if (owner == NULL)
            return fail_unknown(config, member->string, wanted, path, err);
        if (!owner->at_top && !owner->unread)
            return fail_too_high(owner, member->string, path, err);
    }
    return TL_OK;
}

/* Whether another option makes up for a required one. */
static bool is_excused(const struct tl_config *config, const struct tl_option *option)
{
    const char *choices = option->unless ? strchr(option->unless, '=') : NULL;
    char name[64];
    const char *value;

    if (choices == NULL)
        return option->unless != NULL && tl_config_given(config, option->unless);
    (void)snprintf(name, sizeof(name), "%.*s", (int)(choices - option->unless), option->unless);
    value = tl_config_given(config, name) ? tl_config_text(config, name) : NULL;
    for (const char *at = choices; value != NULL && at != NULL; at = strchr(at, '|')) {
        size_t size = strcspn(++at, "|");
        if (strlen(value) == size && strncmp(value, at, size) == 0)
            return true;
    }
    return false;
}

static enum tl_status fail_missing(const struct tl_option *option, const char *path,
                                   struct tl_error *err)
{
    (void)tl_fail(err, TL_CONFIGURATION, "\"%s%s\" is missing", path, option->name);
    if (option->unless != NULL && strchr(option->unless, '=') == NULL)
        return tl_remedy(err, "Give \"%s\", or else \"%s\"", option->name, option->unless);
    if (option->kind != TL_OPTION_OBJECTS)
        return tl_remedy(err, "Give \"%s\": %s", option->name, option->help);
    return tl_remedy(err, "Give \"%s\", or the fields of one at the top level (\"%s\" ...)",
                     option->name, option->fields->name);
}

enum tl_status complete_defaults(struct tl_config *config, bool whole, const char *path,
                                 struct tl_error *err)
{
    for (size_t i = 0; i < config->n_values; i++) {
        struct config_value *value = &config->values[i];
        const struct tl_option *option = value->option;
        if (value->given)
            continue;
        if (whole && (option->flags & TL_OPTION_REQUIRED) != 0 && !is_excused(config, option))
            return fail_missing(option, path, err);
        if (option->fallback != NULL &&
            convert_text(value, option->name, option->fallback, err) != TL_OK)
            return tl_context(err, "the default");
    }
    return TL_OK;
}
