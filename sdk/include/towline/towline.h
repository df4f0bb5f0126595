/* Everything a connector needs. */
#ifndef TOWLINE_H
#define TOWLINE_H

#include "towline/connector.h"
#include "towline/error.h"
#include "towline/json.h"
#include "towline/log.h"
#include "towline/option.h"
#include "towline/stream.h"
#include "towline/sync.h"
#include "towline/value.h"

#endif
