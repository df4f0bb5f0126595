/* How help looks: text and columns that fit a terminal of 80 columns. */
#include "frontends/usage.h"

#include <stdio.h>
#include <string.h>

/* The man page sets all of this two columns further in. */
enum { COLUMNS = 78, OPTION_COLUMN = 30, TERM_MAX_BYTES = 256, HELP_MAX_BYTES = 4096 };

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

static void append_option(struct buf *out, const struct tl_option *option)
{
    const char *alias = option->alias, *value = usage_value(option);
    char letter[8] = "    ";
    struct buf term = BUF_INIT(TERM_MAX_BYTES), help = BUF_INIT(HELP_MAX_BYTES);

    if (option->letter != 0)
        (void)snprintf(letter, sizeof(letter), "-%c, ", option->letter);
    buf_printf(&term, "%s--%s%s%s%s%s", letter, option->name, alias ? ", --" : "",
               alias ? alias : "", value ? " " : "", value ? value : "");
    buf_append_string(&help, option->help);
    if (option->fallback != NULL && option->kind != TL_OPTION_BOOLEAN)
        buf_printf(&help, " (%s)", option->fallback);
    usage_append_entry(out, 2, buf_text(&term), OPTION_COLUMN, buf_text(&help));
    buf_free(&term);
    buf_free(&help);
}

void usage_append_options(struct buf *out, const struct tl_option *table)
{
    for (; table->name != NULL; table++)
        append_option(out, table);
}
