/* The command line that makes a login shell print marks around a command's output. */
#include "sources/exec_wrap.h"

#include <string.h>

enum shell exec_shell(enum ssh_login_shell login)
{
    if (login == SSH_SHELL_FISH)
        return SHELL_FISH;
    return login == SSH_SHELL_CSH ? SHELL_CSH : SHELL_POSIX;
}

/* What POSIX shells pass over, and what neither csh nor fish can parse: both refuse the whole
 * line, whatever else is in it. */
static const char GUARD[] = "case x in x) :;; esac;";

bool exec_may_guess(const char *command)
{
    return strchr(command, '\n') == NULL; /* csh goes on with the next line */
}

/* The begin marks of both streams. csh cannot redirect to stderr alone. */
static void begin(struct buf *out, enum ssh_login_shell login, const char *nonce)
{
    if (login == SSH_SHELL_CSH)
        buf_printf(out, "sh -c 'printf \"\\036%ss\\n\" >&2';", nonce);
    else
        buf_printf(out, "printf '\\036%ss\\n' >&2;", nonce);
    buf_printf(out, "printf '\\036%sb%%d\\n' %s;", nonce,
               login == SSH_SHELL_FISH ? "$fish_pid" : "$$");
}

enum tl_status exec_wrap(struct buf *out, enum ssh_login_shell login, const char *command,
                         const char *nonce, struct tl_error *err)
{
    size_t size = strlen(command);

    if (login == SSH_SHELL_NOT_ASKED)
        buf_append_string(out, GUARD);
    begin(out, login, nonce);
    if (login ==
        SSH_SHELL_FISH) { /* no subshell: the end mark is printed as fish itself ends */
        buf_printf(out,
                   "function __towline --on-process-exit $fish_pid;"
                   "printf '\\036%se%%d\\n' $argv[3];end;eval ",
                   nonce);
        if (shell_quote(SHELL_FISH, command, size, out, err) != TL_OK)
            return err->status;
        buf_append_string(out, ";exit $status");
        return TL_OK;
    }
    buf_append_string(out, "(eval ");
    if (shell_quote(exec_shell(login), command, size, out, err) != TL_OK)
        return err->status;
    buf_printf(out, ");printf '\\036%se%%d\\n' %s", nonce,
               login == SSH_SHELL_CSH ? "$status" : "$?");
    return TL_OK;
}
