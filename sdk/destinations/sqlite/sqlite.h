/* SQLite as a destination. */
#ifndef DESTINATIONS_SQLITE_SQLITE_H
#define DESTINATIONS_SQLITE_SQLITE_H

#include "destinations/destination.h"

extern const struct destination_ops sqlite_destination;

#endif
