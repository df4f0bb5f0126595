/* The setup tests behind `check`, for every front end: connection, streams, destination. */
#ifndef FRONTENDS_CHECKS_H
#define FRONTENDS_CHECKS_H

#include "frontends/probe.h"
#include "sync/run.h"

struct checks_options {
    const struct run_options *run; /* its mode, state and retries are ignored. With `opened` the
                                      streams run into that, and no destination is checked */
    const char *approve;           /* as in struct tl_open */
    bool connection_only;          /* neither streams nor destination */
};

/* Takes the steps and reports each to the probe, going on after a failure where that makes
 * sense. Returns the probe's first failure, also in *err. The destination is opened and closed
 * again; an absent one stays absent. */
TL_NODISCARD enum tl_status checks_run(const struct checks_options *options,
                                       struct tl_probe *probe, struct tl_error *err);

#endif
