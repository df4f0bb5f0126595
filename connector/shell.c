/* Quoting for remote shells. */
#include "shell.h"

#include <string.h>

/* How a shell quotes: the mark around, and what stands for characters that the mark does not
 * cover. */
struct shell_rule {
    const char *name;
    char mark;
    const char *special; /* characters that need a replacement */
    const char *replacements[4];
    const char *forbidden;
};

static const struct shell_rule shell_rules[] = {
    [SHELL_POSIX] = {"posix", '\'', "'", {"'\\''"}, ""},
    [SHELL_FISH] = {"fish", '\'', "'\\", {"\\'", "\\\\"}, ""},
    [SHELL_CSH] = {"csh", '\'', "'!\n", {"'\\''", "\\!", "\\\n"}, ""},
    [SHELL_POWERSHELL] = {"powershell", '\'', "'", {"''"}, ""},
    [SHELL_CMD] = {"cmd", '"', "", {NULL}, "\"%!"},
};

enum { N_SHELLS = sizeof(shell_rules) / sizeof(shell_rules[0]) };

bool shell_from_name(const char *name, enum shell *out)
{
    for (int i = 0; i < N_SHELLS; i++)
        if (strcmp(shell_rules[i].name, name) == 0) {
            *out = (enum shell)i;
            return true;
        }
    return false;
}

/* PowerShell takes typographic quotes for quotes: U+2018 to U+201B, doubled likewise. */
static size_t powershell_quote_size(const char *value, size_t size)
{
    if (size >= 3 && memcmp(value, "\xe2\x80", 2) == 0 && (unsigned char)value[2] >= 0x98 &&
        (unsigned char)value[2] <= 0x9b)
        return 3;
    return 0;
}

/* Double quotes by other names: a program that asks for its command line in the code page of
 * the system gets '"' for them. */
static bool cmd_has_lookalike(const char *value, size_t size)
{
    static const char *const lookalikes[] = {
        "\xca\xba",     "\xe2\x80\x9c", "\xe2\x80\x9d", "\xe2\x80\x9e", "\xe2\x80\x9f",
        "\xe2\x80\xb3", "\xe2\x80\xb6", "\xe3\x80\x9d", "\xe3\x80\x9e", "\xef\xbc\x82",
    };

    for (size_t i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++) {
        size_t length = strlen(lookalikes[i]);
        if (size >= length && memcmp(value, lookalikes[i], length) == 0)
            return true;
    }
    return false;
}

static bool shell_forbids(enum shell shell, const char *value, size_t size)
{
    unsigned char c = (unsigned char)*value;

    if (c == '\0' || strchr(shell_rules[shell].forbidden, c) != NULL)
        return true;
    return shell == SHELL_CMD &&
           ((c < 0x20 && c != '\t') || c == 0x7f || cmd_has_lookalike(value, size));
}

static enum tl_status shell_refuse(const struct shell_rule *rule, char c, struct tl_error *err)
{
    (void)tl_fail(
        err, TL_CONFIGURATION,
        "a value for the command holds the byte 0x%02x, which cannot be quoted for %s",
        (unsigned char)c, rule->name);
    return tl_remedy(err, "Hand the value to the command through `stdin` instead");
}

enum tl_status shell_quote(enum shell shell, const char *value, size_t size, struct buf *out,
                           struct tl_error *err)
{
    const struct shell_rule *rule = &shell_rules[shell];

    buf_append_char(out, rule->mark);
    for (size_t i = 0; i < size; i++) {
        const char *special = value[i] ? strchr(rule->special, value[i]) : NULL;
        size_t wide =
            shell == SHELL_POWERSHELL ? powershell_quote_size(value + i, size - i) : 0;
        if (shell_forbids(shell, value + i, size - i))
            return shell_refuse(rule, value[i], err);
        if (wide > 0) {
            buf_append(out, value + i, wide);
            buf_append(out, value + i, wide);
            i += wide - 1;
        } else if (special != NULL) {
            buf_append_string(out, rule->replacements[special - rule->special]);
        } else {
            buf_append_char(out, value[i]);
        }
    }
    for (size_t i = size; shell == SHELL_CMD && i > 0 && value[i - 1] == '\\'; i--)
        buf_append_char(out, '\\');
    buf_append_char(out, rule->mark);
    return TL_OK;
}
