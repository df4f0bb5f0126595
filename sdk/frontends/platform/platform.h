/* What every platform's protocol needs of the program: configuration, emitter, request to stop.
 */
#ifndef PLATFORM_PLATFORM_H
#define PLATFORM_PLATFORM_H

#include "frontends/platform/emitter.h"
#include "sync/run.h"

struct platform {
    const struct tl_connector *connector;
    const char *name;         /* of the program, as the platform knows it: "source-ssh" */
    struct tl_config *config; /* NULL until platform_configure */
    struct emitter emitter;   /* on standard output */
    int stop_fd;
};

/* Listens for signals; from then on a reader of standard output that hangs up stops the program
 * as a signal would. The caller resets *out in any case. */
TL_NODISCARD enum tl_status platform_init(struct platform *out,
                                          const struct tl_connector *connector,
                                          const char *name, struct tl_error *err);
void platform_reset(struct platform *platform);

/* "source-" or "tap-" before what the connector reads, into out; returns out. */
const char *platform_name(const struct tl_connector *connector, const char *prefix, char *out,
                          size_t out_size);

/* Whether a program of that name (argv[0]) is one with that prefix. */
bool platform_is_called(const char *program, const char *prefix);

/* Reads the configuration from files, of which the later win key by key; a file named ENV is
 * the environment, which wins over all. */
TL_NODISCARD enum tl_status platform_configure(struct platform *platform,
                                               const char *const *paths, struct tl_error *err);

/* Writes what is left; returns `status`, how all ended so far. If anything could not be
 * written, that is why the rest failed, and the error. */
TL_NODISCARD enum tl_status platform_finish(struct platform *platform, enum tl_status status,
                                            struct tl_error *err);

/* The runtime's options that have a meaning here: all but the destination, which the platform
 * is. */
const struct tl_option *platform_runtime_options(void);

/* What is common to every run; into `opened`. */
struct run_options platform_run_options(const struct platform *platform,
                                        struct destination *opened,
                                        struct run_observer *observer);

#endif
