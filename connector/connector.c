/* The connector: streams of rows that a machine reachable by SSH prints. */
#include "connector.h"

#include <stdlib.h>

#include "options.h"
#include "sources/source.h"
#include "ssh/session.h"
#include "stream.h"

struct tl_instance {
    const struct tl_config *config;
    struct ssh_options ssh;
    struct ssh_session
        *session;            /* one for all streams; NULL until needed, and after a failure */
    struct tl_error refused; /* connecting failed for good: asking again would not help */
    struct stream *streams;
    size_t n_streams;
};

static void connector_close(struct tl_instance *self)
{
    if (self == NULL)
        return;
    ssh_session_close(self->session);
    for (size_t i = 0; i < self->n_streams; i++)
        stream_reset(&self->streams[i]);
    free(self->streams);
    free(self);
}

static enum tl_status connector_read_streams(struct tl_instance *self, struct tl_error *err)
{
    size_t count = tl_config_count(self->config, "streams");

    self->streams = calloc(count + 1, sizeof(*self->streams));
    if (self->streams == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %zu streams", count);
    for (size_t i = 0; i < count; i++) {
        self->n_streams++;
        if (stream_init(&self->streams[i], tl_config_item(self->config, "streams", i),
                        self->config, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

static enum tl_status connector_open(const struct tl_open *open, struct tl_instance **out,
                                     struct tl_error *err)
{
    struct tl_instance *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the connector");
    self->config = open->config;
    if (connector_ssh_options(open->config, &self->ssh, err) != TL_OK ||
        (open->approve != NULL &&
         connector_check_fingerprint(open->approve, "--approve", err) != TL_OK) ||
        connector_read_streams(self, err) != TL_OK) {
        connector_close(self);
        return err->status;
    }
    self->ssh.stop_fd = open->stop_fd;
    self->ssh.approve_sha256 = open->approve;
    *out = self;
    return TL_OK;
}

static enum tl_status connector_schema(struct tl_instance *self, struct tl_schema *schema,
                                       struct tl_error *err)
{
    for (size_t i = 0; i < self->n_streams; i++)
        if (tl_schema_add(schema, &self->streams[i].base, err) != TL_OK)
            return err->status;
    return TL_OK;
}

/* The steps of check, as the phases of a session. */
static const char *const connector_steps[] = {
    "name lookup", "TCP", "SSH handshake", "host key", "authentication", NULL};

/* Tells the probe of each phase: the next one begins when one has passed. */
struct phase_observer {
    struct ssh_observer base;
    struct tl_probe *probe;
};

static void connector_phase(struct ssh_observer *observer, enum ssh_phase phase,
                            int64_t duration_ms, const char *detail,
                            const struct tl_error *failure)
{
    struct phase_observer *self = (struct phase_observer *)observer;

    (void)duration_ms;
    if (failure != NULL)
        return; /* check returns it */
    tl_probe_pass(self->probe, detail);
    if (phase != SSH_PHASE_AUTHENTICATION)
        tl_probe_begin(self->probe, connector_steps[phase + 1]);
}

static enum tl_status connector_check(struct tl_instance *self, struct tl_probe *probe,
                                      struct tl_error *err)
{
    struct phase_observer observer = {.base = {.phase = connector_phase}, .probe = probe};

    tl_probe_begin(probe, connector_steps[0]);
    return ssh_session_open(&self->ssh, &observer.base, &self->session, err);
}

static enum tl_status connector_connect(struct tl_instance *self, struct tl_error *err)
{
    enum tl_status status;

    if (self->session != NULL)
        return TL_OK;
    if (self->refused.status != TL_OK) {
        *err = self->refused;
        return err->status;
    }
    status = ssh_session_open(&self->ssh, NULL, &self->session, err);
    if (status != TL_OK && !tl_status_is_transient(status))
        self->refused = *err;
    return status;
}

static const struct source *connector_source(const struct stream *stream)
{
    const struct source *const *source = source_list;
    while (!(*source)->serves(stream))
        source++;
    return *source;
}

static enum tl_status connector_update(struct tl_instance *self, size_t index,
                                       struct tl_sync *sync, struct tl_error *err)
{
    const struct stream *stream = &self->streams[index];
    enum tl_status status = connector_connect(self, err);

    if (status == TL_OK)
        status = connector_source(stream)->run(self->session, stream, self->config, sync, err);
    if (tl_status_is_transient(status) || status == TL_INTERRUPTED) {
        ssh_session_close(self->session);
        self->session = NULL;
    }
    return status;
}

const struct tl_connector connector = {
    .name = "towline",
    .version = TOWLINE_VERSION,
    .summary = "keeps tables in step with what a machine reachable by SSH prints as JSON",
    .options = connector_options,
    .steps = connector_steps,
    .open = connector_open,
    .close = connector_close,
    .schema = connector_schema,
    .check = connector_check,
    .update = connector_update,
};
