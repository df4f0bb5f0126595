/* Setup tests: the steps of a check, reported as they end. */
#ifndef FRONTENDS_PROBE_H
#define FRONTENDS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "towline/connector.h"

enum probe_result { PROBE_PASSED, PROBE_FAILED, PROBE_SKIPPED };

/* A step that has ended. Borrowed during the call. */
struct probe_step {
    const char *name;
    enum probe_result result;
    int64_t duration_ms;
    const char *detail;           /* one line, or NULL */
    const struct tl_error *error; /* FAILED: why */
};

/* A front end embeds this first and fills `ended`; the rest starts as zero. */
struct tl_probe {
    void (*ended)(struct tl_probe *self, const struct probe_step *step);
    const char *partition; /* which one the steps are of, to be told before their names; NULL:
                              there are none */
    char step[128];        /* that began last */
    bool running;
    int64_t started_ms;
    struct tl_error first_failure; /* TL_OK: none yet */
};

/* The running step failed. */
void probe_fail(struct tl_probe *probe, const struct tl_error *error);

/* A step that cannot be taken, and why. */
void probe_skip(struct tl_probe *probe, const char *step, const char *why);

/* A step whose outcome is known already; error NULL: it went well. */
void probe_report(struct tl_probe *probe, const char *step, int64_t duration_ms,
                  const char *detail, const struct tl_error *error);

#endif
