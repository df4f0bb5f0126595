/* Whether the server is the one it should be: pin, known_hosts, policy. */
#include "ssh/host_key.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "towline/log.h"

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

static enum tl_status verify_pin(const struct ssh_session *session, const char *pin,
                                 const char *type, const char *shown, struct tl_error *err)
{
    char safe[100];

    if (strcmp(pin, shown) == 0)
        return TL_OK;
    tl_fail(err, TL_HOST_KEY, "%s: the server's %s key is %s, but ssh_host_key_sha256 says %s",
            session->label, type, shown, text_safe(safe, sizeof(safe), pin, strlen(pin)));
    return tl_remedy(err,
                     "Ask the server's administrator for the fingerprint (ssh-keygen -lf "
                     "/etc/ssh/ssh_host_ed25519_key.pub) and change the pin only if it agrees");
}

static enum tl_status refuse_revoked(const struct ssh_session *session, const char *type,
                                     const char *shown, const char *path, struct tl_error *err)
{
    tl_fail(err, TL_HOST_KEY, "%s: the server's %s key %s is marked @revoked in %s",
            session->label, type, shown, path);
    return tl_remedy(err,
                     "This key must not be used any more: tell the server's administrator");
}

static enum tl_status refuse_changed(const struct ssh_session *session,
                                     const struct ssh_options *options, struct known_key other,
                                     const char *type, const char *shown, struct tl_error *err)
{
    char known_type[KNOWN_KEY_TYPE_SIZE], known_sha256[KNOWN_KEY_SHA256_SIZE];
    bool several = strchr(options->known_hosts_path, ' ') != NULL;
    char name[300];

    tl_fail(
        err, TL_HOST_KEY,
        "%s: the host key has changed: the server shows %s %s, %s holds %s %s; somebody may "
        "be listening in",
        session->label, type, shown, options->known_hosts_path,
        known_key_type(other, known_type), known_key_sha256(other, known_sha256));
    if (host_key_port(options) == 22)
        snprintf(name, sizeof(name), "%s", host_key_name(options));
    else
        snprintf(name, sizeof(name), "'[%s]:%u'", options->host, options->port);
    return tl_remedy(err,
                     "Only if the server's administrator confirms the new key: ssh-keygen -R "
                     "%s -f %s, then towline check --approve %s",
                     name, several ? "FILE for each of these files" : options->known_hosts_path,
                     shown);
}

/* The user vouched for a key of another type and said nothing of the one known so far. */
static void warn_of_old_key(const struct ssh_session *session,
                            const struct ssh_options *options, struct known_key old)
{
    char type[KNOWN_KEY_TYPE_SIZE], sha256[KNOWN_KEY_SHA256_SIZE];

    tl_log(TL_LOG_WARNING,
           "%s: the key known so far, %s %s, is still trusted; take its line out of %s if the "
           "server does not use it any more",
           session->label, known_key_type(old, type), known_key_sha256(old, sha256),
           options->known_hosts_path);
}

static enum tl_status approve(struct ssh_session *session, const struct ssh_options *options,
                              const struct known_hosts *known, const char *type,
                              const char *shown, struct tl_error *err)
{
    struct known_key key = host_key_shown(session), other = {0};
    enum known_hosts_verdict verdict = known_hosts_check(known, key, &other);
    char safe[100];
    enum tl_status status;

    if (verdict == KNOWN_HOSTS_REVOKED)
        return refuse_revoked(session, type, shown, options->known_hosts_path, err);
    if (verdict == KNOWN_HOSTS_MATCH && options->approve_unknown_only)
        return TL_OK;
    if (strcmp(options->approve_sha256, shown) != 0) {
        tl_fail(err, TL_HOST_KEY, "%s: the server's %s key is %s, not the approved %s",
                session->label, type, shown,
                text_safe(safe, sizeof(safe), options->approve_sha256,
                          strlen(options->approve_sha256)));
        return tl_remedy(err,
                         "Nothing was recorded; compare with what the server's administrator "
                         "says: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub");
    }
    if (verdict == KNOWN_HOSTS_CHANGED && known_key_same_type(key, other))
        return refuse_changed(session, options, other, type, shown, err);
    status = known_hosts_add(options->known_hosts_path, host_key_name(options),
                             host_key_port(options), key, true, err);
    if (status == TL_OK)
        tl_log(TL_LOG_INFO, "%s: host key %s %s %s %s", session->label, type, shown,
               verdict == KNOWN_HOSTS_MATCH ? "was already in" : "recorded in",
               options->known_hosts_path);
    if (status == TL_OK && verdict == KNOWN_HOSTS_CHANGED)
        warn_of_old_key(session, options, other);
    return status;
}

static enum tl_status refuse_unknown(const struct ssh_session *session,
                                     const struct ssh_options *options,
                                     const struct known_hosts *known, const char *type,
                                     const char *shown, struct tl_error *err)
{
    const char *doubt = known_hosts_doubt(known);

    tl_fail(err, TL_HOST_KEY, "%s: the host key %s %s is not in %s%s%s", session->label, type,
            shown, options->known_hosts_path,
            *doubt != '\0' ? ", and its @cert-authority does not vouch for it: " : "", doubt);
    return tl_remedy(err,
                     "Check the fingerprint with the server's administrator, then: towline "
                     "check --approve %s, or give it as ssh_host_key_sha256",
                     shown);
}

static enum tl_status verify_unknown(struct ssh_session *session,
                                     const struct ssh_options *options,
                                     const struct known_hosts *known, const char *type,
                                     const char *shown, struct tl_error *err)
{
    enum tl_status status;

    if (options->host_key_policy != SSH_HOST_KEY_ACCEPT_NEW)
        return refuse_unknown(session, options, known, type, shown, err);
    status = known_hosts_add(options->known_hosts_path, host_key_name(options),
                             host_key_port(options), host_key_shown(session), false, err);
    if (status == TL_OK)
        tl_log(TL_LOG_INFO, "%s: new host, key %s %s remembered in %s", session->label, type,
               shown, options->known_hosts_path);
    return status;
}

enum tl_status host_key_verify(struct ssh_session *session, const struct ssh_options *options,
                               const struct known_hosts *known, struct tl_error *err)
{
    struct known_key key = host_key_shown(session), other = {0};
    char type[KNOWN_KEY_TYPE_SIZE], shown[KNOWN_KEY_SHA256_SIZE];

    if (key.blob == NULL)
        return tl_fail(err, TL_HOST_KEY, "%s: the server showed no host key", session->label);
    known_key_type(key, type);
    known_key_sha256(key, shown);
    if (given(options->host_key_sha256))
        return verify_pin(session, options->host_key_sha256, type, shown, err);
    if (given(options->approve_sha256))
        return approve(session, options, known, type, shown, err);
    if (options->host_key_policy == SSH_HOST_KEY_RELAXED) {
        tl_log(TL_LOG_WARNING,
               "%s: host key %s %s is accepted unverified (ssh_host_key_policy)",
               session->label, type, shown);
        return TL_OK;
    }
    switch (known_hosts_check(known, key, &other)) {
    case KNOWN_HOSTS_MATCH:
        return TL_OK;
    case KNOWN_HOSTS_REVOKED:
        return refuse_revoked(session, type, shown, options->known_hosts_path, err);
    case KNOWN_HOSTS_CHANGED:
        return refuse_changed(session, options, other, type, shown, err);
    default:
        return verify_unknown(session, options, known, type, shown, err);
    }
}
