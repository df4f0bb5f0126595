/* Values read from the members of a JSON object: native, as texts, or from elsewhere. */
#include "config/read.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "config/complete.h"
#include "config/convert.h"
#include "config/document.h"
#include "config/lines.h"
#include "config/reference.h"
#include "config/said.h"
#include "towline/log.h"
#include "towline/stream.h"

enum { PATH_BYTES = 160 };

static enum tl_status fail_memory(struct tl_error *err)
{
    return tl_fail(err, TL_MEMORY, "out of memory for the configuration");
}

static enum tl_status fail_kind(const struct config_value *value, const cJSON *member,
                                const char *path, struct tl_error *err)
{
    static const char *const expected[] = {
        [TL_OPTION_TEXT] = "a text",       [TL_OPTION_INTEGER] = "a number",
        [TL_OPTION_SECONDS] = "a number",  [TL_OPTION_BOOLEAN] = "true or false",
        [TL_OPTION_CHOICE] = "a text",     [TL_OPTION_LIST] = "a list of texts",
        [TL_OPTION_COLUMNS] = "an object", [TL_OPTION_MAP] = "an object",
        [TL_OPTION_JSON] = "JSON",         [TL_OPTION_OBJECTS] = "an array of objects",
        [TL_OPTION_ALIASES] = "an object",
    };
    return tl_fail(err, TL_CONFIGURATION, "\"%s\" is %s: not %s", path, document_kind(member),
                   values_has_flag(value, TL_OPTION_ONE) ? "an object"
                                                         : expected[value->option->kind]);
}

/* A key may be given with \n escapes, and is then shown by others with its real lines. */
static void register_secret(const char *text)
{
    struct buf lines = BUF_INIT(CONFIG_MAX_BYTES);
    const char *next;

    tl_log_add_secret(text, strlen(text));
    if (strstr(text, "\\n") == NULL)
        return;
    for (; (next = strstr(text, "\\n")) != NULL; text = next + 2) {
        buf_append(&lines, text, (size_t)(next - text));
        buf_append_char(&lines, '\n');
    }
    buf_append_string(&lines, text);
    tl_log_add_secret(buf_text(&lines), lines.size);
    buf_wipe(&lines);
}

static enum tl_status take_text(struct config_value *value, const char *path, const char *text,
                                struct tl_error *err)
{
    if (values_has_flag(value, TL_OPTION_SECRET))
        register_secret(text);
    return convert_text(value, path, text, err);
}

/* The object of a value by a table of its own. *out is the caller's, whether it fails or not.
 */
static enum tl_status read_fields(const struct config_value *value,
                                  const struct tl_option *fields, const cJSON *object,
                                  struct texts *wanted, const char *path,
                                  struct tl_config **out, struct tl_error *err)
{
    const struct tl_option *const tables[] = {fields, NULL};
    struct tl_config *item = *out = values_new(value, tables, 0);
    char prefix[PATH_BYTES];
    enum tl_status status;

    if (item == NULL)
        return fail_memory(err);
    (void)snprintf(prefix, sizeof(prefix), "%s.", path);
    status = document_check_keys(object, path, err);
    if (status == TL_OK)
        status = read_members(item, object, NULL, wanted, prefix, err);
    if (status == TL_OK)
        status = complete_check_keys(item, object, NULL, prefix, err);
    if (status == TL_OK)
        status = complete_defaults(item, true, prefix, err);
    return status;
}

static enum tl_status read_item(struct config_value *value, const cJSON *object,
                                struct texts *wanted, const char *path, struct tl_error *err)
{
    struct tl_config *item;
    enum tl_status status =
        read_fields(value, value->option->fields, object, wanted, path, &item, err);

    if (item == NULL || !values_add_item(value, item)) {
        config_free(item);
        return status != TL_OK ? status : fail_memory(err);
    }
    value->given = true;
    return status;
}

/* An object whose first field is that text. */
static enum tl_status read_short_item(struct config_value *value, const char *text, size_t size,
                                      struct texts *wanted, const char *path,
                                      struct tl_error *err)
{
    char *copy = text_copy(text, size);
    cJSON *object = cJSON_CreateObject();
    enum tl_status status;

    if (copy == NULL ||
        cJSON_AddStringToObject(object, value->option->fields->name, copy) == NULL)
        status = fail_memory(err);
    else
        status = read_item(value, object, wanted, path, err);
    document_free(object);
    free(copy);
    return status;
}

static enum tl_status read_shorthand(struct config_value *value, const char *text,
                                     struct texts *wanted, const char *path,
                                     struct tl_error *err)
{
    static const char blanks[] = " \t\r\n";
    enum tl_status status = TL_OK;

    while (status == TL_OK) {
        size_t size = strcspn(text += strspn(text, blanks), ","), length = size;
        while (size > 0 && strchr(blanks, text[size - 1]) != NULL)
            size--;
        if (size == 0)
            return tl_fail(err, TL_CONFIGURATION,
                           "\"%s\" is not a list with something between its commas", path);
        status = read_short_item(value, text, size, wanted, path, err);
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    return status;
}

/* An item for each line of a file. */
static enum tl_status read_lines(struct config_value *value, const char *text,
                                 struct texts *wanted, const char *path, struct tl_error *err)
{
    struct lines lines = lines_of(text);
    enum tl_status status = TL_OK;

    while (status == TL_OK && lines_next(&lines)) {
        char line_path[PATH_BYTES];
        (void)snprintf(line_path, sizeof(line_path), "%s, line %zu", path, lines.number);
        status = read_short_item(value, lines.line, lines.size, wanted, line_path, err);
    }
    if (status == TL_OK && value->n_items == 0)
        status = tl_fail(err, TL_CONFIGURATION, "\"%s\": there is nothing in the file", path);
    return status;
}

static enum tl_status read_file_of_lines(struct config_value *value, const char *file,
                                         struct texts *wanted, const char *path,
                                         struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = config_read_file(file, &text, NULL, err);

    if (status == TL_OK) {
        status = read_lines(value, buf_text(&text), wanted, path, err);
    } else {
        (void)tl_context(err, "\"%s\"", path);
        if (strchr(file, '/') == NULL)
            (void)tl_remedy(err, "Check the path; a single name is written [\"%s\"]", file);
    }
    buf_free(&text);
    return status;
}

/* "[::1]:22" is an address and no array. */
static bool is_json(const char *text)
{
    text += strspn(text, " \t\r\n");
    return *text == '{' ||
           (*text == '[' && text[1 + strspn(text + 1, "0123456789abcdefABCDEF")] != ':');
}

static enum tl_status read_text(struct config_value *value, const char *text,
                                struct texts *wanted, const char *path, struct tl_error *err)
{
    enum tl_option_kind kind = value->option->kind;
    cJSON *document = NULL;
    enum tl_status status;

    if (*text == '\0' && !values_has_flag(value, TL_OPTION_EMPTY))
        return TL_OK;
    if (kind != TL_OPTION_OBJECTS && kind != TL_OPTION_COLUMNS && kind != TL_OPTION_MAP &&
        !(kind == TL_OPTION_LIST && *text == '[')) {
        value->given = true;
        return take_text(value, path, text, err);
    }
    if (values_has_flag(value, TL_OPTION_IN_FILE) && !is_json(text) &&
        strpbrk(text, ",\n") == NULL)
        return read_file_of_lines(value, text, wanted, path, err);
    if (values_has_flag(value, TL_OPTION_SHORTHAND) && !is_json(text))
        return read_shorthand(value, text, wanted, path, err);
    if (document_parse(text, strlen(text), &document, err) != TL_OK)
        return tl_context(err, "\"%s\"", path);
    status = cJSON_IsString(document) ? fail_kind(value, document, path, err)
                                      : read_value(value, document, wanted, path, err);
    document_free(document);
    return status;
}

static enum tl_status read_reference(struct config_value *value, const cJSON *reference,
                                     struct texts *wanted, const char *path,
                                     struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = reference_resolve(value, reference, path, &text, err);

    if (status == TL_OK && !placeholders_scan(wanted, buf_text(&text), text.size))
        status = fail_memory(err);
    if (status != TL_OK)
        ; /* err says why */
    else if (values_has_flag(value, TL_OPTION_IN_FILE) && !is_json(buf_text(&text)) &&
             strcmp(reference->string, "file") == 0)
        status = read_lines(value, buf_text(&text), wanted, path, err);
    else
        status = read_text(value, buf_text(&text), wanted, path, err);
    buf_wipe(&text);
    return status;
}

/* One element of a list or map, as the text it stands for. */
static enum tl_status read_list_item(struct config_value *value, const cJSON *item,
                                     const char *path, struct tl_error *err)
{
    const cJSON *reference = reference_in(value, item);
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = TL_OK;

    if (reference != NULL)
        status = reference_resolve(value, reference, path, &text, err);
    else if (cJSON_IsObject(item) || cJSON_IsArray(item) || cJSON_IsNull(item))
        status = tl_fail(err, TL_CONFIGURATION, "\"%s\" is %s: not a text", path,
                         document_kind(item));
    else if (!document_print(item, &text))
        status = tl_fail(err, TL_CONFIGURATION,
                         "\"%s\" is too large a number: write it as text", path);
    if (status == TL_OK && !texts_add(&value->texts, buf_text(&text), text.size))
        status = fail_memory(err);
    if (status == TL_OK && values_has_flag(value, TL_OPTION_SECRET))
        register_secret(buf_text(&text));
    buf_wipe(&text);
    return status;
}

static enum tl_status read_list(struct config_value *value, const cJSON *array,
                                const char *path, struct tl_error *err)
{
    const cJSON *item;
    size_t index = 0;

    cJSON_ArrayForEach(item, array)
    {
        char item_path[PATH_BYTES];
        enum tl_status status;
        (void)snprintf(item_path, sizeof(item_path), "%s[%zu]", path, index++);
        status = read_list_item(value, item, item_path, err);
        if (status != TL_OK)
            return status;
    }
    value->given = value->texts.count > 0;
    return TL_OK;
}

/* {"type": "DECIMAL", "precision": 10, "scale": 2}, as the text that means the same. */
static enum tl_status print_column(const struct config_value *value, const cJSON *object,
                                   struct texts *wanted, const char *path, struct buf *out,
                                   struct tl_error *err)
{
    static const struct tl_option fields[] = {
        {.name = "type", .kind = TL_OPTION_TEXT, .flags = TL_OPTION_REQUIRED},
        {.name = "precision", .kind = TL_OPTION_INTEGER, .min = 1, .max = TL_PRECISION_MAX},
        {.name = "scale", .kind = TL_OPTION_INTEGER, .min = 0, .max = TL_PRECISION_MAX},
        {.name = NULL}};
    struct tl_config *column;
    enum tl_status status = read_fields(value, fields, object, wanted, path, &column, err);
    bool sized = status == TL_OK && tl_config_given(column, "precision");

    if (status == TL_OK)
        buf_append_string(out, tl_config_text(column, "type"));
    if (sized)
        buf_printf(out, "(%" PRId64 ",%" PRId64 ")", tl_config_integer(column, "precision"),
                   tl_config_integer(column, "scale"));
    else if (status == TL_OK && tl_config_given(column, "scale"))
        status = tl_fail(err, TL_CONFIGURATION, "\"%s\" has a scale but no precision", path);
    config_free(column);
    return status;
}

static enum tl_status read_column(struct config_value *value, const cJSON *column,
                                  struct texts *wanted, const char *path, struct tl_error *err)
{
    struct buf type = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = TL_OK;

    if (cJSON_IsString(column))
        buf_append_string(&type, column->valuestring);
    else if (cJSON_IsObject(column))
        status = print_column(value, column, wanted, path, &type, err);
    else
        status = tl_fail(err, TL_CONFIGURATION, "\"%s\" is %s: not a type's name", path,
                         document_kind(column));
    if (status == TL_OK && (!texts_add(&value->texts, column->string, strlen(column->string)) ||
                            !texts_add(&value->texts, buf_text(&type), type.size)))
        status = fail_memory(err);
    buf_free(&type);
    return status;
}

static enum tl_status read_columns(struct config_value *value, const cJSON *object,
                                   struct texts *wanted, const char *path, struct tl_error *err)
{
    enum tl_status status = document_check_keys(object, path, err);
    const cJSON *column;

    cJSON_ArrayForEach(column, object)
    {
        char column_path[PATH_BYTES];
        if (status != TL_OK)
            return status;
        (void)snprintf(column_path, sizeof(column_path), "%s.%s", path, column->string);
        status = read_column(value, column, wanted, column_path, err);
    }
    value->given = value->texts.count > 0;
    return status;
}

static enum tl_status read_map(struct config_value *value, const cJSON *object,
                               const char *path, struct tl_error *err)
{
    enum tl_status status = document_check_keys(object, path, err);
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        char member_path[PATH_BYTES];
        if (status != TL_OK)
            return status;
        (void)snprintf(member_path, sizeof(member_path), "%s.%s", path, member->string);
        if (!texts_add(&value->texts, member->string, strlen(member->string)))
            return fail_memory(err);
        status = read_list_item(value, member, member_path, err);
    }
    value->given = value->texts.count > 0;
    return status;
}

/* Native JSON stands for its text. */
static enum tl_status read_json(struct config_value *value, const cJSON *json, const char *path,
                                struct tl_error *err)
{
    char *text = cJSON_PrintUnformatted(json);
    enum tl_status status = text ? take_text(value, path, text, err) : fail_memory(err);

    value->given = true;
    if (text != NULL)
        text_wipe(text, strlen(text));
    cJSON_free(text);
    return status;
}

static enum tl_status read_items(struct config_value *value, const cJSON *array,
                                 struct texts *wanted, const char *path, struct tl_error *err)
{
    const cJSON *item;
    size_t index = 0;

    cJSON_ArrayForEach(item, array)
    {
        char item_path[PATH_BYTES];
        enum tl_status status;
        (void)snprintf(item_path, sizeof(item_path), "%s[%zu]", path, index++);
        if (cJSON_IsArray(item) || cJSON_IsNull(item))
            return tl_fail(err, TL_CONFIGURATION, "\"%s\" is %s: not an object", item_path,
                           document_kind(item));
        if (cJSON_IsString(item) && values_has_flag(value, TL_OPTION_SHORTHAND))
            status = read_shorthand(value, item->valuestring, wanted, item_path, err);
        else
            status = read_value(value, item, wanted, item_path, err);
        if (status != TL_OK)
            return status;
    }
    return TL_OK;
}

static enum tl_status read_scalar(struct config_value *value, const cJSON *scalar,
                                  const char *path, struct tl_error *err)
{
    struct buf text = BUF_INIT(64);
    enum tl_status status;

    if (document_print(scalar, &text)) {
        value->given = true;
        status = take_text(value, path, buf_text(&text), err);
    } else {
        status = tl_fail(err, TL_CONFIGURATION,
                         "\"%s\" is too large a number: write it as text", path);
    }
    buf_wipe(&text);
    return status;
}

enum tl_status read_value(struct config_value *value, const cJSON *member, struct texts *wanted,
                          const char *path, struct tl_error *err)
{
    enum tl_option_kind kind = value->option->kind;
    const cJSON *reference = reference_in(value, member);

    if (cJSON_IsNull(member))
        return TL_OK;
    if (reference != NULL)
        return read_reference(value, reference, wanted, path, err);
    if (cJSON_IsString(member))
        return read_text(value, member->valuestring, wanted, path, err);
    if (kind == TL_OPTION_LIST && cJSON_IsArray(member))
        return read_list(value, member, path, err);
    if (kind == TL_OPTION_COLUMNS && cJSON_IsObject(member))
        return read_columns(value, member, wanted, path, err);
    if (kind == TL_OPTION_MAP && cJSON_IsObject(member))
        return read_map(value, member, path, err);
    if (kind == TL_OPTION_JSON && (cJSON_IsObject(member) || cJSON_IsArray(member)))
        return read_json(value, member, path, err);
    if (kind == TL_OPTION_OBJECTS && cJSON_IsArray(member) &&
        !values_has_flag(value, TL_OPTION_ONE))
        return read_items(value, member, wanted, path, err);
    if (values_has_flag(value, TL_OPTION_ONE) && cJSON_IsObject(member) &&
        !said(value->option, member))
        return TL_OK;
    if (kind == TL_OPTION_OBJECTS && cJSON_IsObject(member))
        return read_item(value, member, wanted, path, err);
    if (kind == TL_OPTION_COLUMNS || kind == TL_OPTION_MAP || kind == TL_OPTION_OBJECTS ||
        cJSON_IsObject(member) || cJSON_IsArray(member))
        return fail_kind(value, member, path, err);
    return read_scalar(value, member, path, err);
}

/* Under the option's name or its other one; under both is an error. */
static enum tl_status find_member(const cJSON *object, const struct config_value *value,
                                  const char *path, const cJSON **out, struct tl_error *err)
{
    const char *alias = value->option->alias;
    const cJSON *other = alias ? cJSON_GetObjectItemCaseSensitive(object, alias) : NULL;

    *out = cJSON_GetObjectItemCaseSensitive(object, value->option->name);
    if (other == NULL)
        return TL_OK;
    if (said(value->option, *out) && said(value->option, other))
        return tl_fail(err, TL_CONFIGURATION,
                       "\"%s%s\" and \"%s%s\" mean the same: give one of them", path,
                       value->option->name, path, alias);
    if (!said(value->option, *out))
        *out = other;
    return TL_OK;
}

enum tl_status read_members(struct tl_config *config, const cJSON *object,
                            const struct tl_config *outer, struct texts *wanted,
                            const char *path, struct tl_error *err)
{
    for (size_t i = 0; i < config->n_values; i++) {
        struct config_value *value = &config->values[i];
        const cJSON *member;
        char key[PATH_BYTES];
        enum tl_status status;
        if (value->unread)
            continue;
        status = find_member(object, value, path, &member, err);
        if (status != TL_OK)
            return status;
        if (member == NULL ||
            (outer != NULL && values_find(outer, value->option->name) != NULL))
            continue;
        (void)snprintf(key, sizeof(key), "%s%s", path, member->string);
        status = read_value(value, member, wanted, key, err);
        if (status != TL_OK)
            return status;
        value->here = value->given && reference_in(value, member) == NULL;
    }
    return TL_OK;
}
