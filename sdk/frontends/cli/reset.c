/* The command `reset`: removes what Towline made in the destination for this configuration. */
#include <cjson/cJSON.h>
#include <string.h>

#include "base/buf.h"
#include "base/texts.h"
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

static enum tl_status add_name(struct texts *names, const char *name, struct tl_error *err)
{
    if (texts_add(names, name, strlen(name)))
        return TL_OK;
    return tl_fail(err, TL_MEMORY, "out of memory for the names of tables");
}

static enum tl_status add_listed(struct texts *names, const cJSON *state, struct tl_error *err)
{
    const cJSON *tables = cJSON_GetObjectItemCaseSensitive(state, "tables"), *table;

    if (!cJSON_IsArray(tables))
        return TL_OK;
    cJSON_ArrayForEach(table, tables)
    {
        if (cJSON_IsString(table) && add_name(names, table->valuestring, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

/* The tables that a stream's state lists, or the state of each of its partitions. */
static enum tl_status add_tables(struct texts *names, const char *json, struct tl_error *err)
{
    cJSON *state = json != NULL ? cJSON_Parse(json) : NULL;
    const cJSON *partition;
    enum tl_status status = add_listed(names, state, err);

    cJSON_ArrayForEach(partition, state)
    {
        if (status == TL_OK && cJSON_IsObject(partition))
            status = add_listed(names, partition, err);
    }
    cJSON_Delete(state);
    return status;
}

/* Streams, and with those that fill several tables these. */
static enum tl_status choose(const struct cli *cli, const struct streams *streams,
                             struct texts *out, struct tl_error *err)
{
    const char *const *chosen = cli->options.streams;

    if (chosen == NULL)
        chosen = texts_all(&streams->configured);

    for (; *chosen != NULL; chosen++)
        if (add_name(out, *chosen, err) != TL_OK ||
            (strchr(*chosen, '*') != NULL &&
             add_tables(out, streams_saved_state(streams, *chosen), err) != TL_OK))
            return err->status;
    return TL_OK;
}

static bool holds_nothing(const struct destination_contents *saved)
{
    return saved->catalog.n_tables == 0 && saved->n_states == 0 && saved->next_run == 1;
}

static enum tl_status run(const struct cli *cli, const struct job *job,
                          const struct streams *streams, struct tl_error *err)
{
    struct texts names = {0};
    bool yes = false;
    enum tl_status status = streams_check_selection(streams, cli, err);

    if (status == TL_OK && holds_nothing(&streams->saved)) {
        tl_log(TL_LOG_INFO, "there is nothing to remove in %s", job->url);
        return TL_OK;
    }
    if (status == TL_OK)
        status = choose(cli, streams, &names, err);
    if (status == TL_OK)
        status = ask(cli, texts_all(&names), job->url, &yes, err);
    if (status == TL_OK && yes)
        status = clear(job, texts_all(&names), err);
    else if (status == TL_OK)
        tl_log(TL_LOG_INFO, "nothing was changed");
    texts_reset(&names);
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
