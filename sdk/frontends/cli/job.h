/* What every command that works on a configuration needs: the configuration and where it came
 * from, the destination, the request to stop. */
#ifndef CLI_JOB_H
#define CLI_JOB_H

#include "frontends/cli/cli.h"
#include "sync/run.h"

struct job {
    struct tl_config *config; /* NULL: there is none, and none was demanded */
    char source[512];         /* "configuration.json" */
    const char *url;
    const struct destination_ops *destination;
};

/* Reads the configuration and finds the destination. Not `required`: without any configuration
 * the destination alone will do. The caller resets *job in any case. */
TL_NODISCARD enum tl_status job_init(struct job *job, const struct cli *cli, bool required,
                                     struct tl_error *err);

/* Reads what a connector's own command wants of the configuration; the destination stays NULL.
 */
TL_NODISCARD enum tl_status job_init_part(struct job *job, const struct cli *cli, bool required,
                                          struct tl_error *err);

void job_reset(struct job *job);

/* What is common to every run of the job; starts to listen for signals. */
TL_NODISCARD enum tl_status job_run_options(const struct job *job, const struct cli *cli,
                                            struct run_options *out, struct tl_error *err);

#endif
