/* Questions to the user. */
#ifndef CLI_PROMPT_H
#define CLI_PROMPT_H

#include "frontends/cli/options.h"

/* Asks on the terminal, with no as the default. --yes answers yes, --non-interactive takes the
 * default; without either and without a terminal it refuses: TL_USAGE. */
TL_NODISCARD enum tl_status prompt_confirm(const struct cli_options *options,
                                           const char *question, bool *yes,
                                           struct tl_error *err);

#endif
