/* The command `reset`: removes what Towline made in the destination for this configuration. */
#include "base/buf.h"
#include "frontends/cli/job.h"
#include "frontends/cli/prompt.h"
#include "frontends/cli/streams.h"
#include "towline/log.h"

enum { QUESTION_BYTES = 64 * 1024 };

static enum tl_status ask(const struct cli *cli, const char *const *chosen, const char *url,
                          bool *yes, struct tl_error *err)
{
    struct buf question = BUF_INIT(QUESTION_BYTES);
    enum tl_status status;

    for (size_t i = 0; chosen[i] != NULL; i++)
        buf_printf(&question, "%s%s", i == 0 ? "Remove " : ", ", chosen[i]);
    buf_printf(&question, " with all rows, state and log of runs from %s?", url);
    status = buf_check(&question, "the question", err);
    if (status == TL_OK)
        status = prompt_confirm(&cli->options, buf_text(&question), yes, err);
    buf_free(&question);
    return status;
}

static enum tl_status clear(const struct job *job, const char *const *chosen,
                            struct tl_error *err)
{
    struct destination *destination = NULL;
    enum tl_status status =
        job->destination->open(job->url, DESTINATION_WRITE, &destination, err);

    if (status == TL_OK)
        status = job->destination->reset(destination, chosen, err);
    job->destination->close(destination);
    for (size_t i = 0; status == TL_OK && chosen[i] != NULL; i++)
        tl_log(TL_LOG_INFO, "%s: removed", chosen[i]);
    return status;
}

static bool holds_nothing(const struct destination_contents *saved)
{
    return saved->catalog.n_tables == 0 && saved->n_states == 0 && saved->next_run == 1;
}

static enum tl_status run(const struct cli *cli, const struct job *job,
                          const struct streams *streams, struct tl_error *err)
{
    const char *const *chosen = cli->options.n_streams > 0
                                    ? cli->options.streams
                                    : (const char *const *)streams->configured;
    bool yes = false;
    enum tl_status status = streams_check_selection(streams, cli, err);

    if (status == TL_OK && holds_nothing(&streams->saved)) {
        tl_log(TL_LOG_INFO, "there is nothing to remove in %s", job->url);
        return TL_OK;
    }
    if (status == TL_OK)
        status = ask(cli, chosen, job->url, &yes, err);
    if (status == TL_OK && yes)
        status = clear(job, chosen, err);
    else if (status == TL_OK)
        tl_log(TL_LOG_INFO, "nothing was changed");
    return status;
}

enum tl_status cli_run_reset(struct cli *cli, struct tl_error *err)
{
    struct job job = {0};
    struct streams streams = {0};
    enum tl_status status = job_init(&job, cli, true, err);

    if (status == TL_OK)
        status = streams_load(&streams, cli, &job, err);
    if (status == TL_OK)
        status = run(cli, &job, &streams, err);
    streams_reset(&streams);
    job_reset(&job);
    return status;
}
