/* How long to wait before something that failed is tried again. */
#include "base/backoff.h"

#include <sys/random.h>

int64_t backoff_ms(int64_t first_ms, int64_t last_ms, uint64_t failures)
{
    int64_t wait_ms = first_ms;
    uint32_t chance = 0; /* before the system has any, waits are short */

    for (uint64_t i = 1; i < failures && wait_ms < last_ms; i++)
        wait_ms *= 2;
    if (wait_ms > last_ms)
        wait_ms = last_ms;
    (void)!getrandom(&chance, sizeof(chance), GRND_NONBLOCK);
    return wait_ms / 2 + chance % (wait_ms / 2 + 1);
}
