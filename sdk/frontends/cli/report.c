/* The command `report`: a page about the runs. */
#include "frontends/cli/report_page.h"

#include <string.h>

#include "base/clock.h"
#include "frontends/cli/job.h"
#include "frontends/cli/streams.h"
#include "frontends/output.h"
#include "frontends/output_file.h"

enum { RUNS_MAX = 50 };

static bool is_to_file(const struct cli *cli)
{
    return strcmp(cli->options.output, "-") != 0;
}

static enum tl_status write_page(const struct cli *cli, const struct job *job,
                                 const struct streams *streams, struct tl_error *err)
{
    const struct output_file file = {cli->options.output, "page", "--output"};
    const struct report_page page = {.program = cli->connector->name,
                                     .version = cli->connector->version,
                                     .destination = job->url,
                                     .written_us = clock_utc_us(),
                                     .contents = &streams->saved,
                                     .streams = cli->options.streams};
    struct buf text = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status;

    report_page_append(&page, &text);
    status = is_to_file(cli) ? output_file_write(&file, &text, err) : output_print(&text, err);
    buf_free(&text);
    return status;
}

enum tl_status cli_run_report(struct cli *cli, struct tl_error *err)
{
    struct job job = {0};
    struct streams streams = {.saved.max_runs = RUNS_MAX};
    enum tl_status status = job_init(&job, cli, false, err);

    if (status == TL_OK)
        status = streams_load(&streams, cli, &job, err);
    if (status == TL_OK)
        status = streams_check_selection(&streams, cli, err);
    if (status == TL_OK)
        status = write_page(cli, &job, &streams, err);
    streams_reset(&streams);
    job_reset(&job);
    return status;
}
