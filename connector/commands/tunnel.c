/* `towline tunnel`: reads what is asked for. */
#include <sys/resource.h>

#include "commands/commands.h"
#include "commands/tunnel_explain.h"
#include "commands/tunnel_hold.h"
#include "way.h"

/* One sign of life that is missing ends the connection. */
enum { KEEPALIVE_MS = 10000, SILENCES = 2 };

const struct tl_option tunnel_options[] = {
    {
        .name = "local",
        .kind = TL_OPTION_LIST,
        .help = "a port of this machine that leads to HOST:HOSTPORT as the SSH host sees them; "
                "repeatable",
        .letter = 'L',
        .value = "[[BIND:]PORT:]HOST:HOSTPORT",
    },
    {
        .name = "remote",
        .kind = TL_OPTION_LIST,
        .help = "a port of the SSH host that leads to HOST:HOSTPORT as this machine sees them; "
                "repeatable",
        .letter = 'R',
        .value = "[[BIND:]PORT:]HOST:HOSTPORT",
    },
    {
        .name = "health",
        .kind = TL_OPTION_TEXT,
        .help = "a file that is kept up to date with the tunnel's state, as JSON",
        .value = "FILE",
    },
    {
        .name = "explain",
        .kind = TL_OPTION_BOOLEAN,
        .fallback = "false",
        .help = "open nothing: print the equal ssh and autossh commands, a systemd unit, and "
                "PuTTY's settings",
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

static enum tl_status hold(const struct tl_call *call, const struct tunnel_plan *plan,
                           const struct ssh_options *ssh, struct tl_error *err)
{
    const struct tunnel_hold options = {
        .plan = plan,
        .ssh = ssh,
        .retry_attempts = tl_config_integer(call->config, "retry_attempts"),
        .health_path = tl_config_text(call->options, "health"),
    };

    allow_many_files();
    return tunnel_hold(&options, err);
}

enum tl_status tunnel_run(const struct tl_call *call, struct tl_error *err)
{
    struct tunnel_plan plan;
    struct way way = {0};
    enum tl_status status =
        tunnel_plan_parse(tl_config_list(call->options, "local"),
                          tl_config_list(call->options, "remote"), &plan, err);

    if (status == TL_OK && tl_config_text(call->config, "ssh_host") == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION, "ssh_host is missing");
        status =
            tl_remedy(err, "A tunnel leads through one host: name it in the configuration");
    }
    if (status == TL_OK)
        status = way_init(&way, call->config, NULL, NULL, call->stop_fd, err);
    if (status == TL_OK)
        status = way_find(&way, NULL, err);
    way_watch(&way, KEEPALIVE_MS, SILENCES);
    if (status == TL_OK && tl_config_boolean(call->options, "explain"))
        status = tunnel_explain(&plan, way_options(&way), err);
    else if (status == TL_OK)
        status = hold(call, &plan, way_options(&way), err);
    way_reset(&way);
    return status;
}
