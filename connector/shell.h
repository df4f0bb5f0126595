/* Quoting for remote shells: a value becomes one word that no shell reads anything into. */
#ifndef CONNECTOR_SHELL_H
#define CONNECTOR_SHELL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum shell {
    SHELL_POSIX,      /* sh, bash, dash, zsh, ksh: '...', a quote as '\'' (POSIX 2.2.2) */
    SHELL_FISH,       /* '...', where \ and ' take a \ before them */
    SHELL_CSH,        /* '...', where ! and a line end take a \ before them */
    SHELL_POWERSHELL, /* '...', a quote doubled, typographic ones, too */
    SHELL_CMD /* "...", for what can be said safely: cmd.exe has no quoting that holds all. As
                 programs take their arguments apart (CommandLineToArgvW), backslashes before
                 the closing quote are doubled */
};

/* Appends the value as one quoted word. TL_CONFIGURATION if the shell has no way to say it: a
 * NUL anywhere; in cmd.exe also quotes, what programs may take for quotes, percent signs,
 * exclamation marks, and control characters but the tab. */
TL_NODISCARD enum tl_status shell_quote(enum shell shell, const char *value, size_t size,
                                        struct buf *out, struct tl_error *err);

/* Finds the shell by the name used in `remote_shell`; false if there is none. */
bool shell_from_name(const char *name, enum shell *out);

#endif
