/* The command line that makes a login shell print marks around a command's output. */
#ifndef EXEC_WRAP_H
#define EXEC_WRAP_H

#include "base/buf.h"
#include "ssh/login_shell.h"

/* Appends it. The login shell itself runs the command, in a subshell where it has one, so that
 * exit, exec and syntax errors in the command do not lose the end mark; fish has none, and an
 * exec there does. See exec_marker.h for the marks. */
void exec_wrap(struct buf *out, enum ssh_login_shell shell, const char *command,
               const char *nonce);

/* Appends text as one word that the shell takes literally. */
void exec_quote(struct buf *out, enum ssh_login_shell shell, const char *text);

#endif
