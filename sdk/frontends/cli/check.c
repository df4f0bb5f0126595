/* The command `check`: the setup tests, one line each. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "frontends/checks.h"
#include "frontends/cli/job.h"
#include "frontends/output.h"

enum { STEP_WIDTH = 28 };

struct check {
    struct tl_probe probe;
    bool json;
    bool utf8;
    struct buf steps;          /* JSON: those that have ended */
    struct tl_error unprinted; /* TL_OK: all could be printed so far */
};

static void append_mark(struct buf *out, enum probe_result result, bool utf8)
{
    static const char *const marks[][2] = {
        [PROBE_PASSED] = {"ok     ", "✓"},
        [PROBE_FAILED] = {"FAILED ", "✗"},
        [PROBE_SKIPPED] = {"skipped", "-"},
    };
    buf_append_string(out, marks[result][utf8]);
}

static void print_text(struct check *check, const struct probe_step *step)
{
    const char *what = step->error ? step->error->message : step->detail;
    struct buf line = BUF_INIT(OUTPUT_MAX_BYTES);

    append_mark(&line, step->result, check->utf8);
    buf_append_char(&line, ' ');
    if (step->result == PROBE_SKIPPED)
        output_append_cell(&line, step->name, what != NULL ? STEP_WIDTH + 10 : 0);
    else
        output_append_cell(&line, step->name, STEP_WIDTH);
    if (step->result != PROBE_SKIPPED)
        buf_printf(&line, " %6" PRId64 " ms", step->duration_ms);
    if (what != NULL) {
        buf_append_string(&line, "  ");
        output_append_safe(&line, what);
    }
    buf_append_char(&line, '\n');
    if (step->error != NULL && step->error->remedy[0] != '\0') {
        buf_append_string(&line, check->utf8 ? "  → " : "        remedy: ");
        output_append_safe(&line, step->error->remedy);
        buf_append_char(&line, '\n');
    }
    (void)!output_print(&line, &check->unprinted);
    buf_free(&line);
}

static void append_json(struct buf *out, const struct probe_step *step)
{
    static const char *const results[] = {"passed", "failed", "skipped"};

    buf_append_string(out, out->size > 0 ? ",\n {" : "[{");
    buf_append_string(out, "\"step\":");
    output_append_json(out, step->name);
    buf_printf(out, ",\"status\":\"%s\",\"ms\":%" PRId64 ",\"detail\":", results[step->result],
               step->duration_ms);
    output_append_json(out, step->detail);
    buf_append_string(out, ",\"message\":");
    output_append_json(out, step->error ? step->error->message : NULL);
    buf_append_string(out, ",\"remedy\":");
    output_append_json(out, step->error ? step->error->remedy : NULL);
    buf_append_char(out, '}');
}

static void step_ended(struct tl_probe *probe, const struct probe_step *step)
{
    struct check *check = (struct check *)probe;

    if (check->json)
        append_json(&check->steps, step);
    else
        print_text(check, step);
}

static enum tl_status run(struct cli *cli, struct job *job, struct check *check,
                          struct tl_error *err)
{
    struct run_options options;
    const struct checks_options checks = {.run = &options, .approve = cli->options.approve};
    enum tl_status status;

    tl_probe_begin(&check->probe, "configuration");
    status = job_init(job, cli, true, err);
    if (status == TL_OK)
        status = job_run_options(job, cli, &options, err);
    if (status != TL_OK) {
        probe_fail(&check->probe, err);
        return status;
    }
    tl_probe_pass(&check->probe, job->source);
    return checks_run(&checks, &check->probe, err);
}

enum tl_status cli_run_check(struct cli *cli, struct tl_error *err)
{
    struct check check = {
        .probe = {.ended = step_ended},
        .json = cli->options.json,
        .utf8 = output_shows_utf8(),
        .steps = BUF_INIT(OUTPUT_MAX_BYTES),
    };
    struct job job = {0};
    enum tl_status status = run(cli, &job, &check, err);

    if (check.json) {
        buf_append_string(&check.steps, "]\n");
        (void)!output_print(&check.steps, &check.unprinted);
    }
    if (status == TL_OK && check.unprinted.status != TL_OK) {
        *err = check.unprinted;
        status = err->status;
    }
    buf_free(&check.steps);
    job_reset(&job);
    return status;
}
