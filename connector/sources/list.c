/* The list of sources. */
#include "sources/source.h"

extern const struct source source_command, source_http;

const struct source *const source_list[] = {&source_command, &source_http, NULL};
