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

/* fish has no subshell: the end mark is printed as fish itself ends. */
static enum tl_status wrap_fish(struct buf *out, const char *command, const char *nonce,
                                struct tl_error *err)
{
    buf_printf(out,
               "function __towline --on-process-exit $fish_pid;"
               "printf '\\036%se%%d\\n' $argv[3];end;eval ",
               nonce);
    if (shell_quote(SHELL_FISH, command, strlen(command), out, err) != TL_OK)
        return err->status;
    buf_append_string(out, ";exit $status");
    return TL_OK;
}

/* csh's eval is content with a text that ends in the middle of something, such as a
 * here-document without its end, and runs nothing of it: only a line after the command tells
 * that it was read. */
static enum tl_status wrap_csh(struct buf *out, const char *command, const char *nonce,
                               struct tl_error *err)
{
    struct buf whole = BUF_INIT(out->max_size);
    enum tl_status status;

    buf_printf(&whole, "%s\nexit $status", command);
    buf_append_string(out, "(eval ");
    status = shell_quote(SHELL_CSH, buf_text(&whole), whole.size, out, err);
    buf_printf(out,
               ";sh -c 'echo \"csh: the command ends in the middle of something\" >&2';exit 2);"
               "printf '\\036%se%%d\\n' $status",
               nonce);
    out->failed = out->failed || whole.failed;
    buf_wipe(&whole);
    return status;
}

enum tl_status exec_wrap(struct buf *out, enum ssh_login_shell login, const char *command,
                         const char *nonce, struct tl_error *err)
{
    if (login == SSH_SHELL_NOT_ASKED)
        buf_append_string(out, GUARD);
    begin(out, login, nonce);
    if (login == SSH_SHELL_FISH)
        return wrap_fish(out, command, nonce, err);
    if (login == SSH_SHELL_CSH)
        return wrap_csh(out, command, nonce, err);
    buf_append_string(out, "(eval ");
    if (shell_quote(SHELL_POSIX, command, strlen(command), out, err) != TL_OK)
        return err->status;
    buf_printf(out, ");printf '\\036%se%%d\\n' $?", nonce);
    return TL_OK;
}
