/* What goes on over a silent wire: a platform takes a program that is silent for long for dead,
 * and a program that writes nothing does not notice that its reader is gone. */
#ifndef PLATFORM_HEARTBEAT_H
#define PLATFORM_HEARTBEAT_H

#include "frontends/platform/wire.h"

struct heartbeat;

/* From now on logs a line whenever no line has gone over the wire for that long (0: never), and
 * breaks the wire as soon as its reader hangs up. NULL if the thread could not be started: the
 * program works without. */
struct heartbeat *heartbeat_start(struct wire *wire, int64_t every_ms);

/* NULL is fine. */
void heartbeat_stop(struct heartbeat *heartbeat);

#endif
