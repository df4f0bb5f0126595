/* What is left when the values were read: keys that nobody knows, defaults, missing keys. */
#ifndef CONFIG_COMPLETE_H
#define CONFIG_COMPLETE_H

#include <cjson/cJSON.h>

#include "config/placeholders.h"
#include "config/values.h"

/* Fails for the first key of the object that is no option of config and, at the top level
 * (`wanted` not NULL), neither a field of an item that was made of those, or would be if it
 * were read, nor wanted by a placeholder. */
TL_NODISCARD enum tl_status complete_check_keys(const struct tl_config *config,
                                                const cJSON *object, const struct texts *wanted,
                                                const char *path, struct tl_error *err);

/* Gives options that were not given their defaults; fails for one that is required, if the
 * configuration is to be `whole`. */
TL_NODISCARD enum tl_status complete_defaults(struct tl_config *config, bool whole,
                                              const char *path, struct tl_error *err);

/* Whether the key is one of the configuration's own, by either of its names. */
bool complete_is_known(const struct tl_config *config, const char *key);

/* Whether the table has a row of that name. */
bool complete_has_row(const struct tl_option *table, const char *name);

#endif
