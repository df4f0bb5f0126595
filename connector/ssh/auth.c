/* Logging in: which way is tried when, and what is said if none leads in. */
#include "ssh/auth.h"

#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "ssh/auth_ways.h"
#include "ssh/greeting.h"
#include "ssh/key_certificate.h"
#include "towline/log.h"

struct auth {
    struct ssh_session *session;
    struct auth_means means;
    char *answer;       /* libssh2's block with the methods; lent by the session */
    struct buf offered; /* the methods the server would go on with, a comma list */
    struct buf tried;   /* for messages */
    struct buf wanted;  /* see auth_means */
    unsigned ways_tried;
    unsigned ways_untold;   /* those tried since the methods were asked for */
    unsigned ways_accepted; /* as one proof of several */
    char advice[sizeof(((struct tl_error *)0)->remedy)]; /* of the first way that knew any */
    size_t adviser;                                      /* that way */
    bool refused;                                        /* one of them, at least */
    bool done;
};

static bool given(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static bool has_password(const struct auth_means *means)
{
    return given(means->options->password);
}

static bool has_agent(const struct auth_means *means)
{
    return means->options->use_agent;
}

static bool has_key(const struct auth_means *means)
{
    return means->key.text.size > 0;
}

static bool has_certificate(const struct auth_means *means)
{
    return means->key.certificate.size > 0;
}

static bool has_identities(const struct auth_means *means)
{
    return means->options->identities != NULL;
}

/* In the order of trying. Password goes before keyboard-interactive, which asks for the same.
 */
static const struct {
    const char *method; /* RFC 4252's name */
    const char *proof;  /* what it shows, in messages */
    bool (*given)(const struct auth_means *means);
    auth_way *run;
} ways[] = {
    {"publickey", "certificate", has_certificate, auth_by_certificate},
    {"publickey", "private key", has_key, auth_by_key},
    {"publickey", "private keys", has_identities, auth_by_identities},
    {"publickey", "agent", has_agent, auth_by_agent},
    {"password", "password", has_password, auth_by_password},
    {"keyboard-interactive", "password", has_password, auth_by_keyboard},
};
enum {
    WAYS = sizeof(ways) / sizeof(ways[0]),
    IDENTITIES_WAY = 2,
    AGENT_WAY = 3,
    PASSWORD_WAY = 4,
    KEYBOARD_WAY = 5
};
enum { OFFERED_MAX_BYTES = 1024 };
#define KEY_WAYS 15u /* a bit for each of those before the password */

/* The first question takes two round trips, one of them for the right to ask: a first notion of
 * how far away the server is, through proxies too, by which the first channel's window is
 * chosen. */
static void note_distance(struct ssh_session *session, int64_t start_ms)
{
    if (session->round_trip_ms == 0)
        session->round_trip_ms = (clock_now_ms() - start_ms) / 2;
}

/* Asks what the server would accept next; the answer may also be that no proof is needed. */
static enum tl_status ask_methods(struct auth *auth, struct tl_error *err)
{
    struct ssh_session *session = auth->session;
    const char *user = auth->means.options->user;
    char *methods, safe[300];
    int64_t start_ms = clock_now_ms();
    int rc;

    session->memory.watched = auth->answer;
    pump_slice(session);
    do {
        methods = libssh2_userauth_list(session->ssh, user, (unsigned)strlen(user));
        rc = methods != NULL ? 0 : libssh2_session_last_errno(session->ssh);
    } while (pump_repeat(session, rc));
    ssh_memory_free(&session->memory, session->memory.watched); /* libssh2 forgets it */
    note_distance(session, start_ms);
    auth->answer = methods;
    auth->done = libssh2_userauth_authenticated(session->ssh) != 0;
    if (auth->done)
        return TL_OK;
    if (methods == NULL)
        return pump_fail(session, TL_HANDSHAKE, rc, "asking how to log in", err);
    buf_reset(&auth->offered);
    text_safe(safe, sizeof(safe), methods, strlen(methods));
    buf_append_string(&auth->offered, safe);
    return TL_OK;
}

/* The same password is not given twice where the server did not ask for a second proof. */
static bool is_repeat(const struct auth *auth, size_t way)
{
    return way == KEYBOARD_WAY && (auth->ways_tried & 1u << PASSWORD_WAY) != 0 &&
           ssh_names_contain(buf_text(&auth->offered), ways[PASSWORD_WAY].method);
}

static bool next_way(const struct auth *auth, size_t *way)
{
    for (size_t i = 0; i < WAYS; i++) {
        if ((auth->ways_tried & 1u << i) == 0 && ways[i].given(&auth->means) &&
            ssh_names_contain(buf_text(&auth->offered), ways[i].method) &&
            !is_repeat(auth, i)) {
            *way = i;
            return true;
        }
    }
    return false;
}

static enum tl_status try_way(struct auth *auth, size_t way, struct buf *how,
                              struct tl_error *err)
{
    struct buf tried = BUF_INIT(2048);
    enum tl_status status;

    auth->ways_tried |= 1u << way;
    auth->ways_untold |= 1u << way;
    status = ways[way].run(auth->session, &auth->means, &tried, err);
    auth->done = status == TL_OK;
    /* "Too many authentication failures": that is how the last one allowed is refused */
    auth->refused |= status == TL_LOST && auth->session->farewell[0] != '\0';
    if (tried.size > 0)
        buf_printf(&auth->tried, "%s%s", auth->tried.size > 0 ? ", " : "", buf_text(&tried));
    if (auth->done) {
        buf_append(how, buf_text(&auth->tried), auth->tried.size);
    } else if (status == TL_AUTHENTICATION) {
        auth->refused = true;
        if (auth->advice[0] == '\0') {
            memcpy(auth->advice, err->remedy, sizeof(auth->advice));
            auth->adviser = way;
        }
        status = TL_OK; /* or it was one proof of several: the next answer tells */
    }
    buf_free(&tried);
    return status;
}

static const char *offered(const struct auth *auth)
{
    return auth->offered.size > 0 ? buf_text(&auth->offered) : "no method";
}

static enum tl_status nothing_given(const struct auth *auth, struct tl_error *err)
{
    tl_fail(err, TL_CONFIGURATION, "%s: no way to log in is configured; the server offers %s",
            auth->session->label, offered(auth));
    return tl_remedy(
        err, "Set ssh_private_key_path (or ssh_private_key), ssh_agent or ssh_password");
}

/* What keeps a key out is in the server's log alone: the usual causes, in the usual order. */
static enum tl_status advise_on_key(const struct auth *auth, struct tl_error *err)
{
    const char *user = auth->means.options->user, *type = auth->means.key.type;
    bool rsa = strcmp(type, "ssh-rsa") == 0;

    if (ssh_session_is_windows(auth->session))
        return tl_remedy(
            err,
            "Append the public key to .ssh\\authorized_keys of %s; for an "
            "administrator to %%ProgramData%%\\ssh\\administrators_authorized_keys, "
            "which only Administrators and SYSTEM may access (towline keygen prints "
            "the commands)",
            user);
    return tl_remedy(
        err,
        "Append the public key to ~%s/.ssh/authorized_keys on the server (~ not "
        "writable by others, .ssh mode 0700, the file 0600); its "
        "PubkeyAcceptedAlgorithms must allow %s, its AllowUsers and DenyUsers the account, "
        "which must exist, with a shell, neither locked nor expired; its log (journalctl -u "
        "ssh) tells which it is%s",
        user,
        rsa             ? "rsa-sha2-512"
        : *type != '\0' ? type
                        : "the key's type",
        SSH_MODERN || !rsa ? "" : "; RSA keys need libssh2 1.11 or newer, this is older");
}

static enum tl_status advise_on_password(const struct auth *auth, struct tl_error *err)
{
    bool root = strcmp(auth->means.options->user, "root") == 0;

    return tl_remedy(err, "Check ssh_user and ssh_password%s",
                     root ? "; for root, PermitRootLogin in the server's sshd_config must be "
                            "yes: the usual prohibit-password takes keys only"
                          : "");
}

/* For a server that asks for what is not configured. */
static enum tl_status advise_on_offer(const struct auth *auth, struct tl_error *err)
{
    const char *methods = buf_text(&auth->offered);

    if (!has_password(&auth->means) && (ssh_names_contain(methods, ways[PASSWORD_WAY].method) ||
                                        ssh_names_contain(methods, ways[KEYBOARD_WAY].method)))
        return tl_remedy(err, "Set ssh_password%s", auth->ways_accepted != 0 ? ", too" : "");
    if (ssh_names_contain(methods, ways[0].method))
        return tl_remedy(err, "Set ssh_private_key_path (or ssh_private_key), or ssh_agent%s",
                         auth->ways_accepted != 0 ? ", too" : "");
    return tl_remedy(err, "Let the server take a key or a password: PubkeyAuthentication and "
                          "AuthenticationMethods in its sshd_config");
}

/* Appends the proofs that the ways in the set show, each once. */
static void append_proofs(unsigned set, struct buf *out)
{
    const char *last = "";

    for (size_t i = 0; i < WAYS; i++) {
        if ((set & 1u << i) != 0 && strcmp(ways[i].proof, last) != 0) {
            buf_printf(out, "%s%s", *last != '\0' ? ", " : "", ways[i].proof);
            last = ways[i].proof;
        }
    }
}

static unsigned ways_given(const struct auth *auth)
{
    unsigned set = 0;

    for (size_t i = 0; i < WAYS; i++)
        if (ways[i].given(&auth->means))
            set |= 1u << i;
    return set;
}

static void say_refused(const struct auth *auth, struct tl_error *err)
{
    const char *label = auth->session->label, *farewell = auth->session->farewell;
    bool parted = farewell[0] != '\0';
    struct buf proofs = BUF_INIT(256);

    if (auth->tried.size == 0) {
        append_proofs(ways_given(auth), &proofs);
        tl_fail(err, TL_AUTHENTICATION,
                "%s: the server takes nothing of what is configured (%s); it offers %s", label,
                buf_text(&proofs), offered(auth));
    } else if (auth->ways_accepted != 0) {
        append_proofs(auth->ways_accepted, &proofs);
        tl_fail(err, TL_AUTHENTICATION,
                "%s: the server wants several proofs: tried %s; it accepted the %s, and for "
                "the rest it offers %s",
                label, buf_text(&auth->tried), buf_text(&proofs), offered(auth));
    } else {
        tl_fail(err, TL_AUTHENTICATION,
                "%s: the server refused the login: tried %s; it offers %s%s%s%s", label,
                buf_text(&auth->tried), offered(auth), parted ? ", and hung up saying \"" : "",
                farewell, parted ? "\"" : "");
    }
    buf_free(&proofs);
}

/* Of several keys, that is, the right one of which may not have had its turn. */
static bool is_too_many(const struct auth *auth)
{
    return (auth->ways_tried & (1u << IDENTITIES_WAY | 1u << AGENT_WAY)) != 0 &&
           strstr(buf_text(&auth->tried), ", ") != NULL &&
           strstr(auth->session->farewell, "Too many") != NULL;
}

/* An agent takes none of the certificates that are configured here. */
static bool is_lone_certificate(const struct auth *auth)
{
    return given(auth->means.options->certificate_path) && !has_key(&auth->means) &&
           !has_identities(&auth->means);
}

static enum tl_status refused(const struct auth *auth, struct tl_error *err)
{
    unsigned refused_ways = auth->ways_tried & ~auth->ways_accepted;

    say_refused(auth, err);
    if (auth->advice[0] != '\0')
        return tl_remedy(err, "%s", auth->advice);
    if (is_too_many(auth))
        return tl_remedy(err,
                         "Each key counts and the server allows few attempts (MaxAuthTries "
                         "in its sshd_config): name the right key in "
                         "ssh_private_key_path; with ssh_agent, too, its .pub file will do");
    if (refused_ways == 0)
        return advise_on_offer(auth, err);
    if ((refused_ways & KEY_WAYS) == 0)
        return advise_on_password(auth, err);
    if (is_lone_certificate(auth))
        return tl_remedy(err, "ssh_certificate_path needs its private key in "
                              "ssh_private_key_path; an agent is given both, the key with "
                              "KEY-cert.pub beside it: ssh-add KEY");
    return advise_on_key(auth, err);
}

/* libssh2 does not tell a refusal from the first of several proofs. What was one, the server
 * offers no more. */
static enum tl_status ask_again(struct auth *auth, struct tl_error *err)
{
    struct buf before = auth->offered;
    enum tl_status status;

    auth->offered = BUF_INIT(OFFERED_MAX_BYTES);
    status = ask_methods(auth, err);
    if (status != TL_OK)
        buf_append(&auth->offered, before.data, before.size);
    for (size_t i = 0; i < WAYS && !auth->done; i++)
        if ((auth->ways_untold & 1u << i) != 0 &&
            !ssh_names_contain(buf_text(&auth->offered), ways[i].method))
            auth->ways_accepted |= 1u << i;
    if ((auth->ways_accepted & 1u << auth->adviser) != 0)
        auth->advice[0] = '\0';
    auth->ways_untold = 0;
    buf_free(&before);
    return status;
}

/* A server that wants several proofs offers the next method only after the one before it. */
static enum tl_status choose_way(struct auth *auth, size_t *way, bool *found,
                                 struct tl_error *err)
{
    enum tl_status status = TL_OK;

    *found = next_way(auth, way);
    if (!*found && auth->ways_untold != 0) {
        status = ask_again(auth, err);
        *found = status == TL_OK && !auth->done && next_way(auth, way);
    }
    return status;
}

/* A server that hangs up, falls silent, or was left, after it had refused something has said
 * no. */
static bool is_refusal(const struct auth *auth)
{
    enum ssh_end end = auth->session->end;

    return auth->refused && end != SSH_END_NONE && end != SSH_END_STOPPED &&
           end != SSH_END_THROUGH;
}

static enum tl_status run(struct auth *auth, struct buf *how, struct tl_error *err)
{
    enum tl_status status = ask_methods(auth, err);
    bool found = true;
    size_t way;

    if (status == TL_OK && auth->done)
        buf_append_string(how, "none needed");
    else if (status == TL_OK && ways_given(auth) == 0)
        return nothing_given(auth, err);
    while (status == TL_OK && !auth->done && found) {
        status = choose_way(auth, &way, &found, err);
        if (status == TL_OK && found)
            status = try_way(auth, way, how, err);
    }
    if ((status == TL_OK && !auth->done) || (status != TL_OK && is_refusal(auth)))
        return refused(auth, err);
    return status;
}

/* So do the account rules of PAM say no to a login that was right. */
static bool is_turned_away(const struct auth *auth, enum tl_status status)
{
    return status == TL_LOST && auth->ways_tried != 0 && auth->session->end == SSH_END_CLOSED &&
           auth->session->farewell[0] == '\0';
}

/* A key that cannot be used is worth knowing of even if the server has another opinion. */
static enum tl_status load_means(struct auth_means *means, struct tl_error *err)
{
    if (!ssh_key_given(means->options))
        return TL_OK;
    if (ssh_key_load(means->options, &means->key, err) == TL_OK)
        return key_certificate_load(means->options, &means->key, err);
    if (!means->key.elsewhere || !means->options->use_agent)
        return err->status;
    auth_want(means, &means->key);
    return TL_OK;
}

enum tl_status auth_run(struct ssh_session *session, const struct ssh_options *options,
                        struct buf *how, struct tl_error *err)
{
    struct auth auth = {.session = session,
                        .means = {.options = options},
                        .offered = BUF_INIT(OFFERED_MAX_BYTES),
                        .tried = BUF_INIT(2048),
                        .wanted = BUF_INIT(2048)};
    enum tl_status status;

    auth.means.wanted = &auth.wanted;
    status = load_means(&auth.means, err);
    if (status == TL_OK)
        status = run(&auth, how, err);
    if (is_turned_away(&auth, status))
        tl_remedy(err,
                  "Try again; if it recurs, the account may be expired or kept out by PAM "
                  "(/etc/nologin, /etc/security/access.conf): the server's log (journalctl "
                  "-u ssh) tells");
    ssh_key_free(&auth.means.key);
    buf_free(&auth.offered);
    buf_free(&auth.tried);
    buf_free(&auth.wanted);
    return status;
}
