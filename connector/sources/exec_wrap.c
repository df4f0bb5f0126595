/* The command line that makes a login shell print marks around a command's output. */
#include "sources/exec_wrap.h"

/* csh expands ! and ends a string at a newline even within single quotes. */
static const char *escape(enum ssh_login_shell shell, char c)
{
    if (c == '\'')
        return shell == SSH_SHELL_FISH ? "\\'" : "'\\''";
    if (c == '\\' && shell == SSH_SHELL_FISH)
        return "\\\\";
    if (c == '!' && shell == SSH_SHELL_CSH)
        return "\\!";
    if (c == '\n' && shell == SSH_SHELL_CSH)
        return "\\\n";
    return NULL;
}

void exec_quote(struct buf *out, enum ssh_login_shell shell, const char *text)
{
    buf_append_char(out, '\'');
    for (; *text != '\0'; text++) {
        const char *escaped = escape(shell, *text);
        if (escaped != NULL)
            buf_append_string(out, escaped);
        else
            buf_append_char(out, *text);
    }
    buf_append_char(out, '\'');
}

void exec_wrap(struct buf *out, enum ssh_login_shell shell, const char *command,
               const char *nonce)
{
    buf_printf(out, "printf '\\036%sb\\n';", nonce);
    if (shell ==
        SSH_SHELL_FISH) { /* no subshell: the end mark is printed as fish itself ends */
        buf_printf(out,
                   "function __towline --on-process-exit $fish_pid;"
                   "printf '\\036%se%%d\\n' $argv[3];end;eval ",
                   nonce);
        exec_quote(out, shell, command);
        buf_append_string(out, ";exit $status");
        return;
    }
    buf_append_string(out, "(eval ");
    exec_quote(out, shell, command);
    buf_printf(out, ");printf '\\036%se%%d\\n' %s", nonce,
               shell == SSH_SHELL_CSH ? "$status" : "$?");
}
