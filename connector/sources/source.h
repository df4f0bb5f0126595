/* Sources: where a stream's bytes come from, once a session is open. */
#ifndef SOURCES_SOURCE_H
#define SOURCES_SOURCE_H

#include "ssh/session.h"
#include "stream.h"
#include "towline/sync.h"

struct source {
    /* Whether the stream says that its bytes come from here. */
    bool (*serves)(const struct stream *stream);

    /* Feeds the stream's whole output to sync. Blocks until it is complete; serves the session
     * all the while. Returns TL_OK only if the output is known to be complete. `config` holds
     * the values of
     * {{config.NAME}}. */
    enum tl_status (*run)(struct ssh_session *session, const struct stream *stream,
                          const struct tl_config *config, struct tl_sync *sync,
                          struct tl_error *err);
};

/* All of them, NULL-terminated. */
extern const struct source *const source_list[];

#endif
