/* The command line that makes a login shell print marks around a command's output. */
#ifndef EXEC_WRAP_H
#define EXEC_WRAP_H

#include "base/buf.h"
#include "shell.h"
#include "ssh/login_shell.h"

/* Appends it. The login shell itself runs the command, in a subshell where it has one, so that
 * exit, exec and syntax errors in the command do not lose the end mark; fish has none, and an
 * exec there does. See exec_marker.h for the marks; stderr has only the one at its begin.
 *
 * SSH_SHELL_NOT_ASKED guesses that it is POSIX: if it is csh or fish, nothing of the line is
 * run and there is no mark. Only for a command that exec_may_guess. */
TL_NODISCARD enum tl_status exec_wrap(struct buf *out, enum ssh_login_shell login,
                                      const char *command, const char *nonce,
                                      struct tl_error *err);

/* Whether the shell may be guessed: not so with a command of several lines. */
bool exec_may_guess(const char *command);

/* How to quote for a login shell. */
enum shell exec_shell(enum ssh_login_shell login);

#endif
