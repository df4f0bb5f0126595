/* Singer's protocol: a tap, as Meltano and its kin run one. */
#ifndef SINGER_SINGER_H
#define SINGER_SINGER_H

#include "frontends/frontend.h"

extern const struct frontend singer_frontend;

#endif
