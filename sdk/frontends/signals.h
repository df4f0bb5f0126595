/* SIGINT, SIGTERM and SIGHUP as a request to stop. */
#ifndef FRONTENDS_SIGNALS_H
#define FRONTENDS_SIGNALS_H

#include "towline/error.h"

/* From now on the first of them makes *stop_fd readable, which belongs to the process from then
 * on; a second one ends the process at once. A SIGHUP that is ignored (nohup) stays so. To be
 * called once. */
TL_NODISCARD enum tl_status signals_open(int *stop_fd, struct tl_error *err);

/* Which of them came: TL_INTERRUPTED for SIGINT, else TL_TERMINATED; TL_OK if none did. */
enum tl_status signals_status(void);

#endif
