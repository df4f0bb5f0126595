/* The single ways to log in. */
#include "ssh/auth_ways.h"

#include <string.h>

#include "base/text.h"
#include "ssh/key.h"
#include "ssh/key_openssh.h"
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

static enum tl_status result(struct ssh_session *session, int rc, struct tl_error *err)
{
    if (rc == 0)
        return TL_OK;
    return pump_fail(session, TL_AUTHENTICATION, rc, "logging in", err);
}

/* What libssh2 answers to a wrong passphrase differs by release and by format. When the server
 * knows the key, it shows only in signing, and is told from a bad signature by its message. */
static bool may_be_passphrase(struct ssh_session *session, int rc)
{
    char *message = NULL;

    libssh2_session_last_error(session->ssh, &message, NULL, 0);
    return rc == LIBSSH2_ERROR_PROTO || rc == LIBSSH2_ERROR_FILE ||
           rc == LIBSSH2_ERROR_KEYFILE_AUTH_FAILED ||
           (rc == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED && message != NULL &&
            strstr(message, "Callback") != NULL);
}

static enum tl_status key_result(struct ssh_session *session, const struct ssh_key *key, int rc,
                                 struct tl_error *err)
{
    if (key->encrypted && session->end == SSH_END_NONE && may_be_passphrase(session, rc))
        return ssh_key_locked(key->name, true, err);
    if (rc == 0 || is_refusal(rc) || session->end != SSH_END_NONE)
        return result(session, rc, err);
    return pump_fail(session, TL_KEY, rc, "using the private key", err);
}

static void describe_key(const struct ssh_key *key, struct buf *tried)
{
    const char *type_end = strchr(buf_text(&key->public_line), ' ');

    buf_printf(tried, "private key %s", key->name);
    if (type_end != NULL)
        buf_printf(tried, " (%.*s %s)", (int)(type_end - key->public_line.data),
                   key->public_line.data, key->sha256);
}

enum tl_status auth_by_key(struct ssh_session *session, const struct ssh_options *options,
                           struct buf *tried, struct tl_error *err)
{
    struct ssh_key key = {0};
    const char *passphrase = options->passphrase != NULL ? options->passphrase : "";
    enum tl_status status = ssh_key_load(options, &key, err);
    int rc;

    if (status != TL_OK)
        return status;
    describe_key(&key, tried);
    pump_slice(session);
    do {
        rc = libssh2_userauth_publickey_frommemory(
            session->ssh, options->user, strlen(options->user),
            key.public_line.size > 0 ? key.public_line.data : NULL, key.public_line.size,
            key.text.data, key.text.size, key.encrypted ? passphrase : NULL);
    } while (pump_repeat(session, rc));
    status = key_result(session, &key, rc, err);
    ssh_key_free(&key);
    return status;
}

static enum tl_status try_identity(struct ssh_session *session, const char *user,
                                   LIBSSH2_AGENT *agent,
                                   struct libssh2_agent_publickey *identity, struct buf *tried,
                                   struct tl_error *err)
{
    struct known_key key = {identity->blob, identity->blob_len};
    char type[KNOWN_KEY_TYPE_SIZE], sha256[KNOWN_KEY_SHA256_SIZE];
    int rc;

    buf_printf(tried, "%s%s %s", tried->size > 0 ? ", " : "agent key ",
               known_key_type(key, type), known_key_sha256(key, sha256));
    pump_slice(session);
    do {
        rc = libssh2_agent_userauth(agent, user, identity);
    } while (pump_repeat(session, rc));
    /* a key that the agent cannot sign with is passed over like one that is refused */
    return session->end == SSH_END_NONE && rc != 0
               ? tl_fail(err, TL_AUTHENTICATION, "%s: refused", session->label)
               : result(session, rc, err);
}

static enum tl_status try_identities(struct ssh_session *session, const char *user,
                                     LIBSSH2_AGENT *agent, struct buf *tried,
                                     struct tl_error *err)
{
    struct libssh2_agent_publickey *identity = NULL, *before = NULL;
    enum tl_status status = TL_AUTHENTICATION;

    tl_fail(err, TL_AUTHENTICATION, "%s: the agent holds no key", session->label);
    while (status == TL_AUTHENTICATION && session->end == SSH_END_NONE &&
           libssh2_agent_get_identity(agent, &identity, before) == 0) {
        status = try_identity(session, user, agent, identity, tried, err);
        if (status == TL_LOST && before != NULL) /* "too many authentication failures" */
            status = TL_AUTHENTICATION;
        before = identity;
    }
    if (before == NULL)
        buf_append_string(tried, "agent (which holds no key)");
    return status;
}

enum tl_status auth_by_agent(struct ssh_session *session, const struct ssh_options *options,
                             struct buf *tried, struct tl_error *err)
{
    LIBSSH2_AGENT *agent = libssh2_agent_init(session->ssh);
    enum tl_status status;

    if (agent == NULL)
        return tl_fail(err, TL_MEMORY, "logging in: out of memory");
    if (libssh2_agent_connect(agent) != 0 || libssh2_agent_list_identities(agent) != 0) {
        buf_append_string(tried, "agent (which cannot be reached at $SSH_AUTH_SOCK)");
        status = session->end != SSH_END_NONE
                     ? result(session, LIBSSH2_ERROR_AGENT_PROTOCOL, err)
                     : tl_fail(err, TL_AUTHENTICATION, "%s: no agent", session->label);
    } else {
        status = try_identities(session, options->user, agent, tried, err);
    }
    libssh2_agent_disconnect(agent);
    libssh2_agent_free(agent);
    return status;
}

enum tl_status auth_by_password(struct ssh_session *session, const struct ssh_options *options,
                                struct buf *tried, struct tl_error *err)
{
    int rc;

    buf_append_string(tried, "password");
    pump_slice(session);
    do {
        rc =
            libssh2_userauth_password_ex(session->ssh, options->user, length_of(options->user),
                                         options->password, length_of(options->password), NULL);
    } while (pump_repeat(session, rc));
    if (rc == LIBSSH2_ERROR_PASSWORD_EXPIRED)
        buf_append_string(tried, " (which has expired)");
    return result(session, rc, err);
}

/* Answers the first question that hides its answer, once; everything else gets an empty answer:
 * a server that asks for more is not to learn anything. The library frees the answers. */
static LIBSSH2_USERAUTH_KBDINT_RESPONSE_FUNC(answer)
{
    struct ssh_session *session = *abstract;

    (void)name, (void)name_len, (void)instruction, (void)instruction_len;
    for (int i = 0; i < num_prompts; i++) {
        bool asked = !prompts[i].echo && !session->password_given && session->password != NULL;
        const char *text = asked ? session->password : "";
        size_t size = strlen(text);

        responses[i].text = ssh_memory_alloc(&session->memory, size + 1);
        responses[i].length = 0;
        if (responses[i].text == NULL)
            continue;
        memcpy(responses[i].text, text, size + 1);
        responses[i].length = (unsigned)size;
        session->password_given |= asked;
    }
}

enum tl_status auth_by_keyboard(struct ssh_session *session, const struct ssh_options *options,
                                struct buf *tried, struct tl_error *err)
{
    int rc;

    buf_append_string(tried, "keyboard-interactive");
    session->password = options->password;
    session->password_given = false;
    pump_slice(session);
    do {
        rc = libssh2_userauth_keyboard_interactive_ex(session->ssh, options->user,
                                                      length_of(options->user), answer);
    } while (pump_repeat(session, rc));
    session->password = NULL;
    return result(session, rc, err);
}
