/* Options under other names, brought under their own before anything else looks at them. */
#include "config/aliases.h"

#include <string.h>

#include "base/text.h"
#include "config/convert.h"
#include "config/document.h"
#include "config/said.h"
#include "config/values.h"

static const struct tl_option *find_field(const struct tl_option *row, const char *name)
{
    for (const struct tl_option *field = row->fields; field->name != NULL; field++)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

static enum tl_status fail_unknown(const struct tl_option *row, const char *name,
                                   struct tl_error *err)
{
    const char *names[32] = {row->name};
    char shown[128];
    const char *nearest;

    for (size_t i = 0; i < 30 && row->fields[i].name != NULL; i++)
        names[i + 1] = row->fields[i].name;
    nearest = config_nearest(name, names);
    (void)text_safe(shown, sizeof(shown), name, strlen(name));
    return tl_fail(err, TL_CONFIGURATION, "unknown key \"%s.%s\"%s%s%s", row->name, shown,
                   nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                   nearest ? "\"?" : "");
}

/* Which of the choices the object makes. */
static enum tl_status read_choice(const struct tl_option *row, const cJSON *object,
                                  const char **out, struct tl_error *err)
{
    const cJSON *choice = cJSON_GetObjectItemCaseSensitive(object, row->name);
    char shown[80];

    if (choice == NULL)
        return tl_fail(err, TL_CONFIGURATION, "\"%s\" lacks its member \"%s\": one of %s",
                       row->name, row->name, row->choices);
    *out = cJSON_IsString(choice) ? choice->valuestring : "";
    if (convert_is_choice(row->choices, *out))
        return TL_OK;
    return tl_fail(err, TL_CONFIGURATION, "\"%s.%s\" is \"%s\": not one of %s", row->name,
                   row->name, text_safe(shown, sizeof(shown), *out, strlen(*out)),
                   row->choices);
}

/* Whether a key counts as given: null and an empty text do not. */
static bool is_given(const cJSON *member)
{
    return member != NULL && !cJSON_IsNull(member) &&
           !(cJSON_IsString(member) && *member->valuestring == '\0');
}

/* Whether the option is given under its own name as well, and not only as a form's default. */
static bool is_said_twice(const struct tl_config *config, const cJSON *document,
                          const char *name)
{
    const struct config_value *value = values_find(config, name);

    return value != NULL &&
           said(value->option, cJSON_GetObjectItemCaseSensitive(document, name));
}

static enum tl_status check_member(const struct tl_option *row, const struct tl_option *field,
                                   const char *choice, const struct tl_config *config,
                                   const cJSON *document, struct tl_error *err)
{
    if (!convert_is_choice(field->only_for, choice))
        return tl_fail(err, TL_CONFIGURATION, "\"%s.%s\" does not belong to %s", row->name,
                       field->name, choice);
    if (is_said_twice(config, document, field->stands_for)) {
        (void)tl_fail(err, TL_CONFIGURATION, "\"%s.%s\" and \"%s\" are both given", row->name,
                      field->name, field->stands_for);
        return tl_remedy(err, "They are two names for one thing: leave out one of them");
    }
    return TL_OK;
}

/* cJSON owns its keys; a copy made by its own allocator is given to it. */
static enum tl_status move_member(cJSON *object, const char *name, cJSON *document,
                                  const char *new_name, struct tl_error *err)
{
    cJSON *member = cJSON_DetachItemFromObjectCaseSensitive(object, name);

    cJSON_DeleteItemFromObjectCaseSensitive(document, new_name);
    if (cJSON_AddItemToObject(document, new_name, member))
        return TL_OK;
    document_free(member);
    return tl_fail(err, TL_MEMORY, "out of memory for the configuration");
}

static enum tl_status unfold(const struct tl_option *row, cJSON *object,
                             const struct tl_config *config, cJSON *document,
                             struct tl_error *err)
{
    const char *choice = NULL;
    cJSON *member = object->child;

    if (document_check_keys(object, row->name, err) != TL_OK ||
        read_choice(row, object, &choice, err) != TL_OK)
        return err->status;
    while (member != NULL) {
        cJSON *next = member->next;
        const struct tl_option *field = find_field(row, member->string);
        if (field == NULL && strcmp(member->string, row->name) != 0)
            return fail_unknown(row, member->string, err);
        if (field != NULL && is_given(member) &&
            (check_member(row, field, choice, config, document, err) != TL_OK ||
             move_member(object, field->name, document, field->stands_for, err) != TL_OK))
            return err->status;
        member = next;
    }
    return TL_OK;
}

/* Platforms that know only texts hand the object over as one. */
static enum tl_status unfold_text(const struct tl_option *row, const char *text,
                                  const struct tl_config *config, cJSON *document,
                                  struct tl_error *err)
{
    cJSON *object = NULL;
    enum tl_status status = TL_OK;

    if (*text == '\0')
        return TL_OK;
    if (document_parse(text, strlen(text), &object, err) != TL_OK)
        return tl_context(err, "\"%s\"", row->name);
    if (cJSON_IsObject(object))
        status = unfold(row, object, config, document, err);
    else
        status = tl_fail(err, TL_CONFIGURATION, "\"%s\" is %s: not an object", row->name,
                         document_kind(object));
    document_free(object);
    return status;
}

enum tl_status aliases_unfold(const struct tl_config *config, cJSON *document,
                              struct tl_error *err)
{
    enum tl_status status = TL_OK;

    for (size_t i = 0; status == TL_OK && i < config->n_values; i++) {
        const struct tl_option *row = config->values[i].option;
        cJSON *object;
        if (row == NULL || row->kind != TL_OPTION_ALIASES)
            continue;
        object = cJSON_DetachItemFromObjectCaseSensitive(document, row->name);
        if (cJSON_IsObject(object))
            status = unfold(row, object, config, document, err);
        else if (cJSON_IsString(object))
            status = unfold_text(row, object->valuestring, config, document, err);
        else if (object != NULL && !cJSON_IsNull(object))
            status = tl_fail(err, TL_CONFIGURATION, "\"%s\" is %s: not an object", row->name,
                             document_kind(object));
        document_free(object);
    }
    return status;
}
