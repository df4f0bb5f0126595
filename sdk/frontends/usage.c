/* How help looks: text and columns that fit a terminal of 80 columns. */
#include "frontends/usage.h"

#include <stdio.h>
#include <string.h>

/* The man page sets all of this two columns further in. */
enum { COLUMNS = 78, OPTION_COLUMN = 30, TERM_MAX_BYTES = 96, HELP_MAX_BYTES = 4096 };

static void append_blanks(struct buf *out, size_t count)
{
    while (count-- > 0)
        buf_append_char(out, ' ');
}

void usage_append_wrapped(struct buf *out, const char *text, size_t indent)
{
    size_t column = indent;

    while (*text != '\0') {
        size_t length = strcspn(text, " ");
        if (column > indent && column + 1 + length > COLUMNS) {
            buf_append_char(out, '\n');
            append_blanks(out, indent);
            column = indent;
        } else if (column > indent) {
            buf_append_char(out, ' ');
            column++;
        }
        buf_append(out, text, length);
        column += length;
        text += length + strspn(text + length, " ");
    }
    buf_append_char(out, '\n');
}

void usage_append_entry(struct buf *out, size_t indent, const char *term, size_t column,
                        const char *text)
{
    size_t used = indent + strlen(term);

    append_blanks(out, indent);
    buf_append_string(out, term);
    if (used + 2 > column) {
        buf_append_char(out, '\n');
        used = 0;
    }
    append_blanks(out, column - used);
    usage_append_wrapped(out, text, column);
}

void usage_append_option(struct buf *out, const struct usage_option *option)
{
    char letter[8] = "    ", alias[40] = "", value[40] = "", term[TERM_MAX_BYTES];

    if (option->letter != 0)
        (void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    if (option->alias != NULL)
        (void)snprintf(alias, sizeof(alias), ", --%s", option->alias);
    if (option->value != NULL)
        (void)snprintf(value, sizeof(value), " %s", option->value);
    (void)snprintf(term, sizeof(term), "%s--%s%s%s", letter, option->name, alias, value);
    usage_append_entry(out, 2, term, OPTION_COLUMN, option->help);
}

const char *usage_value(const struct tl_option *option)
{
    static const char *const words[] = {
        [TL_OPTION_TEXT] = "TEXT",       [TL_OPTION_INTEGER] = "NUMBER",
        [TL_OPTION_SECONDS] = "SECONDS", [TL_OPTION_LIST] = "TEXT",
        [TL_OPTION_COLUMNS] = "JSON",    [TL_OPTION_OBJECTS] = "JSON",
    };
    if (option->kind == TL_OPTION_BOOLEAN)
        return NULL;
    if (option->kind == TL_OPTION_CHOICE)
        return option->choices;
    return option->value != NULL ? option->value : words[option->kind];
}

void usage_append_options(struct buf *out, const struct tl_option *table)
{
    buf_append_string(out, "\nOptions:\n");
    for (; table->name != NULL; table++) {
        struct usage_option row = {
            .letter = table->letter, .name = table->name, .value = usage_value(table)};
        struct buf help = BUF_INIT(HELP_MAX_BYTES);

        buf_append_string(&help, table->help);
        if (table->fallback != NULL && table->kind != TL_OPTION_BOOLEAN)
            buf_printf(&help, " (%s)", table->fallback);
        row.help = buf_text(&help);
        usage_append_option(out, &row);
        buf_free(&help);
    }
}
