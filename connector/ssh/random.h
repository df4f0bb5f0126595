/* Random words that nobody can guess. */
#ifndef SSH_RANDOM_H
#define SSH_RANDOM_H

#include <stddef.h>

#include "towline/error.h"

/* Fills out with size - 1 hexadecimal digits and a NUL; size is odd and at most 65. TL_INTERNAL
 * if the system has no random numbers. */
TL_NODISCARD enum tl_status random_hex(char *out, size_t size, struct tl_error *err);

#endif
