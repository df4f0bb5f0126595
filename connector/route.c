/* The way to the host, out of the configuration. */
#include "route.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "options.h"

enum { JUMPS_MAX = 16 };

/* A copy that lives as long as the route; NULL when memory ran out. */
static const char *route_text(struct route *route, const char *text, size_t size)
{
    char **texts = realloc(route->texts, (route->n_texts + 1) * sizeof(*texts));

    if (texts == NULL)
        return NULL;
    route->texts = texts;
    texts[route->n_texts] = text_copy(text, size);
    return texts[route->n_texts] != NULL ? texts[route->n_texts++] : NULL;
}

static bool read_port(const char *text, uint16_t *port)
{
    char *end;
    unsigned long number = strtoul(text, &end, 10);

    *port = (uint16_t)number;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && number > 0 && number <= 65535;
}

/* Where the port's colon is in "host:port" or "[address]:port"; NULL if there is none. An
 * address of version 6 without brackets has no port. */
static const char *find_port(const char *host, size_t *host_size)
{
    const char *colon = strchr(host, ':');

    *host_size = strlen(host);
    if (host[0] == '[' && strchr(host, ']') != NULL) {
        *host_size = (size_t)(strchr(host, ']') - host) + 1;
        return host[*host_size] == ':' ? host + *host_size : NULL;
    }
    if (colon == NULL || strchr(colon + 1, ':') != NULL)
        return NULL;
    *host_size = (size_t)(colon - host);
    return colon;
}

/* Takes "user@host:port" apart, as far as it is there. */
static enum tl_status split_host(struct route *route, struct ssh_options *options,
                                 struct tl_error *err)
{
    const char *text = options->host, *at = strrchr(text, '@');
    const char *host = at != NULL ? at + 1 : text;
    size_t size;
    const char *colon = find_port(host, &size);

    if (size == 0 || (at != NULL && at == text) ||
        (colon != NULL && !read_port(colon + 1, &options->port))) {
        (void)tl_fail(err, TL_CONFIGURATION, "ssh_jump: \"%s\" is not user@host:port", text);
        return tl_remedy(err, "User and port may be left out, the host may not");
    }
    if (at != NULL)
        options->user = route_text(route, text, (size_t)(at - text));
    if (host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    }
    options->host = route_text(route, host, size);
    if (options->host == NULL || (at != NULL && options->user == NULL))
        return tl_fail(err, TL_MEMORY, "out of memory for ssh_jump");
    return TL_OK;
}

/* What a jump host does not say is as for the main host, but for what is a host's own: the
 * port, the fingerprint, and the password, which must not be shown to another server. */
static void inherit(struct ssh_options *jump, const struct tl_config *config,
                    const struct ssh_options *main)
{
    if (!tl_config_given(config, "ssh_user"))
        jump->user = main->user;
    if (!tl_config_given(config, "ssh_private_key") &&
        !tl_config_given(config, "ssh_private_key_path")) {
        jump->private_key = main->private_key;
        jump->private_key_path = main->private_key_path;
        if (!tl_config_given(config, "ssh_key_passphrase"))
            jump->passphrase = main->passphrase;
        if (!tl_config_given(config, "ssh_certificate_path"))
            jump->certificate_path = main->certificate_path;
    }
    if (!tl_config_given(config, "ssh_agent"))
        jump->use_agent = main->use_agent;
    if (!tl_config_given(config, "ssh_host_key_policy"))
        jump->host_key_policy = main->host_key_policy;
    if (!tl_config_given(config, "ssh_known_hosts_path"))
        jump->known_hosts_path = main->known_hosts_path;
    if (!tl_config_given(config, "ssh_connect_timeout"))
        jump->connect_timeout_ms = main->connect_timeout_ms;
    if (!tl_config_given(config, "ssh_keepalive_interval"))
        jump->keepalive_interval_ms = main->keepalive_interval_ms;
}

static enum tl_status read_jump(struct route *route, const struct tl_config *config,
                                struct ssh_options *jump, struct tl_error *err)
{
    if (connector_ssh_options(config, jump, err) != TL_OK)
        return tl_context(err, "ssh_jump");
    inherit(jump, config, &route->target);
    return split_host(route, jump, err);
}

static enum tl_status read_jumps(struct route *route, const struct tl_config *config,
                                 struct tl_error *err)
{
    size_t count = tl_config_count(config, "ssh_jump");

    if (count > JUMPS_MAX)
        return tl_fail(err, TL_CONFIGURATION, "ssh_jump has %zu hosts, %d are the most", count,
                       JUMPS_MAX);
    route->jumps = calloc(count + 1, sizeof(*route->jumps));
    if (route->jumps == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for ssh_jump");
    for (size_t i = 0; i < count; i++) {
        struct ssh_options *jump = &route->jumps[i];
        if (read_jump(route, tl_config_item(config, "ssh_jump", i), jump, err) != TL_OK)
            return err->status;
        jump->jump = i > 0 ? jump - 1 : NULL;
        route->target.jump = jump;
        route->n_jumps++;
    }
    return TL_OK;
}

static void approve_on(struct ssh_options *options, const char *approve, bool alone)
{
    options->approve_sha256 = approve;
    options->approve_unknown_only = !alone;
}

enum tl_status route_init(struct route *route, const struct tl_config *config,
                          const char *approve, int stop_fd, struct tl_error *err)
{
    *route = (struct route){0};
    if (connector_ssh_options(config, &route->target, err) != TL_OK ||
        (approve != NULL && connector_check_fingerprint(approve, "--approve", err) != TL_OK) ||
        read_jumps(route, config, err) != TL_OK)
        return err->status;
    route->target.stop_fd = stop_fd;
    approve_on(&route->target, approve, route->n_jumps == 0);
    for (size_t i = 0; i < route->n_jumps; i++)
        approve_on(&route->jumps[i], approve, false);
    return TL_OK;
}

void route_reset(struct route *route)
{
    for (size_t i = 0; i < route->n_texts; i++)
        free(route->texts[i]);
    free(route->texts);
    free(route->jumps);
    *route = (struct route){0};
}
