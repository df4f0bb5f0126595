/* The SSH side alone: logs in, runs each command after the other on one session, drops what
 * they print, and says how long each took.
 *
 * bench_receive HOST PORT[,PORT...] USER KEY KNOWN_HOSTS COMMAND...
 *
 * Of several ports, all but the last are those of jump hosts. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/input.h"
#include "sources/exec.h"
#include "ssh/session.h"

enum { FIRST_COMMAND = 6, MAX_HOSTS = 8 };

struct counter {
    struct exec_sink sink;
    uint64_t bytes;
};

static enum tl_status count(struct exec_sink *self, const char *data, size_t size,
                            struct tl_error *err)
{
    (void)data, (void)err;
    ((struct counter *)self)->bytes += size;
    return TL_OK;
}

static enum tl_status run(struct ssh_session *session, const char *command,
                          struct tl_error *err)
{
    struct exec_request request = {.command = command, .completion = EXEC_BY_MARKER};
    struct counter counter = {.sink = {.bytes = count}};
    double start = input_seconds();
    enum tl_status status = exec_run(session, &request, &counter.sink, err);

    if (status == TL_OK)
        printf("%" PRIu64 " bytes, %.4f s\n", counter.bytes, input_seconds() - start);
    return status;
}

/* One after the other, each behind the one before it; returns the last. */
static const struct ssh_options *chain(char **argv, struct ssh_options hosts[MAX_HOSTS])
{
    static const char *known_hosts[2];
    struct ssh_options *host = hosts;

    known_hosts[0] = argv[5];
    for (char *port = argv[2];; port++, host++) {
        ssh_options_init(host);
        host->host = argv[1];
        host->port = (uint16_t)strtoul(port, &port, 10);
        host->user = argv[3];
        host->private_key_path = argv[4];
        host->known_hosts_paths = known_hosts;
        host->jump = host > hosts ? host - 1 : NULL;
        if (*port != ',' || host + 1 == hosts + MAX_HOSTS)
            return host;
    }
}

int main(int argc, char **argv)
{
    struct ssh_options hosts[MAX_HOSTS];
    struct ssh_session *session = NULL;
    struct tl_error err = {0};
    enum tl_status status;

    if (argc <= FIRST_COMMAND) {
        fprintf(stderr, "Usage: bench_receive HOST PORT[,PORT...] USER KEY KNOWN_HOSTS "
                        "COMMAND...\n");
        return 2;
    }
    status = ssh_session_open(chain(argv, hosts), NULL, &session, &err);
    for (int i = FIRST_COMMAND; status == TL_OK && i < argc; i++)
        status = run(session, argv[i], &err);
    ssh_session_close(session);
    return status == TL_OK ? EXIT_SUCCESS : input_complain("bench_receive", &err);
}
