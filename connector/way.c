/* The way to a host, as the configuration says it. */
#include "way.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "options.h"
#include "way_host.h"

enum { NAME_MAX_BYTES = 1024 };

/* Of all sessions that are open at once, and the least of each. */
enum { SHARED_WINDOW_BYTES = 16 * 1024 * 1024, MIN_WINDOW_BYTES = 128 * 1024 };

void way_host_free(struct way_host *host)
{
    if (host == NULL)
        return;
    for (char **path = host->identities; *path != NULL; path++)
        free(*path);
    ssh_config_free(&host->found);
    free(host->agent);
    free(host->certificate);
    free(host->name);
    free(host->user);
    free(host);
}

void way_reset(struct way *way)
{
    for (size_t i = 0; i < way->n_jumps; i++)
        way_host_free(way->jumps[i]);
    way_host_free(way->target);
    *way = (struct way){0};
}

const struct ssh_options *way_options(const struct way *way)
{
    return &way->target->options;
}

static void host_watch(struct way_host *host, int interval_ms, int silences)
{
    struct ssh_options *options = &host->options;

    if (options->keepalive_interval_ms <= 0 || options->keepalive_interval_ms > interval_ms)
        options->keepalive_interval_ms = interval_ms;
    options->keepalive_silences = silences;
}

void way_watch(struct way *way, int interval_ms, int silences)
{
    for (size_t i = 0; i < way->n_jumps; i++)
        host_watch(way->jumps[i], interval_ms, silences);
    if (way->target != NULL)
        host_watch(way->target, interval_ms, silences);
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

/* "ssh://user@host:port" is how the OpenSSH client may write the same. */
static const char *without_scheme(const char *text)
{
    static const char scheme[] = "ssh://";

    return strncmp(text, scheme, sizeof(scheme) - 1) == 0 ? text + sizeof(scheme) - 1 : text;
}

enum tl_status way_host_split(struct way_host *jump, const char *key, struct tl_error *err)
{
    struct ssh_options *options = &jump->options;
    const char *text = without_scheme(options->host), *at = strrchr(text, '@');
    const char *host = at != NULL ? at + 1 : text;
    size_t size;
    const char *colon = find_port(host, &size);

    if (size == 0 || at == text || (colon != NULL && !read_port(colon + 1, &options->port))) {
        (void)tl_fail(err, TL_CONFIGURATION, "%s: \"%s\" is not user@host:port", key, text);
        return tl_remedy(err, "User and port may be left out, the host may not");
    }
    if (host[0] == '[' && host[size - 1] == ']') {
        host++;
        size -= 2;
    }
    options->host = jump->name = text_copy(host, size);
    if (at != NULL)
        options->user = jump->user = text_copy(text, (size_t)(at - text));
    jump->has_user |= at != NULL;
    jump->has_port |= colon != NULL;
    if (jump->name == NULL || (at != NULL && jump->user == NULL))
        return tl_fail(err, TL_MEMORY, "out of memory for %s", key);
    return TL_OK;
}

void way_host_inherit(struct way_host *jump, const struct tl_config *config,
                      const struct ssh_options *main)
{
    struct ssh_options *options = &jump->options;

    if (!jump->has_user)
        options->user = main->user;
    if (!jump->has_login) {
        options->private_key = main->private_key;
        options->private_key_path = main->private_key_path;
        options->use_agent = main->use_agent && !jump->no_agent;
        if (config == NULL || !tl_config_given(config, "ssh_key_passphrase"))
            options->passphrase = main->passphrase;
        if (config == NULL || !tl_config_given(config, "ssh_certificate_path"))
            options->certificate_path = main->certificate_path;
    }
    if (!jump->has_known_hosts)
        options->known_hosts_paths = main->known_hosts_paths;
    if (config == NULL || !tl_config_given(config, "ssh_host_key_policy"))
        options->host_key_policy = main->host_key_policy;
    if (config == NULL || !tl_config_given(config, "ssh_connect_timeout"))
        options->connect_timeout_ms = main->connect_timeout_ms;
    if (config == NULL || !tl_config_given(config, "ssh_keepalive_interval"))
        options->keepalive_interval_ms = main->keepalive_interval_ms;
}

static enum tl_status host_new(const struct tl_config *config, struct way_host **out,
                               struct tl_error *err)
{
    struct way_host *host = *out = calloc(1, sizeof(*host));

    if (host == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the way to the host");
    host->has_user = tl_config_given(config, "ssh_user");
    host->has_port = tl_config_given(config, "ssh_port");
    host->has_known_hosts = tl_config_given(config, "ssh_known_hosts_path");
    host->has_login = tl_config_given(config, "ssh_private_key") ||
                      tl_config_given(config, "ssh_private_key_path") ||
                      tl_config_boolean(config, "ssh_agent") ||
                      strcmp(tl_config_text(config, "ssh_login"), "password") == 0;
    host->no_agent = tl_config_given(config, "ssh_agent") && !host->has_login;
    return connector_ssh_options(config, &host->options, err);
}

static enum tl_status read_jumps(struct way *way, const struct tl_config *config,
                                 struct tl_error *err)
{
    size_t count = tl_config_count(config, "ssh_jump");

    if (count > WAY_JUMPS_MAX)
        return tl_fail(err, TL_CONFIGURATION, "ssh_jump has %zu hosts, %d are the most", count,
                       WAY_JUMPS_MAX);
    for (size_t i = 0; i < count; i++) {
        const struct tl_config *item = tl_config_item(config, "ssh_jump", i);
        struct way_host **jump = &way->jumps[way->n_jumps++];

        if (host_new(item, jump, err) != TL_OK)
            return tl_context(err, "ssh_jump");
        if (way_host_split(*jump, "ssh_jump", err) != TL_OK)
            return err->status;
        way_host_inherit(*jump, item, &way->target->options);
    }
    return TL_OK;
}

/* What a host of ssh_hosts does not say is as at the top level, in everything: takes the
 * target's place, which was read from there. */
static enum tl_status read_listed(struct way *way, const struct tl_config *listed,
                                  struct tl_error *err)
{
    struct way_host *top = way->target, *host = NULL;
    enum tl_status status = host_new(listed, &host, err);

    if (status == TL_OK)
        status = way_host_split(host, "ssh_hosts", err);
    if (status == TL_OK) {
        way_host_inherit(host, listed, &top->options);
        if (!host->has_port)
            host->options.port = top->options.port;
        if (!tl_config_given(listed, "ssh_password"))
            host->options.password = top->options.password;
        if (!tl_config_given(listed, "ssh_host_key_sha256"))
            host->options.host_key_sha256 = top->options.host_key_sha256;
        if (!tl_config_given(listed, "ssh_compression"))
            host->options.compression = top->options.compression;
        host->has_user |= top->has_user;
        host->has_port |= top->has_port;
        host->has_login |= top->has_login;
        host->no_agent |= top->no_agent;
        host->has_known_hosts |= top->has_known_hosts;
    }
    way_host_free(top);
    way->target = host;
    return status;
}

static enum tl_status declare_host(const struct tl_config *listed, struct tl_partitions *out,
                                   struct tl_error *err)
{
    const char *text = without_scheme(tl_config_text(listed, "ssh_host"));
    const char *at = strrchr(text, '@');
    const char *host = at != NULL ? at + 1 : text;
    struct buf name = BUF_INIT(NAME_MAX_BYTES);
    size_t host_size;
    enum tl_status status;

    buf_append_string(&name, host);
    if (tl_config_given(listed, "ssh_port") && find_port(host, &host_size) == NULL)
        buf_printf(&name, ":%" PRId64, tl_config_integer(listed, "ssh_port"));
    status = buf_check(&name, "the name of a host", err);
    if (status == TL_OK && tl_partitions_add(out, buf_text(&name), err) != TL_OK)
        status = tl_context(err, "ssh_hosts");
    buf_free(&name);
    return status;
}

enum tl_status way_declare_hosts(const struct tl_config *config, struct tl_partitions *out,
                                 struct tl_error *err)
{
    size_t count = tl_config_count(config, "ssh_hosts");

    if (count > 0 && tl_config_text(config, "ssh_host") != NULL) {
        (void)tl_fail(err, TL_CONFIGURATION, "ssh_host and ssh_hosts are both given");
        return tl_remedy(err, "Leave out ssh_host; it may be one of ssh_hosts");
    }
    for (size_t i = 0; i < count; i++)
        if (declare_host(tl_config_item(config, "ssh_hosts", i), out, err) != TL_OK)
            return err->status;
    return TL_OK;
}

void way_link(struct way *way)
{
    struct ssh_options *main = &way->target->options;

    main->jump = NULL;
    main->approve_unknown_only = way->n_jumps > 0;
    for (size_t i = 0; i < way->n_jumps; i++) {
        struct ssh_options *jump = &way->jumps[i]->options;
        jump->jump = main->jump;
        jump->window_max_bytes = main->window_max_bytes;
        jump->approve_sha256 = main->approve_sha256;
        jump->approve_unknown_only = true;
        main->jump = jump;
    }
}

enum tl_status way_init(struct way *way, const struct tl_config *config,
                        const struct tl_config *listed, const char *approve, int stop_fd,
                        struct tl_error *err)
{
    *way = (struct way){.asks = strcmp(tl_config_text(config, "ssh_config"), "auto") == 0};
    if (host_new(config, &way->target, err) != TL_OK ||
        (listed != NULL && read_listed(way, listed, err) != TL_OK) ||
        read_jumps(way, config, err) != TL_OK)
        return err->status;
    if (approve != NULL &&
        connector_check_fingerprint(approve, "what to approve", err) != TL_OK)
        return err->status = TL_USAGE; /* it is no part of the configuration */
    way->target->options.approve_sha256 = approve;
    way->target->options.stop_fd = stop_fd;
    way_link(way);
    return TL_OK;
}

void way_share_memory(struct way *way, size_t at_once)
{
    size_t share = at_once > 1 ? SHARED_WINDOW_BYTES / at_once : 0;

    if (at_once > 1 && share < MIN_WINDOW_BYTES)
        share = MIN_WINDOW_BYTES;
    way->target->options.window_max_bytes = (unsigned)share;
    way_link(way);
}

const char *way_describe(const struct way *way, char *out, size_t size)
{
    const struct ssh_options *target = &way->target->options;
    struct buf text = BUF_INIT(4096);

    buf_printf(&text, "%s%s%s port %u", target->user != NULL ? target->user : "",
               target->user != NULL ? "@" : "", target->host, target->port);
    for (size_t i = 0; i < way->n_jumps; i++)
        buf_printf(&text, "%s%s", i == 0 ? " through " : ", ", way->jumps[i]->options.host);
    (void)text_safe(out, size, buf_text(&text), text.size);
    buf_free(&text);
    return out;
}
