/* Questions to the user. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "frontends/cli/cli.h"

/* Asks on the terminal, with no as the default. --yes answers yes, --non-interactive takes the
 * default; without either and without a terminal it refuses: TL_USAGE. */
TL_NODISCARD enum tl_status prompt_confirm(const struct cli_options *options,
                                           const char *question, bool *yes,
                                           struct tl_error *err);

/* Asks for a line of text. An empty answer, and --non-interactive, mean the fallback, "" for
 * none; without a terminal it refuses, as when the input ends (Ctrl-D): TL_USAGE.
 * TL_INTERRUPTED when stop_fd (-1: none) becomes readable. */
TL_NODISCARD enum tl_status prompt_text(const struct cli_options *options, const char *question,
                                        const char *fallback, int stop_fd, char *out,
                                        size_t out_size, struct tl_error *err);

/* Asks for a secret: what is typed does not show, and there is no fallback but "". */
TL_NODISCARD enum tl_status prompt_secret(const struct cli_options *options,
                                          const char *question, int stop_fd, char *out,
                                          size_t out_size, struct tl_error *err);

/* Whether there is somebody to ask. */
bool prompt_has_terminal(const struct cli_options *options);

#endif
