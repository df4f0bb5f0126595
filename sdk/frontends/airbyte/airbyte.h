/* Airbyte's protocol: spec, check, discover, read. */
#ifndef AIRBYTE_AIRBYTE_H
#define AIRBYTE_AIRBYTE_H

#include "frontends/frontend.h"

extern const struct frontend airbyte_frontend;

#endif
