/* A configuration to be filled in, from the option tables. */
#include "frontends/cli/template.h"

#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "frontends/cli/help.h"

enum { LINE_MAX_BYTES = 8192 };

static bool is_for_template(const struct tl_option *option)
{
    return (option->flags & TL_OPTION_ADVANCED) == 0 && option->kind != TL_OPTION_ALIASES;
}

/* The streams: of other objects, none is the rule. */
static bool is_expanded(const struct tl_option *option)
{
    return option->kind == TL_OPTION_OBJECTS && strcmp(option->name, "streams") == 0;
}

static void append_string(struct buf *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

static void append_blanks(struct buf *out, int count)
{
    buf_printf(out, "%*s", count, "");
}

static void append_table(struct buf *out, const struct tl_option *table, int indent,
                         const char *separator);

static void append_value(struct buf *out, const struct tl_option *option, int indent)
{
    if (!is_expanded(option)) {
        append_string(out, option->fallback != NULL ? option->fallback : "");
        return;
    }
    buf_append_string(out, "[\n");
    append_blanks(out, indent + 2);
    buf_append_string(out, "{");
    append_table(out, option->fields, indent + 4, "\n");
    buf_append_char(out, '\n');
    append_blanks(out, indent + 2);
    buf_append_string(out, "}\n");
    append_blanks(out, indent);
    buf_append_char(out, ']');
}

static void append_option(struct buf *out, const struct tl_option *option, int indent)
{
    struct buf explanation = BUF_INIT(LINE_MAX_BYTES), key = BUF_INIT(LINE_MAX_BYTES);

    buf_append_string(&explanation, option->help);
    help_append_traits(&explanation, option);
    buf_printf(&key, "// %s", option->name);
    append_blanks(out, indent);
    append_string(out, buf_text(&key));
    buf_append_string(out, ": ");
    append_string(out, buf_text(&explanation));
    buf_append_string(out, ",\n");
    append_blanks(out, indent);
    append_string(out, option->name);
    buf_append_string(out, ": ");
    append_value(out, option, indent);
    buf_free(&explanation);
    buf_free(&key);
}

/* `separator` goes before the first. */
static void append_table(struct buf *out, const struct tl_option *table, int indent,
                         const char *separator)
{
    for (; table->name != NULL; table++) {
        if (!is_for_template(table))
            continue;
        buf_append_string(out, separator);
        append_option(out, table, indent);
        separator = ",\n\n";
    }
}

void template_append(struct buf *out, const struct tl_connector *connector)
{
    struct buf note = BUF_INIT(LINE_MAX_BYTES);

    buf_printf(&note,
               "Fill in what you need, above all what is required, and then run `%s check`. "
               "Keys that begin with // are comments; an empty text is as good as no key. "
               "`%s help configuration` explains every key.",
               connector->name, connector->name);
    buf_append_string(out, "{\n  \"//\": ");
    append_string(out, buf_text(&note));
    append_table(out, connector->options, 2, ",\n\n");
    append_table(out, config_runtime_options, 2, ",\n\n");
    buf_append_string(out, "\n}\n");
    buf_free(&note);
}
