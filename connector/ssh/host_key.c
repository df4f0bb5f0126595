/* Whether the server is the one it should be: pin, known_hosts, policy. */
#include "ssh/host_key.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "towline/log.h"

/* What is to be judged, and its names in messages. */
struct judged {
    const struct ssh_options *options;
    const struct known_hosts *known;
    struct known_key key;
    const char *label;
    char type[KNOWN_KEY_TYPE_SIZE], sha256[KNOWN_KEY_SHA256_SIZE];
    struct buf files; /* those of known_hosts */
};

struct known_key host_key_shown(struct ssh_session *session)
{
    struct known_key key = {0};
    int type;
    const char *blob = libssh2_session_hostkey(session->ssh, &key.size, &type);

    key.blob = (const unsigned char *)blob;
    return key;
}

const char *host_key_name(const struct ssh_options *options)
{
    return options->host_key_alias != NULL ? options->host_key_alias : options->host;
}

uint16_t host_key_port(const struct ssh_options *options)
{
    return options->host_key_alias != NULL ? 22 : options->port;
}

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

/* Quoted for a shell where that is needed, as remedies are copied into one. */
static void append_path(struct buf *out, const char *path)
{
    bool plain = strpbrk(path, " \t\n'\"\\$`;&|<>()*?[]{}#!") == NULL;

    if (!plain && strncmp(path, "~/", 2) == 0) { /* quoted it would not be the home folder */
        buf_append_string(out, "~/");
        path += 2;
    }
    if (!plain)
        buf_append_char(out, '\'');
    for (; *path != '\0'; path++) {
        if (*path == '\'')
            buf_append_string(out, "'\\'");
        buf_append_char(out, *path);
    }
    if (!plain)
        buf_append_char(out, '\'');
}

static void append_paths(struct buf *out, const char *const *paths)
{
    for (; *paths != NULL; paths++) {
        if (out->size > 0)
            buf_append_char(out, ' ');
        append_path(out, *paths);
    }
}

static enum tl_status verify_pin(const struct judged *judged, struct tl_error *err)
{
    const char *pin = judged->options->host_key_sha256;
    char safe[100];

    if (strcmp(pin, judged->sha256) == 0)
        return TL_OK;
    tl_fail(err, TL_HOST_KEY, "%s: the server's %s key is %s, but ssh_host_key_sha256 says %s",
            judged->label, judged->type, judged->sha256,
            text_safe(safe, sizeof(safe), pin, strlen(pin)));
    return tl_remedy(err,
                     "Ask the server's administrator for the fingerprint (ssh-keygen -lf "
                     "/etc/ssh/ssh_host_ed25519_key.pub) and change the pin only if it agrees");
}

static enum tl_status refuse_revoked(const struct judged *judged, struct tl_error *err)
{
    tl_fail(err, TL_HOST_KEY, "%s: the server's %s key %s is marked @revoked in %s",
            judged->label, judged->type, judged->sha256, buf_text(&judged->files));
    return tl_remedy(err,
                     "This key must not be used any more: tell the server's administrator");
}

static enum tl_status refuse_changed(const struct judged *judged, struct known_key other,
                                     struct tl_error *err)
{
    const struct ssh_options *options = judged->options;
    char known_type[KNOWN_KEY_TYPE_SIZE], known_sha256[KNOWN_KEY_SHA256_SIZE];
    bool several = options->known_hosts_paths[1] != NULL;
    char name[300];

    tl_fail(
        err, TL_HOST_KEY,
        "%s: the host key has changed: the server shows %s %s, %s holds %s %s; somebody may "
        "be listening in",
        judged->label, judged->type, judged->sha256, buf_text(&judged->files),
        known_key_type(other, known_type), known_key_sha256(other, known_sha256));
    if (host_key_port(options) == 22)
        snprintf(name, sizeof(name), "%s", host_key_name(options));
    else
        snprintf(name, sizeof(name), "'[%s]:%u'", options->host, options->port);
    return tl_remedy(err,
                     "Only if the server's administrator confirms the new key: ssh-keygen -R "
                     "%s -f %s, then towline check --approve %s",
                     name, several ? "FILE for each of these files" : buf_text(&judged->files),
                     judged->sha256);
}

/* The user vouched for a key of another type and said nothing of the one known so far. */
static void warn_of_old_key(const struct judged *judged, struct known_key old)
{
    char type[KNOWN_KEY_TYPE_SIZE], sha256[KNOWN_KEY_SHA256_SIZE];

    tl_log(TL_LOG_WARNING,
           "%s: the key known so far, %s %s, is still trusted; take its line out of %s if the "
           "server does not use it any more",
           judged->label, known_key_type(old, type), known_key_sha256(old, sha256),
           buf_text(&judged->files));
}

/* A further type: the host may be known by keys of others. */
static enum tl_status record(const struct judged *judged, bool further_type,
                             struct tl_error *err)
{
    const struct ssh_options *options = judged->options;

    return known_hosts_add(options->known_hosts_paths, host_key_name(options),
                           host_key_port(options), judged->key, further_type, err);
}

static enum tl_status not_the_approved(const struct judged *judged, struct tl_error *err)
{
    const char *approved = judged->options->approve_sha256;
    char safe[100];

    tl_fail(err, TL_HOST_KEY, "%s: the server's %s key is %s, not the approved %s",
            judged->label, judged->type, judged->sha256,
            text_safe(safe, sizeof(safe), approved, strlen(approved)));
    return tl_remedy(err, "Nothing was recorded; compare with what the server's administrator "
                          "says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
}

static enum tl_status approve(const struct judged *judged, struct tl_error *err)
{
    struct known_key other = {0};
    enum known_hosts_verdict verdict = known_hosts_check(judged->known, judged->key, &other);
    enum tl_status status;

    if (verdict == KNOWN_HOSTS_REVOKED)
        return refuse_revoked(judged, err);
    if (verdict == KNOWN_HOSTS_MATCH && judged->options->approve_unknown_only)
        return TL_OK;
    if (strcmp(judged->options->approve_sha256, judged->sha256) != 0)
        return not_the_approved(judged, err);
    if (verdict == KNOWN_HOSTS_CHANGED && known_key_same_type(judged->key, other))
        return refuse_changed(judged, other, err);
    status = record(judged, true, err);
    if (status == TL_OK)
        tl_log(TL_LOG_INFO, "%s: host key %s %s %s %s", judged->label, judged->type,
               judged->sha256, verdict == KNOWN_HOSTS_MATCH ? "was already in" : "recorded in",
               verdict == KNOWN_HOSTS_MATCH ? buf_text(&judged->files)
                                            : judged->options->known_hosts_paths[0]);
    if (status == TL_OK && verdict == KNOWN_HOSTS_CHANGED)
        warn_of_old_key(judged, other);
    return status;
}

static enum tl_status refuse_unknown(const struct judged *judged, struct tl_error *err)
{
    const char *doubt = known_hosts_doubt(judged->known);

    tl_fail(err, TL_HOST_KEY, "%s: the host key %s %s is not in %s%s%s", judged->label,
            judged->type, judged->sha256, buf_text(&judged->files),
            *doubt != '\0' ? ", and its @cert-authority does not vouch for it: " : "", doubt);
    return tl_remedy(err,
                     "Check the fingerprint with the server's administrator, then: towline "
                     "check --approve %s, or give it as ssh_host_key_sha256",
                     judged->sha256);
}

static enum tl_status verify_unknown(const struct judged *judged, struct tl_error *err)
{
    enum tl_status status;

    if (judged->options->host_key_policy != SSH_HOST_KEY_ACCEPT_NEW)
        return refuse_unknown(judged, err);
    status = record(judged, false, err);
    if (status == TL_OK)
        tl_log(TL_LOG_INFO, "%s: new host, key %s %s remembered in %s", judged->label,
               judged->type, judged->sha256, judged->options->known_hosts_paths[0]);
    return status;
}

static enum tl_status judge(const struct judged *judged, struct tl_error *err)
{
    const struct ssh_options *options = judged->options;
    struct known_key other = {0};

    if (given(options->host_key_sha256))
        return verify_pin(judged, err);
    if (given(options->approve_sha256))
        return approve(judged, err);
    if (options->host_key_policy == SSH_HOST_KEY_RELAXED) {
        tl_log(TL_LOG_WARNING,
               "%s: host key %s %s is accepted unverified (ssh_host_key_policy)", judged->label,
               judged->type, judged->sha256);
        return TL_OK;
    }
    switch (known_hosts_check(judged->known, judged->key, &other)) {
    case KNOWN_HOSTS_MATCH:
        return TL_OK;
    case KNOWN_HOSTS_REVOKED:
        return refuse_revoked(judged, err);
    case KNOWN_HOSTS_CHANGED:
        return refuse_changed(judged, other, err);
    default:
        return verify_unknown(judged, err);
    }
}

enum tl_status host_key_verify(struct ssh_session *session, const struct ssh_options *options,
                               const struct known_hosts *known, struct tl_error *err)
{
    struct judged judged = {.options = options,
                            .known = known,
                            .key = host_key_shown(session),
                            .label = session->label,
                            .files = BUF_INIT(16 * 1024)};
    enum tl_status status;

    if (judged.key.blob == NULL)
        return tl_fail(err, TL_HOST_KEY, "%s: the server showed no host key", session->label);
    known_key_type(judged.key, judged.type);
    known_key_sha256(judged.key, judged.sha256);
    append_paths(&judged.files, options->known_hosts_paths);
    status = judge(&judged, err);
    buf_free(&judged.files);
    return status;
}
