/* The start of every program: hardening, then the front end it was started for. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "frontends/frontend.h"

#if defined(__SANITIZE_ADDRESS__)
enum { MAY_BE_TRACED = 1 }; /* the leak check traces the process */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { MAY_BE_TRACED = 1 };
#else
enum { MAY_BE_TRACED = 0 };
#endif
#else
enum { MAY_BE_TRACED = 0 };
#endif

/* Secrets stay out of core files and away from other processes of the same user. */
static void keep_memory_private(void)
{
    const struct rlimit none = {0};

    (void)setrlimit(RLIMIT_CORE, &none);
    if (!MAY_BE_TRACED)
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/* A file opened by the number of a closed standard stream would receive what is printed. */
static void fill_standard_streams(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null", O_RDWR);
}

static const struct frontend *pick(int argc, char **argv)
{
    const struct frontend *const *frontend = frontend_list;

    for (; frontend[1] != NULL; frontend++) {
        if (argc > 1 && strcmp(argv[1], (*frontend)->name) == 0)
            break;
        if ((*frontend)->claims != NULL && (*frontend)->claims(argc, argv))
            break;
    }
    return *frontend;
}

int tl_main(int argc, char **argv, const struct tl_connector *connector)
{
    int code;

    keep_memory_private();
    fill_standard_streams();
    (void)signal(SIGPIPE, SIG_IGN); /* whoever hangs up is noticed by the write that fails */
    (void)signal(SIGXFSZ, SIG_IGN); /* and so is a file that may grow no further */
    code = pick(argc, argv)->run(argc, argv, connector);
    log_set_sink(NULL);
    log_forget_secrets();
    return code;
}
