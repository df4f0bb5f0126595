/* Opens and closes a session: the phases in their order. */
#include "ssh/session.h"

#include <ctype.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "ssh/algorithms.h"
#include "ssh/auth.h"
#include "ssh/handle.h"
#include "ssh/host_certificate.h"
#include "ssh/host_key.h"
#include "ssh/jump.h"
#include "ssh/local_user.h"
#include "ssh/login_shell.h"
#include "towline/log.h"

enum {
    MEMORY_LOGIN_MAX_BYTES = 8 * 1024 * 1024,
    MEMORY_MAX_BYTES = 64 * 1024 * 1024,
    RECEIVE_LOGIN_MAX_BYTES = 1024 * 1024,
    OUTGOING_MAX_BYTES = 4 * 1024 * 1024,
    HOST_MAX_BYTES = 255,
    CERTIFICATE_MAX_BYTES = 64 * 1024
};

/* A session on its way. */
struct opening {
    struct ssh_awaiting awaiting;
    const struct ssh_options *asked;
    struct ssh_options options; /* the same, completed by defaults */
    bool is_jump;
    char user[LOCAL_USER_NAME_SIZE];
    struct ssh_observer *observer;
    struct ssh_session *session;
    struct ssh_session *through; /* the jump host's; NULL: none, or the session has it */
    struct known_hosts *known;
    struct addrinfo *addresses;
    struct ssh_patience patience;
    struct algorithms_omit omit;
    int64_t phase_start_ms;
    unsigned begun, ended; /* a bit per phase: attempts with other algorithms are not told again
                            */
};

const char *const ssh_known_hosts_default[] = {"~/.ssh/known_hosts", NULL};

void ssh_options_init(struct ssh_options *options)
{
    *options = (struct ssh_options){.port = 22,
                                    .known_hosts_paths = ssh_known_hosts_default,
                                    .connect_timeout_ms = 10000,
                                    .keepalive_interval_ms = 15000,
                                    .keepalive_silences = 3,
                                    .last_phase = SSH_PHASE_AUTHENTICATION,
                                    .stop_fd = -1};
}

static void begin(struct opening *opening, enum ssh_phase phase)
{
    if (opening->observer != NULL && (opening->begun & 1u << phase) == 0)
        opening->observer->begin(opening->observer, opening->asked, phase);
    opening->begun |= 1u << phase;
    opening->phase_start_ms = clock_now_ms();
}

static void report(struct opening *opening, enum ssh_phase phase, const char *detail,
                   const struct tl_error *failure)
{
    if (opening->observer != NULL && (failure != NULL || (opening->ended & 1u << phase) == 0))
        opening->observer->end(opening->observer, opening->asked, phase,
                               clock_now_ms() - opening->phase_start_ms, detail, failure);
    opening->ended |= 1u << phase;
}

/* The name ends up in known_hosts lines and in patterns' reach: nothing but a name may. */
static bool is_host(const char *host)
{
    size_t size = host != NULL ? strlen(host) : 0;

    for (size_t i = 0; i < size; i++)
        if (!isgraph((unsigned char)host[i]) ||
            strchr(",*?!|[]@#\"'\\;&<>(){}$`", host[i]) != NULL)
            return false;
    return size > 0 && size <= HOST_MAX_BYTES && host[0] != '-';
}

static enum tl_status check_options(struct opening *opening, struct tl_error *err)
{
    struct ssh_options *options = &opening->options;
    char safe[100];

    if (!is_host(options->host)) {
        tl_fail(err, TL_CONFIGURATION, "ssh_host \"%s\" is not a host name or address",
                options->host != NULL
                    ? text_safe(safe, sizeof(safe), options->host, strlen(options->host))
                    : "");
        return tl_remedy(err, "Give the name alone: user and port have keys of their own");
    }
    if (options->port == 0)
        return tl_fail(err, TL_CONFIGURATION, "ssh_port 0 is not a port");
    if (options->user == NULL || options->user[0] == '\0')
        options->user = local_user_name(opening->user);
    if (options->known_hosts_paths == NULL || options->known_hosts_paths[0] == NULL)
        options->known_hosts_paths = ssh_known_hosts_default;
    return TL_OK;
}

static void start_library(void)
{
    (void)libssh2_init(0);
}

static void session_reset(struct ssh_session *session)
{
    session->end = session->end != SSH_END_NONE ? session->end : SSH_END_CLOSED;
    session->memory.secret = true;
    ssh_forward_forget(session);
    channel_sweep(session, true); /* libssh2 frees its part of them with the session */
    if (session->ssh != NULL)
        while (libssh2_session_free(session->ssh) == LIBSSH2_ERROR_EAGAIN)
            continue; /* no byte moves any more, so this only steps through its states */
    session->ssh = NULL;
    if (session->link != NULL)
        session->link->close(session->link);
    session->link = NULL;
    ssh_session_close(session->through);
    session->through = NULL;
    ssh_greeting_free(&session->greeting);
    buf_wipe(&session->outgoing);
    ssh_memory_reset(&session->memory);
}

static struct ssh_session *session_new(const struct opening *opening)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    const struct ssh_options *options = &opening->options;
    struct ssh_session *session = calloc(1, sizeof(*session));
    char name[SSH_LABEL_SIZE], port[8] = "";

    pthread_once(&once, start_library);
    if (session == NULL)
        return NULL;
    if (options->port != 22)
        snprintf(port, sizeof(port), ":%u", options->port);
    snprintf(name, sizeof(name), "%s%.32s@%.230s%s", opening->is_jump ? "jump host " : "",
             options->user, options->host, port);
    text_safe(session->label, sizeof(session->label), name, strlen(name));
    session->memory = (struct ssh_memory){.max_bytes = MEMORY_LOGIN_MAX_BYTES, .secret = true};
    session->outgoing = BUF_INIT(OUTGOING_MAX_BYTES);
    ssh_greeting_init(&session->greeting);
    session->patience = opening->patience;
    session->answer_timeout_ms = options->connect_timeout_ms;
    session->window_max_bytes = options->window_max_bytes;
    session->receive_max_bytes = RECEIVE_LOGIN_MAX_BYTES;
    session->login_shell = SSH_SHELL_NOT_ASKED;
    session->last_receive_ms = clock_now_ms();
    session->held_back = 1;
    session->patient = true;
    session->ssh = pump_session_new(session);
    return session;
}

static enum tl_status look_up(struct opening *opening, struct tl_error *err)
{
    const struct ssh_options *options = &opening->options;
    enum tl_status status;
    char address[NI_MAXHOST] = "";

    begin(opening, SSH_PHASE_LOOKUP);
    if (opening->through != NULL) {
        report(opening, SSH_PHASE_LOOKUP, "left to the jump host", NULL);
        return TL_OK;
    }
    status =
        ssh_resolve(options->host, options->port, &opening->patience, &opening->addresses, err);
    if (status == TL_OK)
        (void)getnameinfo(opening->addresses->ai_addr, opening->addresses->ai_addrlen, address,
                          sizeof(address), NULL, 0, NI_NUMERICHOST);
    if (status != TL_OK && opening->is_jump)
        (void)tl_context(err, "jump host %s", options->host);
    report(opening, SSH_PHASE_LOOKUP, address, status == TL_OK ? NULL : err);
    return status;
}

static enum tl_status open_link(const struct opening *opening, struct ssh_session *through,
                                struct ssh_link **out, char where[SSH_ADDRESS_SIZE],
                                struct tl_error *err)
{
    const struct ssh_options *options = &opening->options;
    const struct ssh_target target = {.host = options->host, .port = options->port};

    if (through != NULL)
        return ssh_jump_open(through, &target, &opening->patience, out, where, err);
    return ssh_socket_open(opening->addresses, options->host, options->port, &opening->patience,
                           out, where, err);
}

/* Where an authority may vouch for the host, the server is asked for its certificate first, so
 * that the key in it is known by the time of the handshake. What stands in the way of that is
 * told if the host key turns out to be unknown. */
static enum tl_status ask_authority(struct opening *opening, struct tl_error *err)
{
    const struct ssh_options *options = &opening->options;
    char where[SSH_ADDRESS_SIZE];
    struct buf blob = BUF_INIT(CERTIFICATE_MAX_BYTES);
    struct ssh_link *link = NULL;
    struct tl_error doubt = {0};

    if (opening->known == NULL || !known_hosts_has_authority(opening->known) ||
        options->approve_sha256 != NULL || options->host_key_policy == SSH_HOST_KEY_RELAXED)
        return TL_OK;
    if (open_link(opening, opening->through, &link, where, &doubt) == TL_OK &&
        host_certificate_fetch(link, &opening->patience, &blob, &doubt) == TL_OK)
        (void)!host_certificate_accept(opening->known, host_key_name(options), &blob, &doubt);
    if (link != NULL)
        link->close(link);
    buf_free(&blob);
    known_hosts_set_doubt(opening->known, doubt.message);
    if (doubt.status == TL_INTERRUPTED)
        *err = doubt;
    return doubt.status == TL_INTERRUPTED ? doubt.status : TL_OK;
}

static enum tl_status connect_link(struct opening *opening, struct tl_error *err)
{
    const struct ssh_options *options = &opening->options;
    char where[SSH_ADDRESS_SIZE] = "";
    struct ssh_session *through = opening->through;
    enum tl_status status;

    begin(opening, SSH_PHASE_CONNECT);
    opening->session = session_new(opening);
    if (opening->session == NULL || opening->session->ssh == NULL)
        return tl_fail(err, TL_MEMORY, "connecting to %s: out of memory", options->host);
    opening->session->through = through;
    opening->through = NULL;
    status = open_link(opening, through, &opening->session->link, where, err);
    if (status != TL_OK && through == NULL && opening->is_jump)
        (void)tl_context(err, "jump host %s", options->host);
    report(opening, SSH_PHASE_CONNECT, where, status == TL_OK ? NULL : err);
    return status;
}

/* libssh2 goes from the banner to the keys within one call: it is the bytes that tell. */
static void greeted(struct ssh_awaiting *awaiting)
{
    struct opening *opening = (struct opening *)awaiting;
    const struct buf *banner = &opening->session->greeting.banner;
    struct buf detail = BUF_INIT(4096);

    text_append_safe(&detail, buf_text(banner), banner->size);
    report(opening, SSH_PHASE_BANNER, buf_text(&detail), NULL);
    buf_free(&detail);
    begin(opening, SSH_PHASE_KEY_EXCHANGE);
}

static void agreed(struct opening *opening)
{
    struct buf detail = BUF_INIT(1024);

    algorithms_describe(opening->session, &detail);
    report(opening, SSH_PHASE_KEY_EXCHANGE, buf_text(&detail), NULL);
    buf_free(&detail);
}

static enum tl_status shake_hands(struct opening *opening, struct tl_error *err)
{
    struct ssh_session *session = opening->session;
    int rc = 0;
    enum tl_status status;

    begin(opening, SSH_PHASE_BANNER);
    session->awaiting = &opening->awaiting;
    status = algorithms_offer(session, opening->known, opening->options.compression,
                              &opening->omit, err);
    if (status == TL_OK) {
        pump_slice(session);
        do {
            rc = libssh2_session_handshake(session->ssh, session->link->fd);
        } while (pump_repeat(session, rc));
        if (rc != 0 || !ssh_greeting_is_spoken(&session->greeting))
            status = algorithms_fail(session, rc, err);
    }
    if (status != TL_OK)
        report(opening, session->awaiting != NULL ? SSH_PHASE_BANNER : SSH_PHASE_KEY_EXCHANGE,
               "", err);
    else if (algorithms_need_strict_kex(session))
        opening->omit.chacha = true;
    else
        agreed(opening);
    session->awaiting = NULL;
    return status;
}

/* One connection up to the end of its handshake. */
static enum tl_status attempt(struct opening *opening, struct tl_error *err)
{
    enum tl_status status;

    if (opening->session != NULL) { /* the jump host can be gone through once more */
        opening->through = opening->session->through;
        opening->session->through = NULL;
    }
    ssh_session_close(opening->session);
    opening->session = NULL;
    status = connect_link(opening, err);
    if (status == TL_OK && opening->options.last_phase >= SSH_PHASE_BANNER)
        status = shake_hands(opening, err);
    return status;
}

static enum tl_status handshake(struct opening *opening, struct tl_error *err)
{
    bool omitted = opening->omit.chacha;
    enum tl_status status = attempt(opening, err);

    if (status == TL_OK && opening->omit.chacha != omitted)
        status = attempt(opening, err);
    return status;
}

/* A fingerprint does not say which type of key it is of: the server may have the right one
 * among its others. The first refusal is the one that is told. */
static enum tl_status search_host_key(struct opening *opening, struct tl_error *err)
{
    struct ssh_options *options = &opening->options;
    bool by_fingerprint = opening->known == NULL || options->approve_sha256 != NULL;
    char type[KNOWN_KEY_TYPE_SIZE];
    enum tl_status status = host_key_verify(opening->session, options, opening->known, err);

    while (status == TL_HOST_KEY && by_fingerprint) {
        known_key_type(host_key_shown(opening->session), type);
        if (!algorithms_omit_host_key(&opening->omit, opening->session, type))
            break;
        if (handshake(opening, NULL) != TL_OK)
            break;
        if (host_key_verify(opening->session, options, opening->known, NULL) == TL_OK)
            status = TL_OK;
    }
    return status;
}

static enum tl_status check_host_key(struct opening *opening, struct tl_error *err)
{
    enum tl_status status;
    struct known_key key = {0};
    char type[KNOWN_KEY_TYPE_SIZE] = "", sha256[KNOWN_KEY_SHA256_SIZE] = "";
    char detail[sizeof(type) + sizeof(sha256) + 1] = "";

    begin(opening, SSH_PHASE_HOST_KEY);
    status = search_host_key(opening, err);
    if (opening->session != NULL && opening->session->ssh != NULL)
        key = host_key_shown(opening->session);
    if (key.blob != NULL)
        snprintf(detail, sizeof(detail), "%s %s", known_key_type(key, type),
                 known_key_sha256(key, sha256));
    report(opening, SSH_PHASE_HOST_KEY, detail, status == TL_OK ? NULL : err);
    return status;
}

/* After login the server may send what it likes, and nobody waits for an end of it. */
static void settle(struct opening *opening)
{
    struct ssh_session *session = opening->session;
    int interval_s = opening->options.keepalive_interval_ms / 1000;

    session->patient = false;
    session->memory.secret = false;
    session->memory.max_bytes = MEMORY_MAX_BYTES;
    session->receive_max_bytes = UINT64_MAX;
    session->patience.deadline_ms = CLOCK_NEVER;
    session->keepalive_interval_ms = opening->options.keepalive_interval_ms;
    session->keepalive_silences = opening->options.keepalive_silences;
    libssh2_keepalive_config(session->ssh, 1, interval_s > 0 ? (unsigned)interval_s : 1);
}

static enum tl_status log_in(struct opening *opening, struct tl_error *err)
{
    struct ssh_session *session = opening->session;
    struct buf how = BUF_INIT(2048);
    enum tl_status status;

    begin(opening, SSH_PHASE_AUTHENTICATION);
    session->patience.deadline_ms = clock_now_ms() + opening->options.connect_timeout_ms;
    status = auth_run(session, &opening->options, &how, err);
    if (status == TL_CONFIGURATION && opening->is_jump)
        (void)tl_remedy(err,
                        "Give it a key or a password of its own, in its object in ssh_jump: "
                        "the main host's password is not shown to it");
    report(opening, SSH_PHASE_AUTHENTICATION, buf_text(&how), status == TL_OK ? NULL : err);
    if (status == TL_OK) {
        tl_log(TL_LOG_DEBUG, "%s: logged in by %s", session->label, buf_text(&how));
        settle(opening);
    }
    buf_free(&how);
    return status;
}

/* A pin decides alone: then the files are not even looked at. */
static enum tl_status load_known_hosts(struct opening *opening, struct tl_error *err)
{
    const struct ssh_options *options = &opening->options;

    if (options->host_key_sha256 != NULL && options->host_key_sha256[0] != '\0')
        return TL_OK;
    if (known_hosts_load(options->known_hosts_paths, host_key_name(options),
                         host_key_port(options), &opening->known, err) == TL_OK)
        return TL_OK;
    begin(opening, SSH_PHASE_HOST_KEY);
    report(opening, SSH_PHASE_HOST_KEY, "", err);
    return err->status;
}

static enum tl_status open_one(const struct ssh_options *options, bool is_jump,
                               struct ssh_observer *observer, struct ssh_session **out,
                               struct tl_error *err);

static enum tl_status open_jump(struct opening *opening, struct tl_error *err)
{
    struct ssh_options jump;
    enum tl_status status;

    if (opening->options.jump == NULL)
        return TL_OK;
    jump = *opening->options.jump;
    jump.stop_fd = opening->options.stop_fd;
    jump.last_phase = SSH_PHASE_AUTHENTICATION;
    status = open_one(&jump, true, opening->observer, &opening->through, err);
    opening->patience.deadline_ms = clock_now_ms() + opening->options.connect_timeout_ms;
    return status;
}

static enum tl_status run_phases(struct opening *opening, struct tl_error *err)
{
    enum ssh_phase last = opening->options.last_phase;
    enum tl_status status = load_known_hosts(opening, err);

    if (status == TL_OK)
        status = open_jump(opening, err);
    if (status == TL_OK)
        status = look_up(opening, err);
    if (status == TL_OK && last >= SSH_PHASE_HOST_KEY)
        status = ask_authority(opening, err);
    if (status == TL_OK && last >= SSH_PHASE_CONNECT)
        status = handshake(opening, err);
    if (status == TL_OK && last >= SSH_PHASE_HOST_KEY)
        status = check_host_key(opening, err);
    if (status == TL_OK && last >= SSH_PHASE_AUTHENTICATION)
        status = log_in(opening, err);
    return status;
}

static enum tl_status open_one(const struct ssh_options *options, bool is_jump,
                               struct ssh_observer *observer, struct ssh_session **out,
                               struct tl_error *err)
{
    struct opening opening = {.awaiting = {greeted},
                              .asked = options,
                              .options = *options,
                              .is_jump = is_jump,
                              .observer = observer};
    enum tl_status status = check_options(&opening, err);

    *out = NULL;
    if (status != TL_OK && is_jump)
        (void)tl_context(err, "ssh_jump");
    opening.patience =
        (struct ssh_patience){clock_now_ms() + options->connect_timeout_ms, options->stop_fd};
    if (status == TL_OK)
        status = run_phases(&opening, err);
    if (status == TL_OK && options->last_phase >= SSH_PHASE_AUTHENTICATION) {
        *out = opening.session;
        opening.session = NULL;
    }
    ssh_session_close(opening.session);
    ssh_session_close(opening.through);
    known_hosts_free(opening.known);
    if (opening.addresses != NULL)
        freeaddrinfo(opening.addresses);
    return status;
}

enum tl_status ssh_session_open(const struct ssh_options *options,
                                struct ssh_observer *observer, struct ssh_session **out,
                                struct tl_error *err)
{
    return open_one(options, false, observer, out, err);
}

void ssh_session_close(struct ssh_session *session)
{
    if (session == NULL)
        return;
    if (session->end == SSH_END_NONE && session->ssh != NULL && session->link != NULL) {
        pump_slice(session);
        (void)libssh2_session_disconnect(session->ssh, "done"); /* courtesy only */
    }
    session_reset(session);
    free(session);
}

const char *ssh_session_label(const struct ssh_session *session)
{
    return session->label;
}

bool ssh_session_is_windows(const struct ssh_session *session)
{
    return strstr(buf_text(&session->greeting.banner), "Windows") != NULL;
}

uint64_t ssh_session_heard(const struct ssh_session *session)
{
    return session->received_bytes + (session->held_back != 1);
}

enum tl_status ssh_session_wait(struct ssh_session *session, int64_t until_ms, int extra_fd,
                                struct tl_error *err)
{
    if (pump_wait(session, until_ms, extra_fd)) {
        channel_sweep(session, false);
        return TL_OK;
    }
    return pump_fail(session, TL_LOST, 0, "waiting for data", err);
}

void ssh_session_pardon(struct ssh_session *session)
{
    if (session->end == SSH_END_STOPPED)
        session->end = SSH_END_NONE;
    session->patience.stop_fd = -1;
}

enum tl_status ssh_session_check(struct ssh_session *session, struct tl_error *err)
{
    if (pump_check(session))
        return TL_OK;
    return pump_fail(session, TL_LOST, 0, "waiting for data", err);
}
