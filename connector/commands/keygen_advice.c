/* What `keygen` prints: the public line, and how it is installed. */
#include "commands/keygen_advice.h"

#include <string.h>

#include "base/text.h"
#include "script.h"

enum { LINE_MAX_BYTES = 64 * 1024 };

static const char linux_text[] =
    "Install it on Linux, macOS or BSD, logged in there as %s:\n"
    "  mkdir -p ~/.ssh && chmod 700 ~/.ssh && printf '\\n%%s\\n' '%s' >> "
    "~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys\n"
    "or from a machine that gets in:\n"
    "  ssh-copy-id -i%s%s%s\n\n";

static const char windows_text[] =
    "Install it on Windows, in PowerShell there; for an account that is no administrator, "
    "logged in as it:\n"
    "  New-Item -Force -ItemType Directory -Path \"$env:USERPROFILE\\.ssh\" | Out-Null; "
    "Add-Content -Force -Path \"$env:USERPROFILE\\.ssh\\authorized_keys\" -Value '%s'\n"
    "for an administrator, in an elevated PowerShell:\n"
    "  Add-Content -Force -Path \"$env:ProgramData\\ssh\\administrators_authorized_keys\" "
    "-Value '%s'; icacls.exe \"$env:ProgramData\\ssh\\administrators_authorized_keys\" "
    "/inheritance:r /grant \"*S-1-5-32-544:F\" /grant \"*S-1-5-18:F\"\n\n";

/* A quote inside ends neither the option nor, escaped, the command. */
static void append_command(struct buf *out, const char *command)
{
    for (; *command != '\0'; command++) {
        if (*command == '"')
            buf_append_char(out, '\\');
        buf_append_char(out, *command);
    }
}

/* sshd reads a backslash before the closing quote as part of the quote. */
static bool fits_line(const char *text)
{
    size_t size = strlen(text);

    return text[strcspn(text, "\r\n")] == '\0' && (size == 0 || text[size - 1] != '\\');
}

/* "host:port", as permitopen takes it. */
static bool is_place(const char *text)
{
    const char *colon = strrchr(text, ':');

    return colon != NULL && colon > text && colon[1] != '\0' &&
           strspn(colon + 1, "0123456789") == strlen(colon + 1) && strlen(colon + 1) <= 5 &&
           strpbrk(text, "\"\\ ,'\t\r\n") == NULL;
}

enum tl_status keygen_check_advice(const struct tl_call *call, struct tl_error *err)
{
    const char *command = tl_config_text(call->options, "command");
    const char *place = tl_config_text(call->options, "tunnel");

    if (command != NULL && !fits_line(command)) {
        (void)tl_fail(err, TL_USAGE,
                      "--command holds a line end, or ends in a backslash, which no line can");
        return tl_remedy(err, "Put the command into a script on the server and give its path");
    }
    if (place != NULL && !is_place(place)) {
        (void)tl_fail(err, TL_USAGE, "--tunnel is \"%s\": not HOST:PORT", place);
        return tl_remedy(err, "Give the host and port as the server sees them: "
                              "127.0.0.1:5432, or [2001:db8::1]:5432");
    }
    return TL_OK;
}

/* The command to allow: the one that was asked for, else that of the only stream, unless it
 * changes from run to run. */
static const char *command_of(const struct tl_call *call)
{
    const char *command = tl_config_text(call->options, "command");

    if (command == NULL && call->config != NULL &&
        tl_config_count(call->config, "streams") == 1)
        command = tl_config_text(tl_config_item(call->config, "streams", 0), "command");
    return command != NULL && strstr(command, "{{") == NULL && fits_line(command) ? command
                                                                                  : NULL;
}

static void append_least(const struct tl_call *call, const char *line, struct buf *out)
{
    const char *command = command_of(call), *place = tl_config_text(call->options, "tunnel");
    const char *wanted = tl_config_text(call->options, "command");

    buf_append_string(out, "Least privilege: install one of these lines instead.\n");
    if (wanted != NULL || place == NULL) {
        buf_append_string(out, "  One command (its stream needs \"completion\": \"status\"):\n"
                               "  restrict,command=\"");
        append_command(out, command != NULL ? command : "COMMAND");
        buf_printf(out, "\" %s\n", line);
    }
    if (place != NULL || wanted == NULL)
        buf_printf(out,
                   "  One tunnel:\n"
                   "  restrict,permitopen=\"%s\",port-forwarding,command=\"false\" %s\n",
                   place != NULL ? place : "HOST:PORT", line);
}

static void append_safe(struct buf *out, const char *text)
{
    text_append_safe(out, text, strlen(text));
}

static void append_install(const struct tl_call *call, const char *path, const char *line,
                           struct buf *out)
{
    const struct tl_config *config = call->config;
    const char *user = config != NULL ? tl_config_text(config, "ssh_user") : NULL;
    const char *host = config != NULL ? tl_config_text(config, "ssh_host") : NULL;
    long long port = config != NULL ? (long long)tl_config_integer(config, "ssh_port") : 22;
    struct buf option = BUF_INIT(64), text = BUF_INIT(8192);
    struct buf public = BUF_INIT(8192), target = BUF_INIT(8192), whose = BUF_INIT(1024);

    if (port != 22)
        buf_printf(&option, " -p %lld", port);
    append_safe(&whose, user != NULL ? user : "the user");
    append_safe(&text, path);
    buf_append_string(&text, ".pub");
    script_word(&public, buf_text(&text));
    buf_reset(&text);
    append_safe(&text, user != NULL ? user : "");
    buf_append_string(&text, user != NULL ? "@" : "");
    append_safe(&text, host != NULL ? host : "HOST");
    script_word(&target, buf_text(&text));
    buf_printf(out, linux_text, buf_text(&whose), line, buf_text(&public), buf_text(&option),
               buf_text(&target));
    buf_printf(out, windows_text, line, line);
    buf_free(&option);
    buf_free(&text);
    buf_free(&public);
    buf_free(&target);
    buf_free(&whose);
}

enum tl_status keygen_print_advice(const struct tl_call *call, const char *path,
                                   const struct key_pair *pair, struct tl_error *err)
{
    const char *line = buf_text(&pair->public_line);
    struct buf out = BUF_INIT(LINE_MAX_BYTES * 8);
    enum tl_status status;

    buf_printf(&out, "%s\n\nFingerprint: %s\nPrivate key: ", line, pair->sha256);
    append_safe(&out, path);
    buf_append_string(&out, " (mode 0600; keep it here, set ssh_private_key_path to it)\n\n");
    append_install(call, path, line, &out);
    append_least(call, line, &out);
    status = buf_check(&out, "the instructions", err);
    if (status == TL_OK)
        status = tl_print(err, "%s", buf_text(&out));
    buf_free(&out);
    return status;
}
