/* Sources: where a stream's bytes come from, once a session is open. */
#ifndef SOURCES_SOURCE_H
#define SOURCES_SOURCE_H

#include "base/buf.h"
#include "ssh/session.h"
#include "stream.h"
#include "towline/sync.h"

/* The way to the host as the ssh command has it. */
struct source_way {
    const struct ssh_options *ssh;
    bool plain; /* without the user's own configuration of ssh */
};

struct source {
    /* Whether the stream says that its bytes come from here. */
    bool (*serves)(const struct stream *stream);

    /* Feeds the stream's whole output to sync. Blocks until it is complete; serves the session
     * all the while. Returns TL_OK only if the output is known to be complete. `config` has
     * the values of {{config.NAME}}. */
    enum tl_status (*run)(struct ssh_session *session, const struct stream *stream,
                          const struct tl_config *config, struct tl_sync *sync,
                          struct tl_error *err);

    /* Appends what one would type to get the same output, by this `ssh`, with secrets as
     * script.h has them. Connects to nothing; sync is asked for the state alone. */
    enum tl_status (*explain)(const struct source_way *way, const struct stream *stream,
                              const struct tl_config *config, struct tl_sync *sync,
                              struct buf *out, struct tl_error *err);
};

/* All of them, NULL-terminated. */
extern const struct source *const source_list[];

#endif
