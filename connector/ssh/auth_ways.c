/* The single ways to log in. */
#include "ssh/auth_ways.h"

#include <string.h>

#include "base/text.h"
#include "ssh/key_certificate.h"
#include "ssh/known_hosts.h"

static unsigned length_of(const char *text)
{
    return (unsigned)strlen(text);
}

static bool is_refusal(int rc)
{
    return rc == LIBSSH2_ERROR_AUTHENTICATION_FAILED ||
           rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;
}

enum tl_status auth_way_result(struct ssh_session *session, int rc, struct tl_error *err)
{
    if (rc == 0)
        return TL_OK;
    if (is_refusal(rc) && session->end == SSH_END_NONE)
        return tl_fail(err, TL_AUTHENTICATION, "%s: refused", session->label);
    return pump_fail(session, TL_AUTHENTICATION, rc, "logging in", err);
}

static enum tl_status show_key(struct ssh_session *session, const struct auth_means *means,
                               const struct buf *public_line, struct tl_error *err)
{
    const char *user = means->options->user;
    enum tl_status status;
    int rc;

    pump_slice(session);
    do {
        rc = libssh2_userauth_publickey_frommemory(
            session->ssh, user, strlen(user), public_line->data, public_line->size,
            means->key.text.data, means->key.text.size, NULL);
    } while (pump_repeat(session, rc));
    if (rc != 0 && !is_refusal(rc) && session->end == SSH_END_NONE)
        return pump_fail(session, TL_KEY, rc, "using the private key", err);
    status = auth_way_result(session, rc, err);
    /* the server is first asked about the key without a signature, and knew it */
    if (rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED && strcmp(user, "root") == 0)
        tl_remedy(err, "The server knows the key, but does not let root in: PermitRootLogin "
                       "in its sshd_config must be prohibit-password or yes; or log in as "
                       "another user");
    return status;
}

enum tl_status auth_by_key(struct ssh_session *session, const struct auth_means *means,
                           struct buf *tried, struct tl_error *err)
{
    buf_printf(tried, "private key %s (%s %s)", means->key.name, means->key.type,
               means->key.sha256);
    return show_key(session, means, &means->key.public_line, err);
}

enum tl_status auth_by_certificate(struct ssh_session *session, const struct auth_means *means,
                                   struct buf *tried, struct tl_error *err)
{
    enum tl_status status;
    bool unfit;

    buf_printf(tried, "certificate of %s", means->key.name);
    unfit = key_certificate_describe(&means->key, means->options->user, tried);
    status = show_key(session, means, &means->key.certificate, err);
    if (status == TL_AUTHENTICATION && unfit)
        tl_remedy(err,
                  "Have the public key signed for %s for the time to come: ssh-keygen -s CA -I "
                  "NAME -n %s -V +52w KEY.pub",
                  means->options->user, means->options->user);
    return status;
}

/* Tries the certificate that comes with the key, and the key. */
static enum tl_status try_file(struct ssh_session *session, const struct auth_means *means,
                               struct buf *tried, struct tl_error *err)
{
    enum tl_status status = TL_AUTHENTICATION;

    if (means->key.certificate.size > 0) {
        status = auth_by_certificate(session, means, tried, err);
        buf_append_string(tried, ", ");
    }
    if (status == TL_AUTHENTICATION)
        status = auth_by_key(session, means, tried, err);
    return status;
}

enum tl_status auth_by_identities(struct ssh_session *session, const struct auth_means *means,
                                  struct buf *tried, struct tl_error *err)
{
    enum tl_status status = TL_AUTHENTICATION;

    tl_fail(err, status, "%s: none of the keys can be used", session->label);
    for (const char *const *path = means->options->identities;
         status == TL_AUTHENTICATION && session->end == SSH_END_NONE && *path != NULL; path++) {
        struct ssh_options options = *means->options;
        struct auth_means file = {.options = &options};
        struct tl_error unusable = {0};

        options.private_key = NULL;
        options.private_key_path = *path;
        if (tried->size > 0)
            buf_append_string(tried, ", ");
        if (ssh_key_load(&options, &file.key, &unusable) == TL_OK &&
            key_certificate_load(&options, &file.key, &unusable) == TL_OK)
            status = try_file(session, &file, tried, err);
        else
            buf_printf(tried, "private key %s (which cannot be used: %s)", *path,
                       unusable.message);
        auth_want(means, &file.key);
        ssh_key_free(&file.key);
    }
    return status;
}

static enum tl_status try_identity(struct ssh_session *session, const char *user,
                                   LIBSSH2_AGENT *agent,
                                   struct libssh2_agent_publickey *identity, struct buf *tried,
                                   struct tl_error *err)
{
    struct known_key key = {identity->blob, identity->blob_len};
    char type[KNOWN_KEY_TYPE_SIZE], sha256[KNOWN_KEY_SHA256_SIZE];
    bool first = tried->size == 0;
    enum tl_status status;
    int rc;

    buf_printf(tried, "%s%s %s", first ? "agent key " : ", ", known_key_type(key, type),
               known_key_sha256(key, sha256));
    pump_slice(session);
    do {
        rc = libssh2_agent_userauth(agent, user, identity);
    } while (pump_repeat(session, rc));
    /* a key that the agent cannot sign with is passed over like one that is refused */
    if (session->end == SSH_END_NONE && rc != 0)
        return tl_fail(err, TL_AUTHENTICATION, "%s: refused", session->label);
    status = auth_way_result(session, rc, err);
    if (status == TL_LOST && !first) /* "too many authentication failures" */
        return tl_fail(err, TL_AUTHENTICATION, "%s: refused", session->label);
    return status;
}

static enum tl_status no_agent(struct ssh_session *session, struct buf *tried,
                               struct tl_error *err)
{
    buf_append_string(tried, "agent (which cannot be reached at $SSH_AUTH_SOCK)");
    if (session->end != SSH_END_NONE)
        return auth_way_result(session, LIBSSH2_ERROR_AGENT_PROTOCOL, err);
    tl_fail(err, TL_AUTHENTICATION, "%s: no agent", session->label);
    return tl_remedy(err,
                     "Start an agent that holds the key, in the shell or service that runs "
                     "this: eval \"$(ssh-agent)\"; ssh-add KEY");
}

void auth_want(const struct auth_means *means, const struct ssh_key *key)
{
    if (key->elsewhere)
        buf_printf(means->wanted, "%s%s", means->wanted->size > 0 ? "," : "",
                   key->sha256[0] != '\0' ? key->sha256 : "?");
}

static bool is_wanted(const struct auth_means *means,
                      const struct libssh2_agent_publickey *identity)
{
    char sha256[KNOWN_KEY_SHA256_SIZE];

    known_key_sha256((struct known_key){identity->blob, identity->blob_len}, sha256);
    return ssh_names_contain(buf_text(means->wanted), sha256);
}

static enum tl_status try_identities(struct ssh_session *session,
                                     const struct auth_means *means, bool wanted,
                                     LIBSSH2_AGENT *agent, struct buf *tried,
                                     struct tl_error *err)
{
    struct libssh2_agent_publickey *identity = NULL;
    enum tl_status status = TL_AUTHENTICATION;

    tl_fail(err, TL_AUTHENTICATION, "%s: the agent holds no such key", session->label);
    while (status == TL_AUTHENTICATION && session->end == SSH_END_NONE &&
           libssh2_agent_get_identity(agent, &identity, identity) == 0)
        if (is_wanted(means, identity) == wanted)
            status = try_identity(session, means->options->user, agent, identity, tried, err);
    return status;
}

/* Keys that are configured go first: a server allows few attempts. */
static enum tl_status try_agent(struct ssh_session *session, const struct auth_means *means,
                                LIBSSH2_AGENT *agent, struct buf *tried, struct tl_error *err)
{
    bool wanting = means->wanted->size > 0, missing;
    bool alone = means->key.text.size == 0 && means->options->identities == NULL;
    enum tl_status status = try_identities(session, means, true, agent, tried, err);

    missing = tried->size == 0;
    if (status == TL_AUTHENTICATION && session->end == SSH_END_NONE &&
        !means->options->identities_only)
        status = try_identities(session, means, false, agent, tried, err);
    if (status == TL_AUTHENTICATION && missing && (wanting || (alone && tried->size == 0)))
        tl_remedy(err, "Give the agent the key: ssh-add KEY");
    if (tried->size == 0)
        buf_printf(tried, "agent (which holds no key%s)", wanting ? " that is configured" : "");
    return status;
}

enum tl_status auth_by_agent(struct ssh_session *session, const struct auth_means *means,
                             struct buf *tried, struct tl_error *err)
{
    LIBSSH2_AGENT *agent;
    enum tl_status status;

    if (means->options->identities_only && means->wanted->size == 0)
        return tl_fail(err, TL_AUTHENTICATION, "%s: no key is the agent's", session->label);
    agent = libssh2_agent_init(session->ssh);
    if (agent == NULL)
        return tl_fail(err, TL_MEMORY, "logging in: out of memory");
    if (means->options->agent_path != NULL)
        libssh2_agent_set_identity_path(agent, means->options->agent_path);
    if (libssh2_agent_connect(agent) != 0 || libssh2_agent_list_identities(agent) != 0)
        status = no_agent(session, tried, err);
    else
        status = try_agent(session, means, agent, tried, err);
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
    return status;
}

/* Asked for a new password, libssh2 says so only to one who might have had it. */
static LIBSSH2_PASSWD_CHANGEREQ_FUNC(no_new_password)
{
    (void)session, (void)abstract;
    *newpw = NULL;
    *newpw_len = 0;
}

enum tl_status auth_by_password(struct ssh_session *session, const struct auth_means *means,
                                struct buf *tried, struct tl_error *err)
{
    const struct ssh_options *options = means->options;
    int rc;

    buf_append_string(tried, "password");
    pump_slice(session);
    do {
        rc = libssh2_userauth_password_ex(session->ssh, options->user, length_of(options->user),
                                          options->password, length_of(options->password),
                                          no_new_password);
    } while (pump_repeat(session, rc));
    if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED && session->end == SSH_END_NONE) {
        buf_append_string(tried, " (which has expired)");
        tl_fail(err, TL_AUTHENTICATION, "%s: the password has expired", session->label);
        return tl_remedy(err, "Log in by hand and change it, then change ssh_password");
    }
    return auth_way_result(session, rc, err);
}
