/* Values read from the members of a JSON object. */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include <cjson/cJSON.h>

#include "config/placeholders.h"
#include "config/values.h"

/* Fills the values of config from the members of those names, as far as they are given;
 * members whose names `outer` has (NULL: none) are left to it. Texts that come from files and
 * variables are scanned for placeholders, too. `path` stands before the keys in errors: "" or
 * "streams[1].". */
TL_NODISCARD enum tl_status read_members(struct tl_config *config, const cJSON *object,
                                         const struct tl_config *outer, struct texts *wanted,
                                         const char *path, struct tl_error *err);

/* Fills one value from what the document holds for it. */
TL_NODISCARD enum tl_status read_value(struct config_value *value, const cJSON *member,
                                       struct texts *wanted, const char *path,
                                       struct tl_error *err);

#endif
