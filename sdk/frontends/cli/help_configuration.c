/* Help on the keys of the configuration, from the option tables. */
#include <string.h>

#include "config/config.h"
#include "frontends/cli/help.h"
#include "frontends/output.h"
#include "frontends/usage.h"

enum { HELP_MAX_BYTES = 4096, EXPLANATION_COLUMN = 30 };

void help_append_traits(struct buf *out, const struct tl_option *option)
{
    const char *separator = " (";

    if (option->stands_for != NULL) {
        buf_printf(out, "is %s, for %s", option->stands_for, option->only_for);
        return;
    }

    if (option->choices != NULL) {
        buf_printf(out, "%s%s", separator, option->choices);
        separator = "; ";
    }
    if (option->kind == TL_OPTION_SECONDS) {
        buf_printf(out, "%sseconds", separator);
        separator = "; ";
    }
    if ((option->flags & TL_OPTION_REQUIRED) != 0) {
        buf_printf(out, "%srequired%s%s", separator, option->unless ? ", or else " : "",
                   option->unless ? option->unless : "");
        separator = "; ";
    }
    if ((option->flags & TL_OPTION_SECRET) != 0) {
        buf_printf(out, "%ssecret", separator);
        separator = "; ";
    }
    if (option->fallback != NULL) {
        buf_printf(out, "%sdefault \"%s\"", separator, option->fallback);
        separator = "; ";
    }
    if (*separator == ';')
        buf_append_char(out, ')');
}

static bool is_in(const struct tl_option *table, const char *name)
{
    for (; table != NULL && table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return true;
    return false;
}

/* Rows that `outer` (NULL: none) has, too, are explained there. */
static void append_table(struct buf *out, const struct tl_option *table,
                         const struct tl_option *outer, size_t indent)
{
    const struct tl_option *const whole = table;

    for (; table->name != NULL; table++) {
        struct buf text = BUF_INIT(HELP_MAX_BYTES);
        if (is_in(outer, table->name))
            continue;
        buf_append_string(&text, table->help ? table->help : "");
        help_append_traits(&text, table);
        usage_append_entry(out, indent, table->name, EXPLANATION_COLUMN, buf_text(&text));
        buf_free(&text);
        if (table->fields != NULL)
            append_table(out, table->fields, whole, indent + 2);
    }
}

enum tl_status help_print_configuration(const struct tl_connector *connector,
                                        struct tl_error *err)
{
    struct buf out = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status;

    usage_append_wrapped(
        &out,
        "The configuration is a JSON object. Every value may be a string "
        "(\"22\", \"true\", lists as \"a,b\"), and any may come from elsewhere: "
        "{\"env\": \"NAME\"}, {\"file\": \"PATH\"}. A key that a placeholder "
        "{{config.KEY}} names is a secret text.",
        0);
    buf_append_string(&out, "\nKeys:\n");
    append_table(&out, connector->options, NULL, 2);
    append_table(&out, config_runtime_options, NULL, 2);
    status = output_print(&out, err);
    buf_free(&out);
    return status;
}
