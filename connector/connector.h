/* The connector: what the SDK asks of any source, answered over SSH. */
#ifndef CONNECTOR_CONNECTOR_H
#define CONNECTOR_CONNECTOR_H

#include "towline/connector.h"

extern const struct tl_connector connector;

#endif
