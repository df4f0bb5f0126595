/* The command `sync`. */
#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "frontends/cli/job.h"
#include "frontends/cli/progress.h"
#include "frontends/cli/summary.h"
#include "frontends/output.h"
#include "frontends/output_file.h"
#include "sync/state.h"
#include "towline/log.h"

static bool prints_json(const struct cli *cli)
{
    return cli->options.summary != NULL && strcmp(cli->options.summary, "-") == 0;
}

static struct output_file summary_file(const struct cli *cli)
{
    return (struct output_file){cli->options.summary, "summary", "--summary"};
}

/* What would be a pity to find out only after the sync. */
static enum tl_status check_usage(const struct cli *cli, struct tl_error *err)
{
    struct output_file file;

    if (cli->options.full_refresh && cli->options.state != NULL) {
        (void)tl_fail(err, TL_USAGE, "--full-refresh and --state exclude each other");
        return tl_remedy(err, "Leave out one of them");
    }
    if (cli->options.summary == NULL || prints_json(cli))
        return TL_OK;
    file = summary_file(cli);
    return output_file_check(&file, err);
}

static enum tl_status read_state(const char *path, struct buf *out, struct tl_error *err)
{
    if (path == NULL)
        return TL_OK;
    if (config_read_argument(path, out, err) != TL_OK ||
        state_check(buf_text(out), err) != TL_OK)
        return tl_context(err, "--state");
    return TL_OK;
}

static enum tl_status run(struct cli *cli, struct job *job, struct run_report *report,
                          struct tl_error *err)
{
    struct buf state = BUF_INIT(STATE_MAX_BYTES + 1);
    struct run_options options;
    struct progress progress;
    enum tl_status status = job_init(job, cli, true, err);

    if (status == TL_OK)
        status = read_state(cli->options.state, &state, err);
    if (status == TL_OK)
        status = job_run_options(job, cli, &options, err);
    if (status == TL_OK) {
        options.mode = cli->options.dry_run ? DESTINATION_DRY_RUN : DESTINATION_WRITE;
        options.full_refresh = cli->options.full_refresh;
        options.state = cli->options.state ? buf_text(&state) : NULL;
        options.observer = progress_init(&progress, cli);
        status = run_sync(&options, report, err);
        progress_reset(&progress);
        run_report_log_failures(report, err);
    }
    buf_free(&state);
    return status;
}

/* The sync has ended one way or the other: that its tables cannot be printed is a warning, as
 * somebody still reads the exit code, but a summary that was asked for has to be there. */
static enum tl_status hand_over(const struct cli *cli, const struct summary *summary,
                                struct tl_error *err)
{
    const struct output_file file = summary_file(cli);
    struct buf text = BUF_INIT(OUTPUT_MAX_BYTES);
    struct tl_error unprinted = {0};
    enum tl_status status = TL_OK;

    if (prints_json(cli))
        summary_append_json(summary, &text);
    else
        summary_append_text(summary, &text);
    if (output_print(&text, &unprinted) != TL_OK && !prints_json(cli))
        tl_log(TL_LOG_WARNING, "%s", unprinted.message);
    if (prints_json(cli)) {
        *err = unprinted;
        status = err->status;
    } else if (cli->options.summary != NULL) {
        summary_append_json(summary, &text);
        status = output_file_write(&file, &text, err);
    }
    buf_free(&text);
    return status;
}

/* A sync that went well has not failed for want of its summary, and says so. */
static enum tl_status fail_summary(const struct tl_error *unwritten, struct tl_error *err)
{
    (void)tl_fail(err, unwritten->status, "the sync succeeded, but %s", unwritten->message);
    return tl_remedy(err, "%s", unwritten->remedy);
}

enum tl_status cli_run_sync(struct cli *cli, struct tl_error *err)
{
    struct run_report report = {0};
    struct job job = {0};
    struct tl_error unwritten = {0};
    struct summary summary = {.report = &report, .error = err, .started_us = clock_utc_us()};
    enum tl_status status = check_usage(cli, err);

    if (status != TL_OK)
        return status;
    status = run(cli, &job, &report, err);
    summary.dry_run = cli->options.dry_run;
    summary.destination = job.url;
    (void)!hand_over(cli, &summary, &unwritten);
    if (status != TL_OK && unwritten.status != TL_OK)
        tl_log(TL_LOG_WARNING, "%s", unwritten.message);
    if (status != TL_OK) /* what scripts look for in a log */
        status = tl_context(err, "SYNC FAILED");
    else if (unwritten.status != TL_OK)
        status = fail_summary(&unwritten, err);
    run_report_reset(&report);
    job_reset(&job);
    return status;
}
