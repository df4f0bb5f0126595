/* The text of a CREATE TABLE statement, taken apart and put together again. */
#include "destinations/sqlite/definition.h"

#include <string.h>

#include "base/text.h"

/* A column's affinity must have nothing to do: integers go where integers are kept, doubles
 * where doubles are, and all text where nothing is taken for a number.
 * https://www.sqlite.org/datatype3.html section 3 */
const char *definition_type(enum tl_type type)
{
    switch (type) {
    case TL_TYPE_BOOLEAN:
        return "BOOLEAN";
    case TL_TYPE_SHORT:
    case TL_TYPE_INT:
    case TL_TYPE_LONG:
        return "INTEGER";
    case TL_TYPE_FLOAT:
    case TL_TYPE_DOUBLE:
        return "REAL";
    case TL_TYPE_BINARY:
        return "BLOB";
    default:
        return "TEXT";
    }
}

bool definition_key_is_rowid(const struct catalog_table *table)
{
    for (uint32_t i = 0; table->n_key == 1 && i < table->n_columns; i++)
        if (table->columns[i].key != 0)
            return strcmp(definition_type(table->columns[i].type), "INTEGER") == 0;
    return false;
}

void definition_append_column(struct buf *out, const struct catalog_table *table,
                              uint32_t column)
{
    const struct catalog_column *what = &table->columns[column];

    text_append_identifier(out, what->name);
    buf_printf(out, " %s", definition_type(what->type));
    if (what->key == 0)
        return;
    if (!definition_key_is_rowid(table))
        buf_append_string(out, " NOT NULL");
    if (table->n_key == 1)
        buf_append_string(out, " PRIMARY KEY");
}

static void append_key(struct buf *out, const struct catalog_table *table)
{
    buf_append_string(out, ",\n    PRIMARY KEY (");
    for (uint32_t n = 1; n <= table->n_key; n++)
        for (uint32_t i = 0; i < table->n_columns; i++)
            if (table->columns[i].key == n) {
                buf_append_string(out, n > 1 ? ", " : "");
                text_append_identifier(out, table->columns[i].name);
            }
    buf_append_string(out, ")");
}

void definition_append_table(struct buf *out, const struct catalog_table *table)
{
    buf_append_string(out, "CREATE TABLE main.");
    text_append_identifier(out, table->name);
    buf_append_string(out, " (\n");
    for (uint32_t i = 0; i < table->n_columns; i++) {
        if (table->columns[i].type == TL_TYPE_NULL)
            continue;
        buf_append_string(out, "    ");
        definition_append_column(out, table, i);
        buf_append_string(out, ",\n");
    }
    buf_append_string(out, "    " CATALOG_SYNCED " TEXT NOT NULL,\n"
                           "    " CATALOG_DELETED " BOOLEAN NOT NULL DEFAULT 0");
    if (table->n_key > 1)
        append_key(out, table);
    buf_append_string(out, "\n)");
}

/* The end of a quoted text that begins at text, whose doubled quotes are part of it. */
static const char *skip_quoted(const char *text)
{
    char quote = *text == '[' ? ']' : *text;

    for (text++; *text != '\0'; text++) {
        if (*text != quote)
            continue;
        if (quote == ']' || text[1] != quote)
            return text + 1;
        text++;
    }
    return text;
}

/* The end of what begins at text: a quoted text, a comment or one character. */
static const char *skip_token(const char *text)
{
    const char *end;

    if (strchr("\"'`[", *text) != NULL)
        return skip_quoted(text);
    if (text[0] == '-' && text[1] == '-')
        return text + strcspn(text, "\n");
    if (text[0] == '/' && text[1] == '*') {
        end = strstr(text + 2, "*/");
        return end != NULL ? end + 2 : text + strlen(text);
    }
    return text + 1;
}

static const char *skip_space(const char *text)
{
    while (*text != '\0') {
        bool comment = (text[0] == '-' && text[1] == '-') || (text[0] == '/' && text[1] == '*');
        if (strchr(" \t\r\n\f", *text) == NULL && !comment)
            break;
        text = skip_token(text);
    }
    return text;
}

/* The end of the definition that begins at text: the comma or the parenthesis after it. */
static const char *skip_definition(const char *text)
{
    int depth = 0;

    while (*text != '\0') {
        if (depth == 0 && (*text == ',' || *text == ')'))
            break;
        depth += (*text == '(') - (*text == ')');
        text = skip_token(text);
    }
    return text;
}

/* Whether the definition at text is of the column with this name. */
static bool is_definition_of(const char *text, const char *name)
{
    struct buf own = BUF_INIT(SQL_TEXT_MAX);
    bool same;

    if (*text == '"') {
        const char *end = skip_quoted(text);
        for (const char *c = text + 1; c < end - 1; c++) {
            buf_append_char(&own, *c);
            c += *c == '"';
        }
    } else {
        buf_append(&own, text, strcspn(text, " \t\r\n\f,()"));
    }
    same = !own.failed && text_equal_ignoring_case(buf_text(&own), name);
    buf_free(&own);
    return same;
}

static void append_definition(struct buf *out, const char *text, const char *end,
                              const struct catalog_table *table, const bool *changed)
{
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (changed[i] && is_definition_of(text, table->columns[i].name)) {
            definition_append_column(out, table, i);
            return;
        }
    /* All of it: a line break at its end may close a comment. */
    buf_append(out, text, (size_t)(end - text));
}

bool definition_append_changed(struct buf *out, const char *text, const char *name,
                               const struct catalog_table *table, const bool *changed)
{
    while (*text != '\0' && *text != '(')
        text = skip_token(text);
    if (*text == '\0')
        return false;
    buf_append_string(out, "CREATE TABLE main.");
    text_append_identifier(out, name);
    buf_append_string(out, " (\n    ");
    for (;;) {
        const char *start = skip_space(text + 1);
        text = skip_definition(start);
        append_definition(out, start, text, table, changed);
        if (*text != ',')
            break;
        buf_append_string(out, ",\n    ");
    }
    buf_append_string(out, text);
    return *text == ')';
}
