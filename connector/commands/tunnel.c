/* `towline tunnel`: holds tunnels open. */
#include <poll.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "commands/commands.h"
#include "commands/tunnel_spec.h"
#include "towline/log.h"
#include "tunnel/forwarder.h"
#include "way.h"
#include "tunnel/route.h"

enum { SESSIONS_MAX = 8, TUNNELS_MAX = 64 };

const struct tl_option tunnel_options[] = {
    {
        .name = "local",
        .kind = TL_OPTION_LIST,
        .help = "a port of this machine that leads to HOST:HOSTPORT as the SSH host sees them; "
                "repeatable",
        .letter = 'L',
        .value = "[[BIND:]PORT:]HOST:HOSTPORT",
    },
    {.name = NULL},
};

/* Each connection takes a file. */
static void allow_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static enum tl_status listen_local(struct forwarder *forwarder, const struct tunnel_spec *spec,
                                   struct tl_error *err)
{
    uint16_t port = 0;
    const char *bind = spec->bind[0] != '\0' ? spec->bind : "127.0.0.1";

    if (!route_is_loopback(spec->bind))
        tl_log(TL_LOG_WARNING, "whoever can reach this machine at %s can use the tunnel to %s",
               bind, spec->host);
    if (forwarder_listen_port(forwarder, spec->bind, spec->port, spec->host, spec->host_port,
                              &port, err) != TL_OK)
        return err->status;
    return tl_print(err, "%s:%u -> %s:%u\n", bind, port, spec->host, spec->host_port);
}

static enum tl_status open_local(struct forwarder *forwarder, const struct tl_call *call,
                                 struct tl_error *err)
{
    const char *const *texts = tl_config_list(call->options, "local");
    struct tunnel_spec spec;
    enum tl_status status = TL_OK;

    for (; texts != NULL && *texts != NULL && status == TL_OK; texts++) {
        status = tunnel_spec_parse("-L", *texts, &spec, err);
        if (status == TL_OK)
            status = listen_local(forwarder, &spec, err);
    }
    return status;
}

static bool is_readable(int fd)
{
    struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
    return poll(&poll_fd, 1, 0) > 0;
}

/* Runs until the session ends; a server that forbids forwarding ends the tunnel. */
static enum tl_status hold(struct forwarder *forwarder, int stop_fd, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    struct tl_error refusal;

    while (status == TL_OK) {
        status = forwarder_run(forwarder, clock_now_ms() + 1000, stop_fd, err);
        if (status == TL_OK && is_readable(stop_fd))
            return tl_fail(err, TL_INTERRUPTED, "the tunnel was told to end");
        if (!forwarder_refusal(forwarder, &refusal))
            continue;
        if (refusal.status == TL_FORWARD) {
            *err = refusal;
            return err->status;
        }
        tl_log(TL_LOG_WARNING, "%s. %s", refusal.message, refusal.remedy);
    }
    return status;
}

enum tl_status tunnel_run(const struct tl_call *call, struct tl_error *err)
{
    struct forwarder_options options;
    struct way way;
    struct ssh_session *session = NULL;
    struct forwarder *forwarder = NULL;
    enum tl_status status = way_init(&way, call->config, NULL, call->stop_fd, err);

    allow_many_files();
    if (status == TL_OK)
        status = way_find(&way, NULL, err);
    forwarder_options_init(&options);
    options.further = way.target != NULL ? way_options(&way) : NULL;
    options.max_sessions = SESSIONS_MAX;
    if (status == TL_OK)
        status = ssh_session_open(way_options(&way), NULL, &session, err);
    if (status == TL_OK)
        status = forwarder_open(&options, &forwarder, err);
    if (status == TL_OK)
        status = forwarder_carry(forwarder, session, err);
    if (status == TL_OK)
        status = open_local(forwarder, call, err);
    if (status == TL_OK)
        status = hold(forwarder, call->stop_fd, err);
    forwarder_close(forwarder);
    ssh_session_close(session);
    way_reset(&way);
    return status;
}
