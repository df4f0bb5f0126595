/* Tunnels in the words of ssh, autossh, systemd and PuTTY. */
#include "commands/tunnel_explain.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "shell.h"
#include "towline/command.h"

enum { TEXT_MAX_BYTES = 128 * 1024 };

static const char *user_of(const struct ssh_options *ssh)
{
    return ssh->user != NULL ? ssh->user : "";
}

/* A word for a POSIX shell. */
static void append_word(struct buf *out, const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";

    buf_append_char(out, ' ');
    if (text[strspn(text, plain)] == '\0')
        buf_append_string(out, text);
    else
        out->failed |= shell_quote(SHELL_POSIX, text, strlen(text), out, NULL) != TL_OK;
}

static void append_host(struct buf *out, const char *host)
{
    bool v6 = strchr(host, ':') != NULL;
    buf_printf(out, "%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "");
}

/* "-L 127.0.0.1:5432:db:5432". Where any port will do, the same as the target's. */
static void append_spec(struct buf *out, const struct tunnel_spec *spec, bool local)
{
    struct buf word = BUF_INIT(2048);

    append_host(&word, spec->bind[0] != '\0' ? spec->bind : local ? "127.0.0.1" : "localhost");
    buf_printf(&word, ":%u:", spec->port != 0 || !local ? spec->port : spec->host_port);
    append_host(&word, spec->host);
    buf_printf(&word, ":%u", spec->host_port);
    buf_printf(out, " %s", local ? "-L" : "-R");
    append_word(out, buf_text(&word));
    buf_free(&word);
}

static void append_specs(struct buf *out, const struct tunnel_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        append_spec(out, &plan->specs[i], i < plan->n_local);
}

/* The jump hosts, the outermost first. */
static void append_jumps(struct buf *out, const struct ssh_options *jump)
{
    if (jump->jump != NULL) {
        append_jumps(out, jump->jump);
        buf_append_char(out, ',');
    }
    buf_printf(out, "%s%s", user_of(jump), jump->user != NULL ? "@" : "");
    append_host(out, jump->host);
    if (jump->port != 22)
        buf_printf(out, ":%u", jump->port);
}

/* One with blanks in it is quoted for the client, besides the quoting for the shell. */
static void append_known_hosts(struct buf *out, const char *const *paths)
{
    struct buf word = BUF_INIT(8192);

    buf_append_string(&word, "UserKnownHostsFile=");
    for (size_t i = 0; paths[i] != NULL; i++) {
        const char *quote = strpbrk(paths[i], " \t") != NULL ? "\"" : "";
        buf_printf(&word, "%s%s%s%s", i > 0 ? " " : "", quote, paths[i], quote);
    }
    buf_append_string(out, " -o");
    append_word(out, buf_text(&word));
    buf_free(&word);
}

static bool is_default_known_hosts(const char *const *paths)
{
    return paths == NULL || paths[0] == NULL ||
           (strcmp(paths[0], ssh_known_hosts_default[0]) == 0 && paths[1] == NULL);
}

static void append_host_key_policy(struct buf *out, const struct ssh_options *ssh)
{
    static const char *const words[] = {
        [SSH_HOST_KEY_STRICT] = "yes",
        [SSH_HOST_KEY_ACCEPT_NEW] = "accept-new",
        [SSH_HOST_KEY_RELAXED] = "no",
    };
    buf_printf(out, " -o StrictHostKeyChecking=%s", words[ssh->host_key_policy]);
    if (!is_default_known_hosts(ssh->known_hosts_paths))
        append_known_hosts(out, ssh->known_hosts_paths);
}

/* What follows the program's name, for ssh and autossh alike. */
static void append_ssh(struct buf *out, const struct tunnel_plan *plan,
                       const struct ssh_options *ssh)
{
    buf_append_string(out, " -N -T -o ExitOnForwardFailure=yes -o ServerAliveInterval=10 "
                           "-o ServerAliveCountMax=1");
    append_host_key_policy(out, ssh);
    if (ssh->private_key_path != NULL) {
        buf_append_string(out, " -o IdentitiesOnly=yes -i");
        append_word(out, ssh->private_key_path);
    }
    if (ssh->jump != NULL) {
        struct buf word = BUF_INIT(8192);
        append_jumps(&word, ssh->jump);
        buf_append_string(out, " -J");
        append_word(out, buf_text(&word));
        buf_free(&word);
    }
    if (ssh->port != 22)
        buf_printf(out, " -p %u", ssh->port);
    append_specs(out, plan);
    if (ssh->user != NULL) {
        buf_append_string(out, " -l");
        append_word(out, ssh->user);
    }
    append_word(out, ssh->host);
    buf_append_char(out, '\n');
}

static void explain_ssh(struct buf *out, const struct tunnel_plan *plan,
                        const struct ssh_options *ssh)
{
    buf_append_string(out, "# ssh: the same tunnel, until the connection is lost\nssh");
    append_ssh(out, plan, ssh);
    buf_append_string(out, "\n# autossh: connects again\nAUTOSSH_GATETIME=0 autossh -M 0");
    append_ssh(out, plan, ssh);
    if (ssh->private_key != NULL || ssh->password != NULL)
        buf_append_string(out,
                          "# (ssh takes neither a key's text nor a password: give it a key "
                          "file with -i, or an agent)\n");
}

/* In a unit, % begins a specifier. */
static void append_unit_line(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '%')
            buf_append_char(out, '%');
        buf_append_char(out, *text);
    }
}

static void explain_systemd(struct buf *out, const struct tunnel_plan *plan,
                            const struct ssh_options *ssh)
{
    char program[PATH_MAX] = "";
    struct buf line = BUF_INIT(TEXT_MAX_BYTES);
    ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);

    if (size <= 0)
        snprintf(program, sizeof(program), "/usr/bin/towline");
    append_word(&line, program);
    buf_append_string(&line, " tunnel -c /etc/towline/configuration.json");
    append_specs(&line, plan);
    buf_append_string(out, "\n# systemd: /etc/systemd/system/towline-tunnel.service\n[Unit]\n"
                           "Description=SSH tunnel through ");
    append_unit_line(out, ssh->host);
    buf_append_string(
        out, "\nWants=network-online.target\nAfter=network-online.target\n\n"
             "[Service]\nType=notify\nWatchdogSec=60\nRestart=always\n"
             "RestartSec=10\nSuccessExitStatus=130 143\nLimitNOFILE=65535\nExecStart=");
    append_unit_line(out, buf_text(&line) + 1);
    buf_append_string(out, "\n\n[Install]\nWantedBy=multi-user.target\n");
    out->failed = out->failed || line.failed;
    buf_free(&line);
}

static void explain_putty(struct buf *out, const struct tunnel_plan *plan,
                          const struct ssh_options *ssh)
{
    buf_printf(out, "\n# PuTTY\nSession > Host Name: %s   Port: %u\n", ssh->host, ssh->port);
    buf_append_string(out, "Connection > Seconds between keepalives: 10\n");
    if (ssh->user != NULL)
        buf_printf(out, "Connection > Data > Auto-login username: %s\n", ssh->user);
    buf_append_string(out, "Connection > SSH > Don't start a shell or command at all: on\n");
    if (ssh->private_key_path != NULL) {
        buf_append_string(out, "Connection > SSH > Auth > Credentials > Private key file: the "
                               "key as .ppk (puttygen");
        append_word(out, ssh->private_key_path);
        buf_append_string(out, " -o key.ppk)\n");
    }
    if (ssh->jump != NULL) {
        buf_append_string(out, "Connection > Proxy > Type: SSH to proxy and use port "
                               "forwarding; Hostname: ");
        append_jumps(out, ssh->jump);
        buf_append_char(out, '\n');
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct tunnel_spec *spec = &plan->specs[i];
        buf_append_string(out, "Connection > SSH > Tunnels > Add: Source port ");
        if (spec->bind[0] != '\0') {
            append_host(out, spec->bind);
            buf_append_char(out, ':');
        }
        buf_printf(out, "%u, Destination ", spec->port != 0 ? spec->port : spec->host_port);
        append_host(out, spec->host);
        buf_printf(out, ":%u, %s\n", spec->host_port, i < plan->n_local ? "Local" : "Remote");
    }
    buf_append_string(out, "plink: plink -ssh -batch -N");
    buf_printf(out, " -P %u", ssh->port);
    if (ssh->private_key_path != NULL)
        buf_append_string(out, " -i key.ppk");
    append_specs(out, plan);
    if (ssh->user != NULL) {
        buf_append_string(out, " -l");
        append_word(out, ssh->user);
    }
    append_word(out, ssh->host);
    buf_append_char(out, '\n');
}

enum tl_status tunnel_explain(const struct tunnel_plan *plan, const struct ssh_options *ssh,
                              struct tl_error *err)
{
    struct buf text = BUF_INIT(TEXT_MAX_BYTES), safe = BUF_INIT(4 * TEXT_MAX_BYTES);
    const char *line, *end;
    enum tl_status status;

    explain_ssh(&text, plan, ssh);
    explain_systemd(&text, plan, ssh);
    explain_putty(&text, plan, ssh);
    for (line = buf_text(&text); *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        text_append_safe(&safe, line, (size_t)(end - line));
        buf_append_char(&safe, '\n');
    }
    safe.failed = safe.failed || text.failed;
    status = buf_check(&safe, "the explanation", err);
    if (status == TL_OK)
        status = tl_print(err, "%s", buf_text(&safe));
    buf_free(&text);
    buf_free(&safe);
    return status;
}
