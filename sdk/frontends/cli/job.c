/* The configuration and where it came from, the destination, the request to stop. */
#include "frontends/cli/job.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "config/config.h"
#include "frontends/signals.h"
#include "towline/log.h"

static const char variable[] = "TOWLINE_CONFIGURATION";
static const char usual_path[] = "configuration.json";

/* The variable is wiped: it is no longer seen in /proc, nor handed to child processes. */
static enum tl_status take_variable(char *value, struct buf *out, struct tl_error *err)
{
    buf_append_string(out, value);
    text_wipe(value, strlen(value));
    (void)unsetenv(variable);
    return buf_check(out, "the configuration", err);
}

static bool demands_something(const struct tl_option *option)
{
    for (; option->name != NULL; option++)
        if ((option->flags & TL_OPTION_REQUIRED) != 0)
            return true;
    return false;
}

/* Nothing was named, and nothing is here. Leaves job->source empty where there is nothing to
 * parse. */
static enum tl_status do_without(struct job *job, const struct cli *cli, bool required,
                                 struct buf *out, struct tl_error *err)
{
    if (!demands_something(cli->connector->options)) {
        (void)snprintf(job->source, sizeof(job->source), "defaults");
        buf_append_string(out, "{}");
        return buf_check(out, "the configuration", err);
    }
    if (!required)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION, "there is no %s here", usual_path);
    return tl_remedy(err, "Make one with `%s init`, or name it with --configuration FILE",
                     cli->connector->name);
}

static enum tl_status read_source(struct job *job, const struct cli *cli, bool required,
                                  struct buf *out, struct tl_error *err)
{
    const char *path = cli->options.configuration;
    char *value = getenv(variable);

    if (path == NULL && value != NULL && *value != '\0') {
        (void)snprintf(job->source, sizeof(job->source), "environment variable %s", variable);
        return take_variable(value, out, err);
    }
    if (path == NULL && access(usual_path, F_OK) != 0 && errno == ENOENT)
        return do_without(job, cli, required, out, err);
    path = path ? path : usual_path;
    (void)snprintf(job->source, sizeof(job->source), "%s",
                   strcmp(path, "-") == 0 ? "standard input" : path);
    return config_read_argument(path, out, err);
}

/* Who may read the file may read its secrets; who may write it runs commands in our name. */
static void warn_of_mode(const char *path, const struct tl_config *config)
{
    struct stat info;

    if (stat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return;
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        tl_log(TL_LOG_WARNING, "%s can be changed by other users: chmod go-w %s", path, path);
    if ((info.st_mode & (S_IRGRP | S_IROTH)) != 0 && config_holds_secret(config))
        tl_log(TL_LOG_WARNING, "%s holds secrets and can be read by other users: chmod 600 %s",
               path, path);
}

static enum tl_status parse(struct job *job, const struct cli *cli, const struct buf *text,
                            bool whole, struct tl_error *err)
{
    const struct tl_option *const tables[] = {cli->connector->options, config_runtime_options,
                                              NULL};
    enum tl_status status =
        whole ? config_parse(buf_text(text), text->size, tables, &job->config, err)
              : config_parse_part(buf_text(text), text->size, tables, cli->command->own->unread,
                                  &job->config, err);

    if (status == TL_OK) {
        tl_log(TL_LOG_INFO, "configuration: %s", job->source);
        warn_of_mode(job->source, job->config);
        return TL_OK;
    }
    if (status == TL_CONFIGURATION && err->remedy[0] == '\0')
        (void)tl_remedy(err, "See `%s help configuration` for the keys", cli->connector->name);
    return tl_context(err, "%s", job->source);
}

static enum tl_status read_configuration(struct job *job, const struct cli *cli, bool required,
                                         bool whole, struct tl_error *err)
{
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status;

    *job = (struct job){.url = cli->options.destination};
    status = read_source(job, cli, required, &text, err);
    if (status == TL_OK && job->source[0] != '\0')
        status = parse(job, cli, &text, whole, err);
    buf_wipe(&text);
    return status;
}

enum tl_status job_init_part(struct job *job, const struct cli *cli, bool required,
                             struct tl_error *err)
{
    return read_configuration(job, cli, required, false, err);
}

enum tl_status job_init(struct job *job, const struct cli *cli, bool required,
                        struct tl_error *err)
{
    enum tl_status status = read_configuration(job, cli, required, true, err);

    if (status != TL_OK)
        return status;
    if (job->url == NULL && job->config != NULL)
        job->url = tl_config_text(job->config, "destination");
    if (job->url == NULL)
        job->url = config_runtime_options[0].fallback;
    status = destination_find(job->url, &job->destination, err);
    if (status == TL_OK)
        tl_log(TL_LOG_INFO, "destination: %s", job->url);
    return status;
}

void job_reset(struct job *job)
{
    config_free(job->config);
    job->config = NULL;
}

enum tl_status job_run_options(const struct job *job, const struct cli *cli,
                               struct run_options *out, struct tl_error *err)
{
    *out = (struct run_options){
        .connector = cli->connector,
        .config = job->config,
        .destination = job->destination,
        .url = job->url,
        .tables = cli->options.streams,
        .stop_fd = -1,
        .stopped = signals_status,
        .retry_attempts = tl_config_integer(job->config, "retry_attempts"),
        .concurrency = cli->options.concurrency,
    };
    return signals_open(&out->stop_fd, err);
}
