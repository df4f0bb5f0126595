/* Options under other names: objects by rows of the kind ALIASES. */
#ifndef CONFIG_ALIASES_H
#define CONFIG_ALIASES_H

#include <cjson/cJSON.h>

#include "config/values.h"

/* Moves the members of each such object of the document to the top level, under the names of
 * the options that they stand for, and removes the object. TL_CONFIGURATION naming a member
 * that is none, does not belong to the choice, or is given under both names. */
TL_NODISCARD enum tl_status aliases_unfold(const struct tl_config *config, cJSON *document,
                                           struct tl_error *err);

#endif
