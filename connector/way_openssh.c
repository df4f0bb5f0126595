/* What the OpenSSH client's configuration says of the hosts on the way. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "ssh/local_user.h"
#include "towline/log.h"
#include "way_host.h"

/* Of a key in an agent, the public half may be all there is. */
static bool is_key_there(const char *path)
{
    char *public = NULL;
    bool there = access(path, F_OK) == 0 ||
                 (asprintf(&public, "%s.pub", path) >= 0 && access(public, F_OK) == 0);

    free(public);
    return there;
}

/* Paths of the keys that are there: the client names many that are not. */
static void take_identities(struct way_host *host)
{
    size_t n = 0;

    for (size_t i = 0; host->found.identities[i] != NULL; i++) {
        char *path =
            ssh_config_expand(&host->found, host->options.host, host->found.identities[i]);
        if (path != NULL && is_key_there(path))
            host->identities[n++] = path;
        else
            free(path);
    }
}

/* A certificate that does not lie beside its key, where it is plain which key's it is. */
static void take_certificate(struct way_host *host)
{
    if (host->found.certificate == NULL || host->identities[1] != NULL ||
        host->options.certificate_path != NULL)
        return;
    host->certificate =
        ssh_config_expand(&host->found, host->options.host, host->found.certificate);
    host->options.certificate_path = host->certificate;
}

static void take_agent(struct way_host *host)
{
    struct ssh_options *options = &host->options;
    const char *agent = host->found.agent;

    if (host->no_agent)
        return;
    if (agent == NULL || strcmp(agent, "SSH_AUTH_SOCK") == 0) {
        options->use_agent = getenv("SSH_AUTH_SOCK") != NULL;
        return;
    }
    if (agent[0] == '$' && agent[1] != '{')
        options->agent_path = getenv(agent + 1);
    else if (strcmp(agent, "none") != 0)
        options->agent_path = host->agent =
            ssh_config_expand(&host->found, options->host, agent);
    options->use_agent = options->agent_path != NULL;
}

/* Keys and agents of our own configuration go before those of the client's; a password does not
 * keep a key that was configured for the host from being tried first. */
static void take_login(struct way_host *host, bool is_jump)
{
    struct ssh_options *options = &host->options;
    const struct ssh_config_host *found = &host->found;
    bool chosen = !ssh_config_identities_are_default(found);
    bool has_key = options->private_key != NULL || options->private_key_path != NULL;

    if (host->has_login || (!chosen && (has_key || options->password != NULL)))
        return;
    take_identities(host);
    if (host->identities[0] != NULL) {
        options->private_key = options->private_key_path = NULL;
        options->identities = (const char *const *)host->identities;
        take_certificate(host);
    } else if (is_jump && has_key) {
        return;
    }
    options->identities_only = found->identities_only;
    take_agent(host);
}

static bool is_default_known_hosts(const char *const *paths)
{
    static const char *const names[] = {"/.ssh/known_hosts", "/.ssh/known_hosts2"};
    char *home = local_user_home(true);
    size_t size = home != NULL ? strlen(home) : 0, n = 0;

    while (n < 2 && paths[n] != NULL && home != NULL && strncmp(paths[n], home, size) == 0 &&
           strcmp(paths[n] + size, names[n]) == 0)
        n++;
    free(home);
    return n == 2 && paths[n] == NULL;
}

/* The user's files, and those of all users that are there. What our own configuration says
 * stands for both, also that of the main host for a jump host of which nothing is said. */
static void take_known_hosts(struct way_host *host, const struct way_host *main)
{
    struct ssh_options *options = &host->options;
    const struct ssh_config_host *found = &host->found;
    bool named = found->known_hosts[0] != NULL && !is_default_known_hosts(found->known_hosts);
    const char *const *path = named ? found->known_hosts : options->known_hosts_paths;
    size_t n = 0;

    if (host->has_known_hosts || (!named && main->has_known_hosts))
        return;
    for (; path != NULL && *path != NULL && n < SSH_CONFIG_KNOWN_HOSTS_MAX; path++)
        host->known_hosts[n++] = *path;
    if (n == 0)
        host->known_hosts[n++] = ssh_known_hosts_default[0];
    for (path = found->global_known_hosts; *path != NULL; path++)
        if (access(*path, F_OK) == 0)
            host->known_hosts[n++] = *path;
    options->known_hosts_paths = host->known_hosts;
}

/* True if the client's configuration says anything of the host. */
static bool take_found(struct way_host *host, const struct way_host *main)
{
    struct ssh_options *options = &host->options;
    const struct ssh_config_host *found = &host->found;
    char local[LOCAL_USER_NAME_SIZE];
    bool any = found->proxy_jump != NULL || found->proxy_command != NULL ||
               strcmp(found->host_name, options->host) != 0;

    take_login(host, host != main);
    options->host = found->host_name;
    if (!host->has_port && found->port != 0) {
        any |= found->port != options->port;
        options->port = found->port;
    }
    if (!host->has_user && found->user != NULL &&
        strcmp(found->user, local_user_name(local)) != 0) {
        any = true;
        options->user = found->user;
    }
    options->host_key_alias = found->host_key_alias;
    take_known_hosts(host, main);
    return any || options->identities != NULL;
}

static bool is_plain(const char *host)
{
    size_t size = strlen(host);

    for (size_t i = 0; i < size; i++)
        if (!isalnum((unsigned char)host[i]) && strchr("._-:%", host[i]) == NULL &&
            (unsigned char)host[i] < 0x80)
            return false;
    return size > 0 && host[0] != '-';
}

static enum tl_status ask_of(struct way *way, struct way_host *host, bool *found,
                             struct tl_error *err)
{
    const struct ssh_options *options = &host->options;
    enum tl_status status;

    if (!is_plain(options->host))
        return TL_OK; /* opening the session refuses it */
    status = ssh_config_ask(options->host, host->has_user ? options->user : NULL,
                            host->has_port ? options->port : 0, way->target->options.stop_fd,
                            &host->found, err);
    if (status == TL_OK && host->found.host_name != NULL)
        *found |= take_found(host, way->target);
    return status;
}

/* A jump host that the client's configuration names, put before the others. */
static enum tl_status add_jump(struct way *way, const char *text, size_t size, size_t place,
                               struct tl_error *err)
{
    struct way_host *jump = calloc(1, sizeof(*jump));
    char *copy = text_copy(text, size);
    enum tl_status status = TL_MEMORY;

    if (way->n_jumps == WAY_JUMPS_MAX) {
        status = tl_fail(err, TL_CONFIGURATION,
                         "the OpenSSH client's ProxyJump leads through more than %d hosts",
                         WAY_JUMPS_MAX);
    } else if (jump == NULL || copy == NULL) {
        (void)tl_fail(err, status, "out of memory for ProxyJump");
    } else {
        ssh_options_init(&jump->options);
        jump->options.host = copy;
        status = way_host_split(jump, "ProxyJump", err);
    }
    if (status == TL_OK) {
        way_host_inherit(jump, NULL, &way->target->options);
        memmove(&way->jumps[place + 1], &way->jumps[place],
                (way->n_jumps++ - place) * sizeof(jump));
        way->jumps[place] = jump;
        jump = NULL;
    }
    free(copy);
    way_host_free(jump);
    return status;
}

/* The hosts of "a,ssh://user@b:22". */
static enum tl_status add_jumps(struct way *way, const char *list, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    for (size_t place = 0; status == TL_OK && *list != '\0'; place++) {
        size_t size = strcspn(list, ",");
        status = add_jump(way, list, size, place, err);
        list += size + (list[size] == ',');
    }
    return status;
}

static enum tl_status follow_proxy(struct way *way, const struct way_host *host,
                                   struct tl_error *err)
{
    const char *command = host->found.proxy_command, *jump;
    char safe[200];

    if (host->found.proxy_jump != NULL)
        return add_jumps(way, host->found.proxy_jump, err);
    if (command == NULL)
        return TL_OK;
    jump = ssh_config_jump_of(command);
    if (jump != NULL)
        return add_jump(way, jump, strcspn(jump, " "), 0, err);
    (void)tl_fail(
        err, TL_CONFIGURATION,
        "the OpenSSH client reaches %s by a ProxyCommand, which Towline does not run: "
        "%s",
        host->options.host, text_safe(safe, sizeof(safe), command, strlen(command)));
    return tl_remedy(err,
                     "Say ProxyJump there, or ssh_jump in this configuration; \"ssh_config\": "
                     "\"off\" connects without it");
}

/* The first host of all may itself be behind others; jump hosts of our own configuration stand
 * for those that the client would take. */
enum tl_status way_find(struct way *way, bool *found, struct tl_error *err)
{
    bool any = false;
    size_t asked = 0; /* of the jump hosts, from the last one on */
    enum tl_status status = TL_OK;
    char where[300];

    if (way->target->options.host == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION, "there is no ssh_host, but ssh_hosts");
        return tl_remedy(err, "Name one of them in ssh_host: this is done with one host");
    }
    if (way->asks) {
        status = ask_of(way, way->target, &any, err);
        if (status == TL_OK && way->n_jumps == 0)
            status = follow_proxy(way, way->target, err);
        while (status == TL_OK && asked < way->n_jumps) {
            struct way_host *jump = way->jumps[way->n_jumps - ++asked];
            status = ask_of(way, jump, &any, err);
            if (status == TL_OK && asked == way->n_jumps)
                status = follow_proxy(way, jump, err);
        }
        way_link(way);
    }
    if (status == TL_OK && any)
        tl_log(TL_LOG_DEBUG, "the OpenSSH client's configuration leads to %s",
               way_describe(way, where, sizeof(where)));
    if (status == TL_OK)
        way->asks = false;
    if (found != NULL)
        *found = any;
    return status;
}
