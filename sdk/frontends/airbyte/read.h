/* Airbyte's command `read`: the streams of a configured catalog as messages. */
#ifndef AIRBYTE_READ_H
#define AIRBYTE_READ_H

#include "frontends/platform/platform.h"

/* Reads by the catalog and the state (a path; NULL: none). Faults of streams have been told
 * when it returns; *told says whether the error it returns was, too. */
TL_NODISCARD enum tl_status airbyte_read(struct platform *platform, const char *catalog,
                                         const char *state, bool *told, struct tl_error *err);

#endif
