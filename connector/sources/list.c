/* The list of sources. */
#include "sources/source.h"

extern const struct source source_command;

const struct source *const source_list[] = {&source_command, NULL};
