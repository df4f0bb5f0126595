/* What a service tells systemd (sd_notify(3)); does nothing where that did not ask for it. */
#ifndef COMMANDS_NOTIFY_H
#define COMMANDS_NOTIFY_H

#include <stdint.h>

#include "towline/error.h"

/* Lines such as "READY=1\nSTATUS=...". Losing one is no error. */
void notify_send(const char *format, ...) TL_PRINTF(1, 2);

/* How often the watchdog wants to hear WATCHDOG=1; 0 if there is none. */
int64_t notify_watchdog_ms(void);

#endif
