/* Which kind of shell runs a user's commands at the far side. */
#ifndef SSH_LOGIN_SHELL_H
#define SSH_LOGIN_SHELL_H

#include <stdint.h>

#include "ssh/session.h"

enum ssh_login_shell {
    SSH_SHELL_NOT_ASKED = -1,
    SSH_SHELL_POSIX, /* sh, dash, bash, zsh, ksh, busybox; also where the answer was not clear
                      */
    SSH_SHELL_CSH,   /* csh, tcsh */
    SSH_SHELL_FISH
};

/* Asks once per session, by a command that any of them understands; whatever a profile prints
 * around the answer does not matter. No answer before deadline_ms (monotonic) counts as POSIX.
 * TL_CONNECT, TL_COMMAND if the server runs no commands, TL_LOST, TL_INTERRUPTED. */
TL_NODISCARD enum tl_status ssh_session_login_shell(struct ssh_session *session,
                                                    int64_t deadline_ms,
                                                    enum ssh_login_shell *out,
                                                    struct tl_error *err);

/* The kind as far as it is known by now, and a way to make it known: a command showed it. */
enum ssh_login_shell ssh_session_known_shell(const struct ssh_session *session);
void ssh_session_know_shell(struct ssh_session *session, enum ssh_login_shell shell);

/* The kind of the shell in an answer that holds "<nonce> /usr/bin/zsh <nonce>"; NOT_ASKED if it
 * does not hold it. The pure part of it. */
enum ssh_login_shell ssh_login_shell_parse(const char *answer, const char *nonce);

#endif
