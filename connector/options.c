/* The connector's options. */
#include "options.h"

#include <limits.h>
#include <string.h>

#include "sources/http_settings.h"
#include "towline/stream.h"

#define SECRET TL_OPTION_SECRET

static const struct tl_option stream_options[] = {
    {
        .name = "command",
        .kind = TL_OPTION_TEXT,
        .ask = "The command that prints the rows as JSON",
        .help = "what the remote login shell runs; prints the rows as JSON, or CSV by `format`",
    },
    TL_STREAM_OPTIONS,
    {
        .name = "stdin",
        .kind = TL_OPTION_TEXT,
        .help = "text to feed the command, with the same placeholders, unquoted",
        .flags = TL_OPTION_MULTILINE,
    },
    {
        .name = "http",
        .kind = TL_OPTION_OBJECTS,
        .help = "instead of command: an HTTP request made through the SSH connection",
        .flags = TL_OPTION_ONE,
        .fields = http_options,
    },
    {
        .name = "remote_shell",
        .kind = TL_OPTION_CHOICE,
        .fallback = "posix",
        .help = "the shell that placeholders are quoted for; fish and csh are noticed by "
                "themselves",
        .choices = "posix|powershell|cmd",
    },
    {
        .name = "completion",
        .kind = TL_OPTION_CHOICE,
        .fallback = "marker",
        .help = "how the end is proved: marker, or status for forced commands and other shells",
        .choices = "marker|status",
    },
    {
        .name = "fail_on_stderr",
        .kind = TL_OPTION_BOOLEAN,
        .fallback = "false",
        .help = "whether output on stderr fails the stream",
    },
    {
        .name = "expected_exit_codes",
        .kind = TL_OPTION_LIST,
        .fallback = "0",
        .help = "exit codes that mean success",
    },
    {.name = NULL},
};

#define KEY_OR_PASSWORD "SSH_KEY_AUTH|SSH_PASSWORD_AUTH"

/* As users of Airbyte know them from its other connectors. */
static const struct tl_option tunnel_options[] = {
    {.name = "tunnel_host", .stands_for = "ssh_host", .only_for = KEY_OR_PASSWORD},
    {.name = "tunnel_port", .stands_for = "ssh_port", .only_for = KEY_OR_PASSWORD},
    {.name = "tunnel_user", .stands_for = "ssh_user", .only_for = KEY_OR_PASSWORD},
    {.name = "ssh_key", .stands_for = "ssh_private_key", .only_for = "SSH_KEY_AUTH"},
    {
        .name = "tunnel_user_password",
        .stands_for = "ssh_password",
        .only_for = "SSH_PASSWORD_AUTH",
    },
    {.name = NULL},
};

/* Of the main host, of each of several, and of each jump host; beside ssh_host. What a listed
 * host leaves out is as for the main one: their defaults are UNSAID. */
#define HOST_OPTIONS(default_is)                                                               \
    {                                                                                          \
        .name = "ssh_port",                                                                    \
        .label = "Port",                                                                       \
        .alias = "bastion_port",                                                               \
        .kind = TL_OPTION_INTEGER,                                                             \
        .fallback = "22",                                                                      \
        .ask = "Its SSH port",                                                                 \
        .flags = TL_OPTION_TRY | (default_is),                                                 \
        .help = "its SSH port",                                                                \
        .min = 1,                                                                              \
        .max = 65535,                                                                          \
    },                                                                                         \
        {                                                                                      \
            .name = "ssh_user",                                                                \
            .label = "User",                                                                   \
            .alias = "bastion_user",                                                           \
            .kind = TL_OPTION_TEXT,                                                            \
            .ask = "The user to log in as",                                                    \
            .help = "who to log in as; on a command line, the local user's name if not given", \
            .flags = TL_OPTION_ASKED,                                                          \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_login",                                                               \
            .label = "Log in with",                                                            \
            .kind = TL_OPTION_CHOICE,                                                          \
            .fallback = "auto",                                                                \
            .flags = (default_is),                                                             \
            .help =                                                                            \
                "what to log in with, whatever else is given: key, password, or "              \
                "key-and-password where the server asks for both; auto, which is meant where " \
                "nothing is said: with all that is given",                                     \
            .choices = "key|password|key-and-password|auto",                                   \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_private_key",                                                         \
            .label = "Private key",                                                            \
            .when = "ssh_login=key|key-and-password",                                          \
            .upload = ".pem|.key|.txt",                                                        \
            .alias = "bastion_private_key",                                                    \
            .kind = TL_OPTION_TEXT,                                                            \
            .help = "the private key: OpenSSH or PEM text, also with \\n escapes, or that in " \
                    "base64",                                                                  \
            .flags = SECRET | TL_OPTION_MULTILINE | TL_OPTION_ASKED,                           \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_private_key_path",                                                    \
            .kind = TL_OPTION_TEXT,                                                            \
            .ask = "The private key's path (towline keygen makes one; empty: none)",           \
            .help = "where the private key lies",                                              \
            .flags = TL_OPTION_LOCAL,                                                          \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_key_passphrase",                                                      \
            .label = "Passphrase of the private key",                                          \
            .when = "ssh_login=key|key-and-password",                                          \
            .alias = "bastion_passphrase",                                                     \
            .kind = TL_OPTION_TEXT,                                                            \
            .ask = "The key's passphrase (empty: none)",                                       \
            .help = "the private key's passphrase",                                            \
            .flags = SECRET,                                                                   \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_certificate_path",                                                    \
            .kind = TL_OPTION_TEXT,                                                            \
            .help =                                                                            \
                "the private key's certificate; if not given, KEY-cert.pub beside the key",    \
            .flags = TL_OPTION_LOCAL,                                                          \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_agent",                                                               \
            .kind = TL_OPTION_BOOLEAN,                                                         \
            .fallback = "false",                                                               \
            .help = "whether to use the agent at $SSH_AUTH_SOCK",                              \
            .flags = TL_OPTION_LOCAL | (default_is),                                           \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_password",                                                            \
            .label = "Password",                                                               \
            .when = "ssh_login=password|key-and-password",                                     \
            .alias = "bastion_password",                                                       \
            .kind = TL_OPTION_TEXT,                                                            \
            .ask = "The password (empty: none)",                                               \
            .help = "the password; also answers keyboard-interactive",                         \
            .flags = SECRET | TL_OPTION_TRY | TL_OPTION_ASKED,                                 \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_host_key_policy",                                                     \
            .label = "Host key policy",                                                        \
            .kind = TL_OPTION_CHOICE,                                                          \
            .fallback = "strict",                                                              \
            .flags = (default_is),                                                             \
            .help = "which host keys are trusted; strict: those in known_hosts; accept-new: "  \
                    "those "                                                                   \
                    "of new hosts, too, which are remembered; relaxed: any, with a warning",   \
            .choices = "strict|accept-new|relaxed",                                            \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_host_key_sha256",                                                     \
            .label = "Host key fingerprint",                                                   \
            .example = "SHA256:...",                                                           \
            .kind = TL_OPTION_TEXT,                                                            \
            .help = "the host key's fingerprint, SHA256:...; when given it decides alone",     \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_known_hosts_path",                                                    \
            .kind = TL_OPTION_LIST,                                                            \
            .fallback = "~/.ssh/known_hosts",                                                  \
            .help = "the known_hosts file, or several: an array of paths, or one text with "   \
                    "blanks between them; new hosts are recorded in the first",                \
            .flags = TL_OPTION_LOCAL | TL_OPTION_BLANKS | (default_is),                        \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_connect_timeout",                                                     \
            .label = "Connect timeout",                                                        \
            .flags = TL_OPTION_ADVANCED | (default_is),                                        \
            .kind = TL_OPTION_SECONDS,                                                         \
            .fallback = "10",                                                                  \
            .help = "how long connecting and logging in may take, and a jump host or the "     \
                    "server to reach what lies behind it",                                     \
            .max = 86400,                                                                      \
        },                                                                                     \
        {                                                                                      \
            .name = "ssh_keepalive_interval",                                                  \
            .label = "Keepalive interval",                                                     \
            .kind = TL_OPTION_SECONDS,                                                         \
            .fallback = "15",                                                                  \
            .help =                                                                            \
                "after how much silence the server is asked for a sign of life; 0 for never",  \
            .flags = TL_OPTION_ADVANCED | (default_is),                                        \
            .max = 86400,                                                                      \
        },                                                                                     \
    {                                                                                          \
        .name = "ssh_compression", .label = "Compression", .kind = TL_OPTION_BOOLEAN,          \
        .fallback = "false",                                                                   \
        .help = "whether to compress: worth it on links slower than 40 MB/s",                  \
        .flags = TL_OPTION_ADVANCED | (default_is),                                            \
    }

static const struct tl_option listed_host_options[] = {
    {
        .name = "ssh_host",
        .alias = "bastion_host",
        .kind = TL_OPTION_TEXT,
        .help = "the host, or user@host:port",
        .flags = TL_OPTION_REQUIRED,
    },
    HOST_OPTIONS(TL_OPTION_UNSAID),
    {.name = NULL},
};

const struct tl_option connector_options[] = {
    {
        .name = "ssh_host",
        .label = "Host",
        .example = "db.example.org",
        .alias = "bastion_host",
        .kind = TL_OPTION_TEXT,
        .ask = "The host to connect to",
        .help = "the host to connect to",
        .flags = TL_OPTION_REQUIRED,
        .unless = "ssh_hosts",
    },
    {
        .name = "ssh_hosts",
        .kind = TL_OPTION_OBJECTS,
        .help = "instead of ssh_host: several, on each of which the streams run. An array of "
                "user@host:port or of objects with the keys of a host, or the path of a file "
                "with one to a line; what one leaves out is as at the top level",
        .flags = TL_OPTION_SHORTHAND | TL_OPTION_IN_FILE,
        .fields = listed_host_options,
    },
    HOST_OPTIONS(0),
    {
        .name = "ssh_jump",
        .label = "Jump hosts",
        .example = "user@bastion.example.org:22",
        .kind = TL_OPTION_OBJECTS,
        .help = "hosts to go through, in order: user@bastion:22,user@inner, or an array of "
                "objects with the keys of the main host; what one leaves out is as there, but "
                "for port, password and fingerprint",
        .flags = TL_OPTION_SHORTHAND,
        .fields = listed_host_options,
    },
    {
        .name = "ssh_config",
        .kind = TL_OPTION_CHOICE,
        .fallback = "auto",
        .help = "auto: what is not said here comes from the OpenSSH client's configuration, "
                "where it is installed (aliases, HostName, User, IdentityFile, ProxyJump ...)",
        .flags = TL_OPTION_ADVANCED | TL_OPTION_LOCAL,
        .choices = "auto|off",
    },
    {
        .name = "streams",
        .example = "[{\"table\": \"users\", \"primary_key\": \"id\", \"command\": \"...\"}]",
        .kind = TL_OPTION_OBJECTS,
        .help = "what to sync; for a single stream its fields may stand at the top level",
        .fields = stream_options,
    },
    {
        .name = "api_key",
        .kind = TL_OPTION_TEXT,
        .help = "a secret for commands and requests, as {{config.api_key}}; without streams, "
                "the key with which the table user is read",
        .flags = SECRET,
    },
    {
        .name = "command_timeout",
        .kind = TL_OPTION_SECONDS,
        .fallback = "none",
        .help = "how long a command may take in all",
        .max = 31536000,
    },
    {
        .name = "idle_timeout",
        .kind = TL_OPTION_SECONDS,
        .fallback = "300",
        .help = "how long a command may print nothing",
        .max = 31536000,
    },
    {
        .name = "remote_port",
        .kind = TL_OPTION_INTEGER,
        .fallback = "5005",
        .help =
            "without streams: the port of the SSH host where the service with the table user "
            "listens",
        .flags = TL_OPTION_ADVANCED,
        .min = 1,
        .max = 65535,
    },
    {
        .name = "local_port",
        .kind = TL_OPTION_INTEGER,
        .fallback = "8000",
        .help = "taken and not used: requests need no port on this machine",
        .flags = TL_OPTION_ADVANCED | TL_OPTION_LOCAL,
        .min = 1,
        .max = 65535,
    },
    {
        .name = "require_tls_through_tunnel",
        .kind = TL_OPTION_BOOLEAN,
        .fallback = "true",
        .help =
            "whether requests must use TLS from the SSH host on; when not given, clear text to "
            "that host itself will do; false: TLS is tried, then clear text, with a warning",
        .flags = TL_OPTION_UNSAID,
    },
    {
        .name = "tunnel_method",
        .kind = TL_OPTION_ALIASES,
        .help = "host, port, user and key or password under the names that Airbyte gives them",
        .choices = "NO_TUNNEL|SSH_KEY_AUTH|SSH_PASSWORD_AUTH",
        .fields = tunnel_options,
    },
    {.name = NULL},
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

/* What a form keeps of another choice does not count. */
static void limit_login(const char *login, struct ssh_options *out)
{
    if (strcmp(login, "key") == 0)
        out->password = NULL;
    if (strcmp(login, "password") == 0) {
        out->private_key = out->private_key_path = out->passphrase = NULL;
        out->certificate_path = NULL;
        out->use_agent = false;
    }
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
    out->certificate_path = tl_config_text(config, "ssh_certificate_path");
    out->password = tl_config_text(config, "ssh_password");
    out->use_agent = tl_config_boolean(config, "ssh_agent");
    out->host_key_policy = options_policy(tl_config_text(config, "ssh_host_key_policy"));
    out->host_key_sha256 = tl_config_text(config, "ssh_host_key_sha256");
    out->known_hosts_paths = tl_config_list(config, "ssh_known_hosts_path");
    out->connect_timeout_ms = options_limit_ms(tl_config_ms(config, "ssh_connect_timeout"));
    out->keepalive_interval_ms = (int)tl_config_ms(config, "ssh_keepalive_interval");
    out->compression = tl_config_boolean(config, "ssh_compression");
    limit_login(tl_config_text(config, "ssh_login"), out);
    for (const char *const *path = out->known_hosts_paths; path != NULL && *path != NULL;
         path++)
        if (**path == '\0')
            return tl_fail(err, TL_CONFIGURATION,
                           "ssh_known_hosts_path has an empty path in its list");
    if (out->host != NULL && out->host[0] == '-') /* which programs take for an option */
        return tl_fail(err, TL_CONFIGURATION, "ssh_host \"%.80s\" is no host: it begins with -",
                       out->host);
    if (out->private_key != NULL && out->private_key_path != NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "ssh_private_key and ssh_private_key_path are both given: one will do");
    if (out->host_key_sha256 != NULL)
        return connector_check_fingerprint(out->host_key_sha256, "ssh_host_key_sha256", err);
    return TL_OK;
}
