/* What a user would type: a script for a POSIX shell, put together word by word. */
#include "script.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "shell.h"
#include "towline/command.h"

enum { WORD_MAX_BYTES = 128 * 1024 };

static const char secret_begin[] = "towlineSecret";
static const char secret_end[] = "towlineGiven", variable_end[] = "towlineOwned";
static const char secret_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

static const char *name_variable(struct script_secret *out, const char *name, const char *end)
{
    int used = snprintf(out->text, sizeof(out->text), "%s", secret_begin);
    size_t size = (size_t)used;

    for (; *name != '\0' && size + sizeof(secret_end) < sizeof(out->text); name++) {
        int letter = toupper((unsigned char)*name);
        out->text[size++] = strchr(secret_letters, letter) != NULL ? (char)letter : '_';
    }
    memcpy(out->text + size, end, sizeof(secret_end));
    return out->text;
}

const char *script_secret(struct script_secret *out, const char *name)
{
    return name_variable(out, name, secret_end);
}

const char *script_variable(struct script_secret *out, const char *name)
{
    return name_variable(out, name, variable_end);
}

/* Both ends are of one size. */
static bool is_end(const char *text, const char *end)
{
    return strncmp(text, end, sizeof(secret_end) - 1) == 0;
}

/* The next secret in the text, and its name's size; NULL if there is none. */
static const char *find_secret(const char *text, size_t *name_size)
{
    while ((text = strstr(text, secret_begin)) != NULL) {
        const char *name = text + sizeof(secret_begin) - 1;
        *name_size = strspn(name, secret_letters);
        if (*name_size > 0 &&
            (is_end(name + *name_size, secret_end) || is_end(name + *name_size, variable_end)))
            return text;
        text = name;
    }
    return NULL;
}

static void quote(struct buf *out, const char *text, size_t size)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_@%+=:,./-";

    if (size == 0)
        return;
    if (strspn(text, plain) >= size)
        buf_append(out, text, size);
    else
        out->failed |= shell_quote(SHELL_POSIX, text, size, out, NULL) != TL_OK;
}

void script_word(struct buf *out, const char *text)
{
    const char *secret;
    size_t size;

    buf_append_string(out, *text != '\0' ? " " : " ''");
    while ((secret = find_secret(text, &size)) != NULL) {
        const char *name = secret + sizeof(secret_begin) - 1;
        quote(out, text, (size_t)(secret - text));
        buf_printf(out, "\"$%.*s\"", (int)size, name);
        text = name + size + sizeof(secret_end) - 1;
    }
    quote(out, text, strlen(text));
}

void script_demand_secrets(struct buf *out, const char *text)
{
    struct buf line = BUF_INIT(512);
    size_t size;

    while ((text = find_secret(text, &size)) != NULL) {
        text += sizeof(secret_begin) - 1;
        buf_reset(&line);
        buf_printf(&line, ": \"${%.*s:?}\"\n", (int)size, text);
        if (is_end(text + size, secret_end) && strstr(buf_text(out), buf_text(&line)) == NULL)
            buf_append(out, buf_text(&line), line.size);
    }
    buf_free(&line);
}

void script_host(struct buf *out, const char *host)
{
    bool v6 = strchr(host, ':') != NULL;
    buf_printf(out, "%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "");
}

/* ssh takes % in paths and commands for the begin of a token. */
static void append_percent(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '%')
            buf_append_char(out, '%');
        buf_append_char(out, *text);
    }
}

static void append_path(struct buf *out, const char *option, const char *path)
{
    struct buf word = BUF_INIT(WORD_MAX_BYTES);

    append_percent(&word, path);
    buf_printf(out, " %s", option);
    script_word(out, buf_text(&word));
    out->failed = out->failed || word.failed;
    buf_free(&word);
}

/* "-o NAME=VALUE" */
static void append_setting(struct buf *out, const char *name, const char *value)
{
    struct buf word = BUF_INIT(WORD_MAX_BYTES);

    buf_printf(&word, "%s=", name);
    append_percent(&word, value);
    buf_append_string(out, " -o");
    script_word(out, buf_text(&word));
    out->failed = out->failed || word.failed;
    buf_free(&word);
}

static bool is_given(const char *text)
{
    return text != NULL && *text != '\0';
}

/* The files that the client reads by itself. */
static bool is_default_known_hosts(const char *const *paths)
{
    static const char of_all_users[] = "/etc/ssh/ssh_known_hosts";

    if (paths == NULL || paths[0] == NULL)
        return true;
    if (strcmp(paths[0], ssh_known_hosts_default[0]) != 0)
        return false;
    while (*++paths != NULL)
        if (strncmp(*paths, of_all_users, sizeof(of_all_users) - 1) != 0)
            return false;
    return true;
}

/* One with blanks in it is quoted for the client, besides the quoting for the shell. */
static void append_known_hosts(struct buf *out, const char *const *paths)
{
    struct buf word = BUF_INIT(WORD_MAX_BYTES);

    for (size_t i = 0; paths[i] != NULL; i++) {
        const char *quote = strpbrk(paths[i], " \t") != NULL ? "\"" : "";
        buf_printf(&word, "%s%s%s%s", i > 0 ? " " : "", quote, paths[i], quote);
    }
    append_setting(out, "UserKnownHostsFile", buf_text(&word));
    out->failed = out->failed || word.failed;
    buf_free(&word);
}

static void append_host_key(struct buf *out, const struct ssh_options *ssh)
{
    static const char *const words[] = {
        [SSH_HOST_KEY_STRICT] = "yes",
        [SSH_HOST_KEY_ACCEPT_NEW] = "accept-new",
        [SSH_HOST_KEY_RELAXED] = "no",
    };

    append_setting(out, "StrictHostKeyChecking", words[ssh->host_key_policy]);
    if (!is_default_known_hosts(ssh->known_hosts_paths))
        append_known_hosts(out, ssh->known_hosts_paths);
    if (is_given(ssh->host_key_alias))
        append_setting(out, "HostKeyAlias", ssh->host_key_alias);
}

static void append_login(struct buf *out, const struct ssh_options *ssh)
{
    if (is_given(ssh->private_key_path)) {
        buf_append_string(out, " -o IdentitiesOnly=yes");
        append_path(out, "-i", ssh->private_key_path);
    }
    if (is_given(ssh->certificate_path))
        append_setting(out, "CertificateFile", ssh->certificate_path);
    if (is_given(ssh->agent_path))
        append_setting(out, "IdentityAgent", ssh->agent_path);
}

void script_jumps(struct buf *out, const struct ssh_options *jump)
{
    if (jump->jump != NULL) {
        script_jumps(out, jump->jump);
        buf_append_char(out, ',');
    }
    if (is_given(jump->user))
        buf_printf(out, "%s@", jump->user);
    script_host(out, jump->host);
    if (jump->port != 22)
        buf_printf(out, ":%u", jump->port);
}

/* Whether -J will do, which can say no more of the jump hosts than user, host and port. */
static bool are_simple(const struct ssh_options *jump)
{
    for (; jump != NULL; jump = jump->jump)
        if (jump->host_key_policy != SSH_HOST_KEY_STRICT ||
            !is_default_known_hosts(jump->known_hosts_paths) ||
            is_given(jump->host_key_alias) || is_given(jump->private_key_path) ||
            is_given(jump->certificate_path) || is_given(jump->agent_path))
            return false;
    return true;
}

static void append_jump(struct buf *out, const struct ssh_options *jump, bool plain)
{
    struct buf text = BUF_INIT(WORD_MAX_BYTES);

    if (are_simple(jump)) {
        script_jumps(&text, jump);
        buf_append_string(out, " -J");
        script_word(out, buf_text(&text));
    } else {
        struct buf word = BUF_INIT(WORD_MAX_BYTES);
        script_ssh_options(&text, jump, plain);
        script_ssh_target(&text, jump);
        buf_append_string(&word, "ProxyCommand=ssh -W '[%h]:%p'");
        append_percent(&word, buf_text(&text));
        buf_append_string(out, " -o");
        script_word(out, buf_text(&word));
        text.failed = text.failed || word.failed;
        buf_free(&word);
    }
    out->failed = out->failed || text.failed;
    buf_free(&text);
}

void script_ssh_options(struct buf *out, const struct ssh_options *ssh, bool plain)
{
    if (plain)
        buf_append_string(out, " -F none");
    append_host_key(out, ssh);
    append_login(out, ssh);
    if (ssh->compression)
        buf_append_string(out, " -C");
    if (ssh->jump != NULL)
        append_jump(out, ssh->jump, plain);
    if (ssh->port != 22)
        buf_printf(out, " -p %u", ssh->port);
}

void script_ssh_target(struct buf *out, const struct ssh_options *ssh)
{
    if (is_given(ssh->user)) {
        buf_append_string(out, " -l");
        script_word(out, ssh->user);
    }
    buf_append_string(out, *ssh->host == '-' ? " --" : "");
    script_word(out, ssh->host);
}

void script_ssh_remarks(struct buf *out, const struct ssh_options *ssh)
{
    if (is_given(ssh->private_key) || is_given(ssh->password))
        buf_append_string(out, "# (ssh takes neither a key's text nor a password: give it a "
                               "key file with -i, or an agent)\n");
    if (is_given(ssh->host_key_sha256))
        buf_append_string(out, "# (ssh goes by known_hosts, not by a pinned fingerprint)\n");
    if (ssh->jump != NULL)
        script_ssh_remarks(out, ssh->jump);
}

enum tl_status script_print(const struct buf *script, struct tl_error *err)
{
    struct buf safe = BUF_INIT(SCRIPT_MAX_BYTES);
    enum tl_status status;

    text_append_safe_lines(&safe, buf_text(script), script->size);
    safe.failed = safe.failed || script->failed;
    status = buf_check(&safe, "the explanation", err);
    if (status == TL_OK)
        status = tl_print(err, "%s", buf_text(&safe));
    buf_free(&safe);
    return status;
}
