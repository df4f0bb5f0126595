/* Tunnels in the words of ssh, autossh, systemd and PuTTY. */
#include "commands/tunnel_explain.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "script.h"

enum { TEXT_MAX_BYTES = 128 * 1024 };

/* "-L 127.0.0.1:5432:db:5432". Where any port will do, the same as the target's. */
static void append_spec(struct buf *out, const struct tunnel_spec *spec, bool local)
{
    struct buf word = BUF_INIT(2048);

    script_host(&word, spec->bind[0] != '\0' ? spec->bind : local ? "127.0.0.1" : "localhost");
    buf_printf(&word, ":%u:", spec->port != 0 || !local ? spec->port : spec->host_port);
    script_host(&word, spec->host);
    buf_printf(&word, ":%u", spec->host_port);
    buf_printf(out, " %s", local ? "-L" : "-R");
    script_word(out, buf_text(&word));
    buf_free(&word);
}

static void append_specs(struct buf *out, const struct tunnel_plan *plan)
{
    for (size_t i = 0; i < plan->n; i++)
        append_spec(out, &plan->specs[i], i < plan->n_local);
}

/* What follows the program's name, for ssh and autossh alike. */
static void append_ssh(struct buf *out, const struct tunnel_plan *plan,
                       const struct ssh_options *ssh)
{
    buf_append_string(out, " -N -T -o ExitOnForwardFailure=yes -o ServerAliveInterval=10 "
                           "-o ServerAliveCountMax=1");
    script_ssh_options(out, ssh, false);
    append_specs(out, plan);
    script_ssh_target(out, ssh);
    buf_append_char(out, '\n');
}

static void explain_ssh(struct buf *out, const struct tunnel_plan *plan,
                        const struct ssh_options *ssh)
{
    buf_append_string(out, "# ssh: the same tunnel, until the connection is lost\nssh");
    append_ssh(out, plan, ssh);
    buf_append_string(out, "\n# autossh: connects again\nAUTOSSH_GATETIME=0 autossh -M 0");
    append_ssh(out, plan, ssh);
    script_ssh_remarks(out, ssh);
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
    script_word(&line, program);
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
        script_word(out, ssh->private_key_path);
        buf_append_string(out, " -o key.ppk)\n");
    }
    if (ssh->jump != NULL) {
        buf_append_string(out, "Connection > Proxy > Type: SSH to proxy and use port "
                               "forwarding; Hostname: ");
        script_jumps(out, ssh->jump);
        buf_append_char(out, '\n');
    }
    for (size_t i = 0; i < plan->n; i++) {
        const struct tunnel_spec *spec = &plan->specs[i];
        buf_append_string(out, "Connection > SSH > Tunnels > Add: Source port ");
        if (spec->bind[0] != '\0') {
            script_host(out, spec->bind);
            buf_append_char(out, ':');
        }
        buf_printf(out, "%u, Destination ", spec->port != 0 ? spec->port : spec->host_port);
        script_host(out, spec->host);
        buf_printf(out, ":%u, %s\n", spec->host_port, i < plan->n_local ? "Local" : "Remote");
    }
    buf_append_string(out, "plink: plink -ssh -batch -N");
    buf_printf(out, " -P %u", ssh->port);
    if (ssh->private_key_path != NULL)
        buf_append_string(out, " -i key.ppk");
    append_specs(out, plan);
    script_ssh_target(out, ssh);
    buf_append_char(out, '\n');
}

enum tl_status tunnel_explain(const struct tunnel_plan *plan, const struct ssh_options *ssh,
                              struct tl_error *err)
{
    struct buf text = BUF_INIT(TEXT_MAX_BYTES);
    enum tl_status status;

    explain_ssh(&text, plan, ssh);
    explain_systemd(&text, plan, ssh);
    explain_putty(&text, plan, ssh);
    status = script_print(&text, err);
    buf_free(&text);
    return status;
}
