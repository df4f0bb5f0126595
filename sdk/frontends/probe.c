/* Setup tests: the steps of a check, reported as they end. */
#include "frontends/probe.h"

#include <stdio.h>

#include "base/clock.h"

static void end(struct tl_probe *probe, const struct probe_step *step)
{
    struct probe_step told = *step;
    char name[512];

    if (step->result == PROBE_FAILED && probe->first_failure.status == TL_OK)
        probe->first_failure = *step->error;
    if (probe->partition != NULL) {
        (void)snprintf(name, sizeof(name), "%s: %s", probe->partition, step->name);
        told.name = name;
    }
    probe->ended(probe, &told);
}

static void end_running(struct tl_probe *probe, const char *detail,
                        const struct tl_error *error)
{
    const struct probe_step step = {
        .name = probe->step,
        .result = error ? PROBE_FAILED : PROBE_PASSED,
        .duration_ms = clock_now_ms() - probe->started_ms,
        .detail = detail,
        .error = error,
    };
    if (!probe->running)
        return;
    probe->running = false;
    end(probe, &step);
}

void tl_probe_begin(struct tl_probe *probe, const char *step)
{
    end_running(probe, NULL, NULL);
    (void)snprintf(probe->step, sizeof(probe->step), "%s", step);
    probe->started_ms = clock_now_ms();
    probe->running = true;
}

void tl_probe_pass(struct tl_probe *probe, const char *detail)
{
    end_running(probe, detail, NULL);
}

void probe_fail(struct tl_probe *probe, const struct tl_error *error)
{
    end_running(probe, NULL, error);
}

void probe_skip(struct tl_probe *probe, const char *step, const char *why)
{
    const struct probe_step skipped = {.name = step, .result = PROBE_SKIPPED, .detail = why};
    end(probe, &skipped);
}

void probe_report(struct tl_probe *probe, const char *step, int64_t duration_ms,
                  const char *detail, const struct tl_error *error)
{
    const struct probe_step reported = {
        .name = step,
        .result = error ? PROBE_FAILED : PROBE_PASSED,
        .duration_ms = duration_ms,
        .detail = detail,
        .error = error,
    };
    end(probe, &reported);
}
