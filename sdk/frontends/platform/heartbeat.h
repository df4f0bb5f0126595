/* What goes on over a silent emitter: a platform takes a program that is silent for long for
 * dead, and a program that writes nothing does not notice that its reader is gone. */
#ifndef PLATFORM_HEARTBEAT_H
#define PLATFORM_HEARTBEAT_H

#include "frontends/platform/emitter.h"

struct heartbeat;

/* From now on logs a line whenever no line has gone over the emitter for that long (0: never),
 * and breaks the emitter as soon as its reader hangs up. NULL if the thread could not be
 * started: the program works without. */
struct heartbeat *heartbeat_start(struct emitter *emitter, int64_t every_ms);

/* NULL is fine. */
void heartbeat_stop(struct heartbeat *heartbeat);

#endif
