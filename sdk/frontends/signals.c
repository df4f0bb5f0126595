/* SIGINT, SIGTERM and SIGHUP as a request to stop. */
#include "frontends/signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Every thread of a run asks what stopped it, and a signal may come to any of them. */
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "a signal handler may use atomic_int");
static atomic_int received; /* the first signal's number */
static volatile sig_atomic_t event_fd = -1;
static atomic_int asked; /* enum tl_status: the program's own reason to stop */

static void handle(int number)
{
    const uint64_t one = 1;
    int saved = errno, none = 0;

    if (!atomic_compare_exchange_strong(&received, &none, number))
        _exit(128 + number);
    (void)!write(event_fd, &one, sizeof(one));
    errno = saved;
}

enum tl_status signals_open(int *stop_fd, struct tl_error *err)
{
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_RESTART}, hangup;

    event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event_fd < 0 || sigaction(SIGINT, &action, NULL) < 0 ||
        sigaction(SIGTERM, &action, NULL) < 0 || sigaction(SIGHUP, NULL, &hangup) < 0 ||
        (hangup.sa_handler != SIG_IGN && /* under nohup the run goes on */
         sigaction(SIGHUP, &action, NULL) < 0))
        return tl_fail(err, TL_INTERNAL, "cannot listen for signals: %s", strerror(errno));
    *stop_fd = event_fd;
    return TL_OK;
}

void signals_stop(enum tl_status why)
{
    const uint64_t one = 1;

    atomic_store(&asked, (int)why);
    (void)!write(event_fd, &one, sizeof(one));
}

enum tl_status signals_status(void)
{
    int number = atomic_load(&received);

    if (number == 0)
        return (enum tl_status)atomic_load(&asked);
    return number == SIGINT ? TL_INTERRUPTED : TL_TERMINATED;
}
