/* A configuration read from JSON text by option tables. */
#include "config/config.h"

#include <string.h>

#include "base/text.h"
#include "config/aliases.h"
#include "config/complete.h"
#include "config/document.h"
#include "config/placeholders.h"
#include "config/read.h"
#include "config/values.h"

/* Whether a key at the top level is one of the option's fields. */
static bool has_fields_of(const cJSON *object, const struct tl_config *config,
                          const struct tl_option *option)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        if (complete_has_row(option->fields, member->string) &&
            !complete_is_known(config, member->string))
            return true;
    }
    return false;
}

/* Fields at the top level make the one object of an OBJECTS option that was not given. */
static enum tl_status read_fields_at_top(struct config_value *value,
                                         const struct tl_config *config, const cJSON *object,
                                         struct texts *wanted, struct tl_error *err)
{
    const struct tl_option *const tables[] = {value->option->fields, NULL};
    struct tl_config *item = values_new(value, tables, 0);

    if (item == NULL || !values_add_item(value, item)) {
        config_free(item);
        return tl_fail(err, TL_MEMORY, "out of memory for the configuration");
    }
    value->given = value->at_top = true;
    return read_members(item, object, config, wanted, "", err);
}

static enum tl_status read_all_fields_at_top(struct tl_config *config, const cJSON *object,
                                             struct texts *wanted, struct tl_error *err)
{
    for (size_t i = 0; i < config->n_values; i++) {
        struct config_value *value = &config->values[i];
        enum tl_status status;
        if (value->unread || value->n_items > 0 || value->option->kind != TL_OPTION_OBJECTS ||
            !has_fields_of(object, config, value->option))
            continue;
        status = read_fields_at_top(value, config, object, wanted, err);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

/* Keys that only placeholders name become secret texts. config has room for them. */
static enum tl_status read_wanted(struct tl_config *config, const cJSON *object,
                                  struct texts *wanted, struct tl_error *err)
{
    for (size_t i = 0; i < wanted->count; i++) {
        const char *name = wanted->list[i];
        const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
        struct config_value *value;
        enum tl_status status;
        if (member == NULL || values_find(config, name) != NULL)
            continue;
        value = values_add_own(config, name);
        if (value == NULL)
            return tl_fail(err, TL_MEMORY, "out of memory for the configuration");
        status = read_value(value, member, wanted, name, err);
        if (status != TL_OK)
            return status;
        value->here = value->given && !cJSON_IsObject(member);
    }
    return TL_OK;
}

static enum tl_status complete_all(struct tl_config *config, bool whole, struct tl_error *err)
{
    enum tl_status status = complete_defaults(config, whole, "", err);

    for (size_t i = 0; status == TL_OK && i < config->n_values; i++)
        if (config->values[i].at_top)
            status = complete_defaults(config->values[i].items[0], whole, "", err);
    return status;
}

/* How much of a configuration is wanted. */
struct extent {
    bool whole;                /* what is required must be there */
    const char *const *unread; /* of config_parse_part */
};

static void leave_unread(struct tl_config *config, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++) {
        struct config_value *value = values_find(config, *names);
        if (value != NULL)
            value->unread = true;
    }
}

/* Unknown keys are reported before missing ones: a key mistyped is both. */
static enum tl_status read_document(struct tl_config *config, cJSON *object,
                                    struct texts *wanted, const struct extent *extent,
                                    struct tl_error *err)
{
    enum tl_status status = document_check_keys(object, "", err);

    leave_unread(config, extent->unread);
    if (status == TL_OK)
        status = aliases_unfold(config, object, err);
    if (status == TL_OK)
        status = read_members(config, object, NULL, wanted, "", err);
    if (status == TL_OK)
        status = read_all_fields_at_top(config, object, wanted, err);
    if (status == TL_OK)
        status = complete_check_keys(config, object, wanted, "", err);
    if (status == TL_OK && extent->unread == NULL)
        status = read_wanted(config, object, wanted, err);
    if (status == TL_OK)
        status = complete_all(config, extent->whole, err);
    return status;
}

static enum tl_status parse(const char *json, size_t size,
                            const struct tl_option *const *tables, const struct extent *extent,
                            struct tl_config **out, struct tl_error *err)
{
    struct texts wanted = {0};
    struct tl_config *config = NULL;
    cJSON *document = NULL;
    enum tl_status status = document_parse(json, size, &document, err);

    if (status != TL_OK)
        goto done;
    if (!cJSON_IsObject(document)) {
        status =
            tl_fail(err, TL_CONFIGURATION, "it is %s: not an object", document_kind(document));
        goto done;
    }
    config = values_new(NULL, tables, (size_t)cJSON_GetArraySize(document));
    if (config == NULL || !placeholders_scan(&wanted, json, size)) {
        status = tl_fail(err, TL_MEMORY, "out of memory for the configuration");
        goto done;
    }
    status = read_document(config, document, &wanted, extent, err);
    if (status != TL_OK)
        goto done;
    *out = config;
    config = NULL;
done:
    config_free(config);
    texts_reset(&wanted);
    document_free(document);
    return status;
}

enum tl_status config_parse(const char *json, size_t size,
                            const struct tl_option *const *tables, struct tl_config **out,
                            struct tl_error *err)
{
    return parse(json, size, tables, &(struct extent){.whole = true}, out, err);
}

enum tl_status config_parse_part(const char *json, size_t size,
                                 const struct tl_option *const *tables,
                                 const char *const *unread, struct tl_config **out,
                                 struct tl_error *err)
{
    return parse(json, size, tables, &(struct extent){.unread = unread}, out, err);
}
