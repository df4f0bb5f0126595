/* The streams that there are: those of the configuration and those in the destination. */
#ifndef CLI_STREAMS_H
#define CLI_STREAMS_H

#include "base/texts.h"
#include "frontends/cli/job.h"

struct streams {
    struct texts configured;           /* names */
    bool closed;                       /* a configuration says which there are */
    struct destination_contents saved; /* with the saved states */
};

/* Asks the connector, if there is a configuration, and looks into the destination. Nothing is
 * connected to, written or made. *out is all zero but for saved.max_runs; the caller resets it
 * in any case. */
TL_NODISCARD enum tl_status streams_load(struct streams *out, const struct cli *cli,
                                         const struct job *job, struct tl_error *err);

void streams_reset(struct streams *streams);

/* TL_USAGE, naming those that there are, if the stream is neither configured nor in the
 * destination. */
TL_NODISCARD enum tl_status streams_check(const struct streams *streams, const char *stream,
                                          struct tl_error *err);

/* Whether the command line's --stream, if it is given, names this one; and whether all that it
 * names are there, as streams_check says it. */
bool streams_is_selected(const struct cli *cli, const char *stream);
TL_NODISCARD enum tl_status streams_check_selection(const struct streams *streams,
                                                    const struct cli *cli,
                                                    struct tl_error *err);

/* The stream's saved state as JSON text; NULL if it has none. */
const char *streams_saved_state(const struct streams *streams, const char *stream);

#endif
