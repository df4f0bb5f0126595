/* Texts, as a user writes them, made into the values of their options. */
#ifndef CONFIG_CONVERT_H
#define CONFIG_CONVERT_H

#include "config/values.h"

/* Fills the value of a TEXT, CHOICE, INTEGER, SECONDS or BOOLEAN option, or of a key without
 * an option, or the list of a LIST option from a text with commas. `path` names the key in
 * errors, which do not show a secret. */
TL_NODISCARD enum tl_status convert_text(struct config_value *value, const char *path,
                                         const char *text, struct tl_error *err);

/* Whether text is one of the choices "auto|json|ndjson". */
bool convert_is_choice(const char *choices, const char *text);

#endif
