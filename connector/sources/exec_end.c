/* How a command ended, and whether that is a success. */
#include "sources/exec_end.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "towline/log.h"

static const char *label(const struct exec_end *end)
{
    return ssh_session_label(end->session);
}

static bool is_expected(const struct exec_request *request, int status)
{
    if (request->expected_exit_codes == NULL)
        return status == 0;
    for (size_t i = 0; i < request->n_expected_exit_codes; i++)
        if (request->expected_exit_codes[i] == status)
            return true;
    return false;
}

/* "; it printed: <text>", safe to show, or "" if that is blank; returns out. */
static const char *printed(const char *text, size_t text_size, char *out, size_t size)
{
    static const char lead[] = "; it printed: ";

    while (text_size > 0 && isspace((unsigned char)text[text_size - 1]))
        text_size--;
    out[0] = '\0';
    if (text_size > 0) {
        memcpy(out, lead, sizeof(lead));
        text_safe(out + sizeof(lead) - 1, size - (sizeof(lead) - 1), text, text_size);
    }
    return out;
}

/* Why a command failed, in its own words: the last of its stderr, else how its output begins.
 */
static const char *explain(const struct exec_end *end, char *out, size_t size)
{
    exec_stderr_last_line(end->errors, out, size);
    return out[0] != '\0' ? out : printed(end->head, end->head_size, out, size);
}

static enum tl_status check_status(const struct exec_end *end, int status, struct tl_error *err)
{
    char why[300];

    if (is_expected(end->request, status))
        return TL_OK;
    tl_fail(err, TL_COMMAND, "%s: the command ended with exit status %d%s", label(end), status,
            explain(end, why, sizeof(why)));
    if (status == 127)
        return tl_remedy(err,
                         "The command was not found: is it installed there, and in the PATH of "
                         "a login without terminal? Its full path helps");
    if (status == 126)
        return tl_remedy(err, "The command cannot be executed there: check its file mode");
    return tl_remedy(err,
                     "Run the command there by hand; if this status is no failure, name it in "
                     "expected_exit_codes");
}

static enum tl_status killed(const struct exec_end *end, struct tl_error *err)
{
    char line[300];

    tl_fail(err, TL_COMMAND, "%s: the command was killed by signal %s%s", label(end),
            end->exit.signal, exec_stderr_last_line(end->errors, line, sizeof(line)));
    return tl_remedy(err, "Look for the reason in the server's logs (out of memory, limits)");
}

/* How the end came to be unknown, in a few words. */
static void describe_end(const struct exec_end *end, char *out, size_t size)
{
    char line[300];

    exec_stderr_last_line(end->errors, line, sizeof(line));
    if (end->closed && !end->exit.unreported)
        snprintf(out, size, "the server reports exit status %d%s", end->exit.status, line);
    else
        snprintf(out, size, "the server reports nothing%s", line);
}

/* sshd does so when its ChannelTimeout is over, and lets the command run on. */
static enum tl_status unreported(const struct exec_end *end, struct tl_error *err)
{
    char line[300];

    tl_fail(err, TL_COMMAND, "%s: the server closed the channel without an exit status%s",
            label(end), exec_stderr_last_line(end->errors, line, sizeof(line)));
    return tl_remedy(err, "The command may have been cut short, or still run: look for limits "
                          "on sessions in the server's sshd_config, such as ChannelTimeout");
}

/* Nothing came of the command line: the mark would have been the first thing to be printed. */
static enum tl_status not_run(const struct exec_end *end, const char *report,
                              struct tl_error *err)
{
    const struct buf *noise = &end->marker->noise;
    char words[300];

    tl_fail(err, TL_COMMAND, "%s: the login shell did not run the command (%s)%s", label(end),
            report, printed(buf_text(noise), noise->size, words, sizeof(words)));
    if (ssh_session_is_windows(end->session))
        return tl_remedy(err, "This is Windows: set remote_shell to its default shell, \"cmd\" "
                              "or \"powershell\"");
    if (strstr(report, "Password change required") != NULL) /* as sshd says it */
        return tl_remedy(err, "The account's password has expired: log in by hand and change "
                              "it, or let it never expire (chage -M -1)");
    if (end->closed && end->exit.status != 0)
        return tl_remedy(err, "The account may be one that runs no commands (nologin, SFTP or "
                              "tunnels only): give it a login shell; for a forced command set "
                              "completion to \"status\"");
    return tl_remedy(err, "If the account has a forced command, or a shell that is neither "
                          "POSIX nor csh or fish, set completion to \"status\"");
}

/* The output ended without the mark: it may be short of something, whatever the server says. */
static enum tl_status unproven(const struct exec_end *end, struct tl_error *err)
{
    char report[400];

    describe_end(end, report, sizeof(report));
    if (end->marker->place != EXEC_INSIDE)
        return not_run(end, report, err);
    tl_fail(err, TL_COMMAND,
            "%s: the output broke off: the command did not come to its end (%s)", label(end),
            report);
    return tl_remedy(err, "Look for what ended it: a limit for sessions on the server, a "
                          "killed shell; in fish, leave out exec");
}

static bool is_ascii(const char *text)
{
    while (*text != '\0' && (unsigned char)*text < 128)
        text++;
    return *text == '\0';
}

/* Some shells complain that they cannot read the command in their locale, then run nothing and
 * are content. An exit status alone does not tell that from an empty output. */
static void doubt_silence(const struct exec_end *end)
{
    char line[300];

    if (end->marker != NULL || end->head_size > 0 || end->errors->bytes == 0 ||
        is_ascii(end->request->command))
        return;
    tl_log(
        TL_LOG_WARNING,
        "%s: the command printed nothing%s. It is not all ASCII: if its shell could not read "
        "it, give the account a UTF-8 locale; with `empty` \"fail\" no output is a failure",
        label(end), exec_stderr_last_line(end->errors, line, sizeof(line)));
}

enum tl_status exec_end_judge(const struct exec_end *end, struct tl_error *err)
{
    enum tl_status status;

    if (end->marker != NULL && end->marker->place == EXEC_AFTER)
        status = check_status(end, end->marker->status, err);
    else if (end->exit.signal[0] != '\0')
        status = killed(end, err);
    else if (end->marker != NULL)
        status = unproven(end, err);
    else if (end->exit.unreported)
        status = unreported(end, err);
    else
        status = check_status(end, end->exit.status, err);
    if (status == TL_OK && end->request->fail_on_stderr && end->errors->bytes > 0) {
        char line[300];
        tl_fail(err, TL_COMMAND, "%s: the command wrote to stderr%s", label(end),
                exec_stderr_last_line(end->errors, line, sizeof(line)));
        status = tl_remedy(err, "Mend what it complains of, or set fail_on_stderr to false");
    }
    if (status == TL_OK)
        doubt_silence(end);
    return status;
}
