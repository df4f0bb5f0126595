/* The options that every program on the SDK has, whatever its connector. */
#include "config/config.h"

const struct tl_option config_runtime_options[] = {
    {.name = "destination",
     .kind = TL_OPTION_TEXT,
     .fallback = "sqlite:warehouse.db",
     .help = "URL of the destination; the option --destination wins"},
    {.name = "retry_attempts",
     .kind = TL_OPTION_INTEGER,
     .fallback = "5",
     .help = "how often to try again after a fault that passes, such as a refused connection",
     .max = 1000},
    {.name = NULL},
};
