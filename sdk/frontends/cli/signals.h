/* SIGINT and SIGTERM as a request to stop. */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "towline/error.h"

/* From now on the first SIGINT or SIGTERM makes *stop_fd readable, which belongs to the process
 * from then on; a second one ends the process at once. To be called once. */
TL_NODISCARD enum tl_status signals_open(int *stop_fd, struct tl_error *err);

/* Which of them came: TL_INTERRUPTED or TL_TERMINATED; TL_OK if none did. */
enum tl_status signals_status(void);

#endif
