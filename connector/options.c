/* The connector's options. */
#include "options.h"

#include <limits.h>
#include <string.h>

#include "towline/stream.h"

#define SECRET TL_OPTION_SECRET

static const struct tl_option stream_options[] = {
    TL_STREAM_OPTIONS,
    {"command", TL_OPTION_TEXT, NULL,
     "what the remote login shell runs; prints the rows as JSON", 0, NULL, 0, 0, NULL},
    {"stdin", TL_OPTION_TEXT, NULL,
     "text to feed the command, with the same placeholders, unquoted", TL_OPTION_MULTILINE,
     NULL, 0, 0, NULL},
    {"remote_shell", TL_OPTION_CHOICE, "posix",
     "the shell that placeholders are quoted for; fish and csh are noticed by themselves", 0,
     "posix|powershell|cmd", 0, 0, NULL},
    {"completion", TL_OPTION_CHOICE, "marker",
     "how the end is proved: marker, or status for forced commands and other shells", 0,
     "marker|status", 0, 0, NULL},
    {"fail_on_stderr", TL_OPTION_BOOLEAN, "false", "whether output on stderr fails the stream",
     0, NULL, 0, 0, NULL},
    {"expected_exit_codes", TL_OPTION_LIST, "0", "exit codes that mean success", 0, NULL, 0, 0,
     NULL},
    {NULL, TL_OPTION_TEXT, NULL, NULL, 0, NULL, 0, 0, NULL},
};

const struct tl_option connector_options[] = {
    {"ssh_host", TL_OPTION_TEXT, NULL, "the host to connect to", TL_OPTION_REQUIRED, NULL, 0, 0,
     NULL},
    {"ssh_port", TL_OPTION_INTEGER, "22", "its SSH port", 0, NULL, 1, 65535, NULL},
    {"ssh_user", TL_OPTION_TEXT, NULL, "who to log in as; the local user's name if not given",
     0, NULL, 0, 0, NULL},
    {"ssh_private_key", TL_OPTION_TEXT, NULL,
     "the private key: OpenSSH or PEM text, also with \\n escapes, or that in base64",
     SECRET | TL_OPTION_MULTILINE, NULL, 0, 0, NULL},
    {"ssh_private_key_path", TL_OPTION_TEXT, NULL, "where the private key lies", 0, NULL, 0, 0,
     NULL},
    {"ssh_key_passphrase", TL_OPTION_TEXT, NULL, "the private key's passphrase", SECRET, NULL,
     0, 0, NULL},
    {"ssh_agent", TL_OPTION_BOOLEAN, "false", "whether to use the agent at $SSH_AUTH_SOCK", 0,
     NULL, 0, 0, NULL},
    {"ssh_password", TL_OPTION_TEXT, NULL, "the password; also answers keyboard-interactive",
     SECRET, NULL, 0, 0, NULL},
    {"ssh_host_key_policy", TL_OPTION_CHOICE, "strict",
     "strict: must be in known_hosts; accept-new: remembers a new host; relaxed: any, with a "
     "warning",
     0, "strict|accept-new|relaxed", 0, 0, NULL},
    {"ssh_host_key_sha256", TL_OPTION_TEXT, NULL,
     "the host key's fingerprint, SHA256:...; when given it decides alone", 0, NULL, 0, 0,
     NULL},
    {"ssh_known_hosts_path", TL_OPTION_TEXT, "~/.ssh/known_hosts",
     "known_hosts files, separated by blanks", 0, NULL, 0, 0, NULL},
    {"ssh_config", TL_OPTION_CHOICE, "off",
     "whether aliases of the OpenSSH client's configuration count; so far they do not",
     TL_OPTION_ADVANCED, "off", 0, 0, NULL},
    {"ssh_connect_timeout", TL_OPTION_SECONDS, "10",
     "how long connecting and logging in may take", 0, NULL, 0, 86400, NULL},
    {"ssh_keepalive_interval", TL_OPTION_SECONDS, "15",
     "after how much silence the server is asked for a sign of life; 0 for never",
     TL_OPTION_ADVANCED, NULL, 0, 86400, NULL},
    {"command_timeout", TL_OPTION_SECONDS, "none", "how long a command may take in all", 0,
     NULL, 0, 31536000, NULL},
    {"idle_timeout", TL_OPTION_SECONDS, "300", "how long a command may print nothing", 0, NULL,
     0, 31536000, NULL},
    {"ssh_compression", TL_OPTION_BOOLEAN, "false",
     "whether to compress: worth it on links slower than 40 MB/s", TL_OPTION_ADVANCED, NULL, 0,
     0, NULL},
    {"api_key", TL_OPTION_TEXT, NULL, "a secret for commands, as {{config.api_key}}", SECRET,
     NULL, 0, 0, NULL},
    {"streams", TL_OPTION_OBJECTS, NULL,
     "what to sync; for a single stream its fields may stand at the top level",
     TL_OPTION_REQUIRED, NULL, 0, 0, stream_options},
    {NULL, TL_OPTION_TEXT, NULL, NULL, 0, NULL, 0, 0, NULL},
};

static enum ssh_host_key_policy options_policy(const char *name)
{
    if (strcmp(name, "accept-new") == 0)
        return SSH_HOST_KEY_ACCEPT_NEW;
    return strcmp(name, "relaxed") == 0 ? SSH_HOST_KEY_RELAXED : SSH_HOST_KEY_STRICT;
}

/* "none" and 0 are no limit: the 24 days that fit are as good. */
static int options_limit_ms(int64_t limit_ms)
{
    return limit_ms > 0 && limit_ms < INT_MAX ? (int)limit_ms : INT_MAX;
}

enum tl_status connector_check_fingerprint(const char *fingerprint, const char *name,
                                           struct tl_error *err)
{
    enum { DIGITS = 43 }; /* 32 bytes in base64 without padding */
    static const char base64[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    if (strncmp(fingerprint, "SHA256:", 7) == 0 && strlen(fingerprint) == 7 + DIGITS &&
        strspn(fingerprint + 7, base64) == DIGITS)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION, "%s: \"%.80s\" is no fingerprint", name, fingerprint);
    return tl_remedy(err, "Write it as `ssh-keygen -lf` prints it: SHA256: and 43 characters");
}

enum tl_status connector_ssh_options(const struct tl_config *config, struct ssh_options *out,
                                     struct tl_error *err)
{
    ssh_options_init(out);
    out->host = tl_config_text(config, "ssh_host");
    out->user = tl_config_text(config, "ssh_user");
    out->port = (uint16_t)tl_config_integer(config, "ssh_port");
    out->private_key = tl_config_text(config, "ssh_private_key");
    out->private_key_path = tl_config_text(config, "ssh_private_key_path");
    out->passphrase = tl_config_text(config, "ssh_key_passphrase");
    out->password = tl_config_text(config, "ssh_password");
    out->use_agent = tl_config_boolean(config, "ssh_agent");
    out->host_key_policy = options_policy(tl_config_text(config, "ssh_host_key_policy"));
    out->host_key_sha256 = tl_config_text(config, "ssh_host_key_sha256");
    out->known_hosts_path = tl_config_text(config, "ssh_known_hosts_path");
    out->connect_timeout_ms = options_limit_ms(tl_config_ms(config, "ssh_connect_timeout"));
    out->keepalive_interval_ms = (int)tl_config_ms(config, "ssh_keepalive_interval");
    out->compression = tl_config_boolean(config, "ssh_compression");
    if (out->private_key != NULL && out->private_key_path != NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "ssh_private_key and ssh_private_key_path are both given: one will do");
    if (out->host_key_sha256 != NULL)
        return connector_check_fingerprint(out->host_key_sha256, "ssh_host_key_sha256", err);
    return TL_OK;
}
