/* Which kind of shell runs a user's commands at the far side. */
#include "ssh/login_shell.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ssh/channel.h"
#include "ssh/handle.h"
#include "ssh/random.h"
#include "towline/log.h"

enum { ANSWER_MAX_BYTES = 64 * 1024, NONCE_SIZE = 17 };

static bool path_is(const char *path, size_t size, const char *name)
{
    size_t length = strlen(name);
    return size >= length && memcmp(path + size - length, name, length) == 0 &&
           (size == length || path[size - length - 1] == '/');
}

enum ssh_login_shell ssh_login_shell_parse(const char *answer, const char *nonce)
{
    const char *path = strstr(answer, nonce);
    const char *end = path != NULL ? strstr(path + strlen(nonce), nonce) : NULL;
    size_t size;

    if (end == NULL)
        return SSH_SHELL_NOT_ASKED;
    path += strlen(nonce) + 1;
    size = path < end ? (size_t)(end - path) - 1 : 0;
    if (path_is(path, size, "fish"))
        return SSH_SHELL_FISH;
    if (path_is(path, size, "csh") || path_is(path, size, "tcsh") ||
        path_is(path, size, "bsd-csh"))
        return SSH_SHELL_CSH;
    return SSH_SHELL_POSIX;
}

/* Reads until the answer is there, the output ends, or the time is over. */
static enum tl_status read_answer(struct ssh_session *session, struct ssh_channel *channel,
                                  const char *nonce, int64_t deadline_ms, struct tl_error *err)
{
    struct buf answer = BUF_INIT(ANSWER_MAX_BYTES);
    char chunk[4096];
    size_t got = 0, ignored = 0;
    bool ended = false; /* our side: a forced command may wait for it */
    enum tl_status status = TL_OK;

    while (status == TL_OK && session->login_shell == SSH_SHELL_NOT_ASKED && !answer.failed) {
        uint64_t heard = ssh_session_heard(session);

        if (!ended)
            status = ssh_channel_send_eof(channel, &ended, err);
        if (status == TL_OK)
            status = ssh_channel_read(channel, SSH_STDOUT, chunk, sizeof(chunk), &got, err);
        if (status == TL_OK && got > 0) {
            buf_append(&answer, chunk, got);
            session->login_shell = (int)ssh_login_shell_parse(buf_text(&answer), nonce);
            continue;
        }
        if (status == TL_OK)
            status = ssh_channel_read(channel, SSH_STDERR, chunk, sizeof(chunk), &ignored, err);
        if (status != TL_OK || ssh_channel_at_end(channel) || clock_now_ms() >= deadline_ms)
            break;
        if (ignored == 0 && ssh_session_heard(session) == heard)
            status = ssh_session_wait(session, deadline_ms, -1, err);
    }
    buf_free(&answer);
    return status;
}

static enum tl_status ask(struct ssh_session *session, int64_t deadline_ms,
                          struct tl_error *err)
{
    char nonce[NONCE_SIZE], command[96];
    struct ssh_channel *channel = NULL;
    enum tl_status status = random_hex(nonce, sizeof(nonce), err);

    if (status != TL_OK)
        return status;
    snprintf(command, sizeof(command), "echo %s $SHELL %s", nonce, nonce);
    status = ssh_channel_open(session, command, deadline_ms, &channel, err);
    if (status == TL_OK)
        status = read_answer(session, channel, nonce, deadline_ms, err);
    ssh_channel_close(channel);
    return status;
}

enum tl_status ssh_session_login_shell(struct ssh_session *session, int64_t deadline_ms,
                                       enum ssh_login_shell *out, struct tl_error *err)
{
    static const char *const names[] = {"POSIX", "csh", "fish"};
    enum tl_status status = TL_OK;

    if (session->login_shell == SSH_SHELL_NOT_ASKED) {
        status = ask(session, deadline_ms, err);
        if (status == TL_OK && session->login_shell == SSH_SHELL_NOT_ASKED)
            session->login_shell = SSH_SHELL_POSIX;
        if (status == TL_OK)
            tl_log(TL_LOG_DEBUG, "%s: the login shell's kind is %s", session->label,
                   names[session->login_shell]);
    }
    *out = (enum ssh_login_shell)session->login_shell;
    return status;
}

enum ssh_login_shell ssh_session_known_shell(const struct ssh_session *session)
{
    return (enum ssh_login_shell)session->login_shell;
}

void ssh_session_know_shell(struct ssh_session *session, enum ssh_login_shell shell)
{
    session->login_shell = (int)shell;
}
