/* SIGINT, SIGTERM and SIGHUP as a request to stop. */
#ifndef FRONTENDS_SIGNALS_H
#define FRONTENDS_SIGNALS_H

#include "towline/error.h"

/* From now on the first of them makes *stop_fd readable, which belongs to the process from then
 * on; a second one ends the process at once. A SIGHUP that is ignored (nohup) stays so. To be
 * called once. */
TL_NODISCARD enum tl_status signals_open(int *stop_fd, struct tl_error *err);

/* Stops as a signal would, for a reason of the program's own. */
void signals_stop(enum tl_status why);

/* Which of them came: TL_INTERRUPTED for SIGINT, else TL_TERMINATED; the program's own reason
 * if none did; TL_OK without any. */
enum tl_status signals_status(void);

#endif
