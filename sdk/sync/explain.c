/* A connector's explanation of a stream: what one would type to get its output by hand. */
#include "sync/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sync/state.h"
#include "sync/sync.h"

/* A sync that nothing is fed to: it knows its stream and where that starts. */
enum tl_status explain_stream(const struct tl_connector *connector,
                              struct tl_instance *instance, const struct tl_schema *schema,
                              size_t index, const char *state, struct tl_error *err)
{
    struct stream_run stream = {.stream = &schema->streams[index],
                                .name = schema->streams[index].table};
    struct tl_sync sync = {
        .stream = &stream, .stop_fd = -1, .value = BUF_INIT(STATE_MAX_BYTES)};
    enum tl_status status;

    sync.state = text_copy(state, strlen(state));
    status = sync.state != NULL ? state_check(state, err)
                                : tl_fail(err, TL_MEMORY, "out of memory for the state");
    if (status == TL_OK)
        status = connector->explain(instance, index, &sync, err);
    free(sync.state);
    buf_free(&sync.value);
    return status == TL_OK ? TL_OK : tl_context(err, "stream %s", stream.name);
}
