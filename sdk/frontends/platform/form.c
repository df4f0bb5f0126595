/* A configuration as a form: the option tables as JSON Schema. */
#include "frontends/platform/form.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "config/convert.h"

enum { CHOICE_BYTES = 64 };

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static bool is_acronym(const char *word, size_t size)
{
    static const char *const acronyms[] = {"ssh", "api", "sha256", "utf8", "url", "id",
                                           "tcp", "tls", "http",   "json", NULL};

    for (size_t i = 0; acronyms[i] != NULL; i++)
        if (strlen(acronyms[i]) == size && memcmp(acronyms[i], word, size) == 0)
            return true;
    return false;
}

void form_append_title(struct buf *out, const char *name)
{
    bool first = true;

    while (*name != '\0') {
        size_t size = strcspn(name, "_");
        bool acronym = is_acronym(name, size);
        if (!first)
            buf_append_char(out, ' ');
        for (size_t i = 0; i < size; i++)
            buf_append_char(out, (char)(acronym || (first && i == 0)
                                            ? toupper((unsigned char)name[i])
                                            : name[i]));
        first = false;
        name += size;
        name += *name == '_';
    }
}

static void append_title(struct buf *out, const char *name)
{
    buf_append_string(out, "\"title\":\"");
    form_append_title(out, name);
    buf_append_char(out, '"');
}

void form_append_sentence(struct buf *out, const struct tl_option *option)
{
    buf_printf(out, "%c%s.%s", toupper((unsigned char)option->help[0]), option->help + 1,
               option->kind == TL_OPTION_SECONDS ? " In seconds." : "");
}

/* How a line of text holds it. */
static const char *text_form(const struct tl_option *option)
{
    switch (option->kind) {
    case TL_OPTION_LIST:
        return (option->flags & TL_OPTION_BLANKS) != 0 ? "" : " Several have commas between.";
    case TL_OPTION_COLUMNS:
    case TL_OPTION_MAP:
        return " As JSON: {\"name\": \"...\"}.";
    default:
        return "";
    }
}

static void append_help(struct buf *out, const struct tl_option *option,
                        enum form_dialect dialect)
{
    struct buf text = BUF_INIT(4096);

    form_append_sentence(&text, option);
    buf_append_string(&text, dialect == FORM_AIRBYTE ? text_form(option) : "");
    buf_append_string(out, ",\"description\":");
    append_string(out, buf_text(&text));
    buf_free(&text);
}

static void append_choices(struct buf *out, const char *choices)
{
    buf_append_string(out, ",\"enum\":[");
    for (size_t size; *choices != '\0'; choices += size + (choices[size] == '|')) {
        size = strcspn(choices, "|");
        text_append_json(out, choices, size);
        if (choices[size] == '|')
            buf_append_char(out, ',');
    }
    buf_append_char(out, ']');
}

/* Lists and objects may be written as text, too. Airbyte's forms know one type for each field:
 * one that takes several has none there, and is shown as a line of text. */
static bool is_text_too(const struct tl_option *option)
{
    return option->kind == TL_OPTION_LIST || option->kind == TL_OPTION_COLUMNS ||
           option->kind == TL_OPTION_MAP || option->kind == TL_OPTION_JSON;
}

/* The default in the option's own JSON type. */
static void append_default(struct buf *out, const struct tl_option *option,
                           enum form_dialect dialect)
{
    bool in_list = option->kind == TL_OPTION_LIST && dialect != FORM_AIRBYTE;

    if (option->fallback == NULL || (option->flags & TL_OPTION_UNSAID) != 0)
        return;
    buf_append_string(out, in_list ? ",\"default\":[" : ",\"default\":");
    if (option->kind == TL_OPTION_INTEGER || option->kind == TL_OPTION_BOOLEAN)
        buf_append_string(out, option->fallback);
    else
        append_string(out, option->fallback);
    buf_append_string(out, in_list ? "]" : "");
}

static void append_fields(struct buf *out, const struct tl_option *fields,
                          enum form_dialect dialect)
{
    const struct tl_option *const tables[] = {fields, NULL};
    form_append(out, tables, dialect);
}

static void append_kind(struct buf *out, const struct tl_option *option,
                        enum form_dialect dialect)
{
    bool one = (option->flags & TL_OPTION_ONE) != 0;

    if (dialect == FORM_AIRBYTE && is_text_too(option))
        return;
    switch (option->kind) {
    case TL_OPTION_INTEGER:
        buf_printf(out, ",\"type\":\"integer\",\"minimum\":%" PRId64 ",\"maximum\":%" PRId64,
                   option->min, option->max);
        break;
    case TL_OPTION_SECONDS:
        buf_append_string(out, ",\"type\":\"string\",\"pattern\":"
                               "\"^(none|[0-9]+(\\\\.[0-9]+)?)$\"");
        if (dialect == FORM_AIRBYTE)
            buf_append_string(out, ",\"pattern_descriptor\":\"seconds, or none\"");
        break;
    case TL_OPTION_BOOLEAN:
        buf_append_string(out, ",\"type\":\"boolean\"");
        break;
    case TL_OPTION_LIST:
        buf_append_string(out, ",\"type\":\"array\",\"items\":{\"type\":\"string\"}");
        break;
    case TL_OPTION_COLUMNS:
        buf_append_string(out, ",\"type\":\"object\",\"additionalProperties\":"
                               "{\"type\":[\"string\",\"object\"]}");
        break;
    case TL_OPTION_MAP:
        buf_append_string(out, ",\"type\":\"object\",\"additionalProperties\":"
                               "{\"type\":\"string\"}");
        break;
    case TL_OPTION_OBJECTS:
        buf_append_string(out, one ? "," : ",\"type\":\"array\",\"items\":{");
        append_fields(out, option->fields, dialect);
        buf_append_string(out, one ? "" : "}");
        break;
    default:
        buf_append_string(out, ",\"type\":\"string\"");
        if (option->choices != NULL)
            append_choices(out, option->choices);
    }
}

static void append_marks(struct buf *out, const struct tl_option *option,
                         enum form_dialect dialect)
{
    bool secret = (option->flags & TL_OPTION_SECRET) != 0;
    bool multiline = (option->flags & TL_OPTION_MULTILINE) != 0;
    bool local = (option->flags & TL_OPTION_LOCAL) != 0;

    if (dialect == FORM_SINGER) {
        buf_append_string(out, secret ? ",\"secret\":true,\"writeOnly\":true" : "");
        return;
    }
    buf_append_string(out, secret ? ",\"airbyte_secret\":true" : "");
    buf_append_string(out, multiline ? ",\"multiline\":true" : "");
    buf_append_string(out, local ? ",\"airbyte_hidden\":true" : "");
    if (option->example != NULL && option->kind == TL_OPTION_TEXT) {
        buf_append_string(out, ",\"examples\":[");
        append_string(out, option->example);
        buf_append_char(out, ']');
    }
}

/* The members of one property's schema, under the title that `name` makes. */
static void append_property(struct buf *out, const char *name, const struct tl_option *option,
                            enum form_dialect dialect)
{
    append_title(out, name);
    append_help(out, option, dialect);
    append_kind(out, option, dialect);
    append_default(out, option, dialect);
    append_marks(out, option, dialect);
}

static const struct tl_option *find(const struct tl_option *const *tables, const char *name)
{
    for (; *tables != NULL; tables++)
        for (const struct tl_option *row = *tables; row->name != NULL; row++)
            if (strcmp(row->name, name) == 0)
                return row;
    return NULL;
}

/* Whether a choice cannot do without the option. */
static bool is_needed(const struct tl_option *option)
{
    return (option->flags & (TL_OPTION_REQUIRED | TL_OPTION_ASKED)) != 0;
}

/* `choice` is shorter than CHOICE_BYTES. */
static void append_choice(struct buf *out, const struct tl_option *row, const char *choice,
                          const struct tl_option *const *tables, enum form_dialect dialect)
{
    struct buf required = BUF_INIT(4096);
    char title[CHOICE_BYTES] = "";
    int order = 0;

    for (size_t i = 0; choice[i] != '\0'; i++)
        title[i] = (char)tolower((unsigned char)choice[i]);
    buf_append_char(out, '{');
    append_title(out, title);
    buf_append_string(out, ",\"type\":\"object\",\"properties\":{");
    append_string(out, row->name);
    buf_append_string(out, ":{\"type\":\"string\",\"const\":");
    append_string(out, choice);
    buf_append_string(out, ",\"order\":0}");
    for (const struct tl_option *field = row->fields; field->name != NULL; field++) {
        const struct tl_option *option = find(tables, field->stands_for);
        if (option == NULL || !convert_is_choice(field->only_for, choice))
            continue;
        buf_printf(out, ",\"%s\":{", field->name);
        append_property(out, field->name, option, dialect);
        buf_printf(out, ",\"order\":%d}", ++order);
        if (is_needed(option))
            buf_printf(&required, ",\"%s\"", field->name);
    }
    buf_printf(out, "},\"required\":[\"%s\"%s]}", row->name, buf_text(&required));
    buf_free(&required);
}

/* Other names for options: one of several objects, told apart by a constant. */
static void append_aliases(struct buf *out, const struct tl_option *row,
                           const struct tl_option *const *tables, enum form_dialect dialect)
{
    const char *choices = row->choices;

    append_title(out, row->name);
    append_help(out, row, dialect);
    buf_append_string(out, ",\"type\":\"object\",\"oneOf\":[");
    for (size_t size; *choices != '\0'; choices += size + (choices[size] == '|')) {
        char choice[CHOICE_BYTES];
        size = strcspn(choices, "|");
        if (size >= sizeof(choice))
            continue;
        memcpy(choice, choices, size);
        choice[size] = '\0';
        append_choice(out, row, choice, tables, dialect);
        if (choices[size] == '|')
            buf_append_char(out, ',');
    }
    buf_append_char(out, ']');
    if (dialect == FORM_AIRBYTE)
        buf_append_string(out, ",\"display_type\":\"radio\"");
}

/* An option that has another name as well need not be given under its own. */
static bool has_alias(const struct tl_option *const *tables, const char *name)
{
    for (; *tables != NULL; tables++)
        for (const struct tl_option *row = *tables; row->name != NULL; row++) {
            const struct tl_option *field = row->kind == TL_OPTION_ALIASES ? row->fields : NULL;
            for (; field != NULL && field->name != NULL; field++)
                if (strcmp(field->stands_for, name) == 0)
                    return true;
        }
    return false;
}

static void append_required(struct buf *out, const struct tl_option *const *tables)
{
    bool first = true;

    buf_append_string(out, ",\"required\":[");
    for (const struct tl_option *const *table = tables; *table != NULL; table++)
        for (const struct tl_option *row = *table; row->name != NULL; row++) {
            if ((row->flags & TL_OPTION_REQUIRED) == 0 || row->unless != NULL ||
                has_alias(tables, row->name))
                continue;
            buf_printf(out, "%s\"%s\"", first ? "" : ",", row->name);
            first = false;
        }
    buf_append_char(out, ']');
}

/* The properties that are for advanced users, or those that are not; *order counts them. */
static void append_properties(struct buf *out, const struct tl_option *const *tables,
                              bool advanced, enum form_dialect dialect, int *order)
{
    for (const struct tl_option *const *table = tables; *table != NULL; table++)
        for (const struct tl_option *row = *table; row->name != NULL; row++) {
            if (((row->flags & TL_OPTION_ADVANCED) != 0) != advanced)
                continue;
            buf_printf(out, "%s\"%s\":{", *order > 0 ? "," : "", row->name);
            if (row->kind == TL_OPTION_ALIASES)
                append_aliases(out, row, tables, dialect);
            else
                append_property(out, row->name, row, dialect);
            if (dialect == FORM_AIRBYTE)
                buf_printf(out, ",\"order\":%d", *order);
            buf_append_char(out, '}');
            ++*order;
        }
}

void form_append(struct buf *out, const struct tl_option *const *tables,
                 enum form_dialect dialect)
{
    int order = 0;

    buf_append_string(out, "\"type\":\"object\"");
    append_required(out, tables);
    buf_append_string(out, ",\"properties\":{");
    append_properties(out, tables, false, dialect, &order);
    append_properties(out, tables, true, dialect, &order);
    buf_append_char(out, '}');
}

const char *form_meltano_kind(const struct tl_option *option)
{
    if ((option->flags & TL_OPTION_SECRET) != 0)
        return "password";
    switch (option->kind) {
    case TL_OPTION_INTEGER:
        return "integer";
    case TL_OPTION_BOOLEAN:
        return "boolean";
    case TL_OPTION_CHOICE:
        return "options";
    case TL_OPTION_LIST:
        return "array";
    case TL_OPTION_OBJECTS:
        return (option->flags & TL_OPTION_ONE) != 0 ? "object" : "array";
    case TL_OPTION_COLUMNS:
    case TL_OPTION_MAP:
    case TL_OPTION_ALIASES:
        return "object";
    default:
        return "string";
    }
}
