/* Forms hand over all their fields, also those that their user left alone. */
#ifndef CONFIG_SAID_H
#define CONFIG_SAID_H

#include <cjson/cJSON.h>

#include "towline/option.h"

/* Whether a member (NULL: there is none) says more than its absence would. null, an empty text
 * (but see TL_OPTION_EMPTY), list or object, the default, and one object (TL_OPTION_ONE) of
 * such members do not. */
bool said(const struct tl_option *option, const cJSON *member);

#endif
