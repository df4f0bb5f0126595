/* The front ends of this program. */
#include "frontends/frontend.h"

#include <stddef.h>

#include "frontends/airbyte/airbyte.h"
#include "frontends/cli/cli.h"
#include "frontends/fivetran/fivetran.h"
#include "frontends/singer/singer.h"

const struct frontend *const frontend_list[] = {&airbyte_frontend, &fivetran_frontend,
                                                &singer_frontend, &cli_frontend, NULL};
