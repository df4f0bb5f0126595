/* A look at the streams: each runs until it has shown enough rows to tell its columns by. */
#ifndef FIVETRAN_LOOK_H
#define FIVETRAN_LOOK_H

#include "frontends/fivetran/sink.h"
#include "sync/run.h"

struct look {
    struct sink sink; /* its view is what was found */
    struct run_report report;
    bool timed_out; /* before all streams had shown enough */
};

/* Fails only where nothing could be learned at all: a stream's own failure is in the report. */
TL_NODISCARD enum tl_status look_run(struct look *look, const struct tl_connector *connector,
                                     const struct tl_config *config, int stop_fd,
                                     struct tl_error *err);
void look_reset(struct look *look);

#endif
