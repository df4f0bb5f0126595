/* How long to wait before something that failed is tried again. */
#ifndef BASE_BACKOFF_H
#define BASE_BACKOFF_H

#include <stdint.h>

/* Doubles with each failure (1: the first) from first_ms to last_ms. Half of it is chance, so
 * that many that failed together do not come back at the same instant. Chance is the system's:
 * the generator of the C library is the host program's. */
int64_t backoff_ms(int64_t first_ms, int64_t last_ms, uint64_t failures);

#endif
