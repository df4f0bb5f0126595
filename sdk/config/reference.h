/* Values that stand elsewhere: in the environment, or in a file. */
#ifndef CONFIG_REFERENCE_H
#define CONFIG_REFERENCE_H

#include <cjson/cJSON.h>

#include "config/values.h"

/* The one member of {"env": NAME} or {"file": PATH}; NULL if `member` is something else, or if
 * the option itself has a meaning for such an object. Borrowed. */
const cJSON *reference_in(const struct config_value *value, const cJSON *member);

/* Appends what the reference stands for to *out, which is a secret if the option is one. `path`
 * names the key in errors. TL_CONFIGURATION if it cannot be read; TL_KEY for a private key in a
 * file that others can read. */
TL_NODISCARD enum tl_status reference_resolve(const struct config_value *value,
                                              const cJSON *reference, const char *path,
                                              struct buf *out, struct tl_error *err);

#endif
