/* What `keygen` prints: the public line, and how it is installed. */
#ifndef COMMANDS_KEYGEN_ADVICE_H
#define COMMANDS_KEYGEN_ADVICE_H

#include "ssh/key_new.h"
#include "towline/command.h"

/* Whether --command and --tunnel can stand in a line of authorized_keys: TL_USAGE if not. */
TL_NODISCARD enum tl_status keygen_check_advice(const struct tl_call *call,
                                                struct tl_error *err);

TL_NODISCARD enum tl_status keygen_print_advice(const struct tl_call *call, const char *path,
                                                const struct key_pair *pair,
                                                struct tl_error *err);

#endif
