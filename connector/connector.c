/* The connector: streams of rows that a machine reachable by SSH prints. */
#include "connector.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "options.h"
#include "script.h"
#include "sources/source.h"
#include "ssh/channel.h"
#include "ssh/session.h"
#include "stream.h"
#include "towline/log.h"
#include "way.h"

struct tl_instance {
    const struct tl_config *config;
    struct way way;
    struct ssh_session *session; /* for all streams; NULL until needed, and after a failure */
    struct tl_error refused;     /* connecting failed for good: asking again would not help */
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
    way_reset(&self->way);
    free(self->streams);
    free(self);
}

/* A configuration that names no streams may be one of Fivetran's example of a tunnel. */
static enum tl_status connector_read_upstream(struct tl_instance *self, struct tl_error *err)
{
    if (tl_config_text(self->config, "api_key") == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION, "\"streams\" is missing");
        return tl_remedy(err, "Give \"streams\", or the fields of one at the top level "
                              "(\"table\" ...)");
    }
    self->n_streams = 1;
    if (stream_init_upstream(&self->streams[0], self->config, err) != TL_OK)
        return err->status;
    tl_log(TL_LOG_INFO, "no streams are configured: the table user is read from %s",
           self->streams[0].http->url);
    if (tl_config_given(self->config, "local_port"))
        tl_log(TL_LOG_INFO, "local_port is not needed: no port is opened on this machine");
    return TL_OK;
}

static enum tl_status connector_read_streams(struct tl_instance *self, struct tl_error *err)
{
    size_t count = tl_config_count(self->config, "streams");

    self->streams = calloc(count + 1, sizeof(*self->streams));
    if (self->streams == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %zu streams", count);
    if (count == 0)
        return connector_read_upstream(self, err);
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
    const struct tl_config *listed =
        open->partition != NULL
            ? tl_config_item(open->config, "ssh_hosts", open->partition_index)
            : NULL;
    struct tl_instance *self = calloc(1, sizeof(*self));

    if (self == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the connector");
    self->config = open->config;
    if (way_init(&self->way, open->config, listed, open->approve, open->stop_fd, err) !=
            TL_OK ||
        (!open->connection_only && connector_read_streams(self, err) != TL_OK)) {
        connector_close(self);
        return err->status;
    }
    way_share_memory(&self->way, open->at_once);
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

static const char channel_step[] = "channel";

/* The steps of check: the phases of a session, and what comes after. */
static const char *const connector_steps[] = {"name lookup",
                                              "TCP",
                                              "SSH handshake: banner",
                                              "SSH handshake: key exchange",
                                              "host key",
                                              "authentication",
                                              channel_step,
                                              NULL};

/* Tells the probe of each phase; those of jump hosts bear their names. */
struct phase_observer {
    struct ssh_observer base;
    struct tl_probe *probe;
    const struct ssh_options *target;
};

static void connector_phase_begins(struct ssh_observer *observer,
                                   const struct ssh_options *host, enum ssh_phase phase)
{
    struct phase_observer *self = (struct phase_observer *)observer;
    char step[128];

    if (host == self->target)
        snprintf(step, sizeof(step), "%s", connector_steps[phase]);
    else
        snprintf(step, sizeof(step), "%.90s: %s", host->host, connector_steps[phase]);
    tl_probe_begin(self->probe, step);
}

static void connector_phase_ends(struct ssh_observer *observer, const struct ssh_options *host,
                                 enum ssh_phase phase, int64_t duration_ms, const char *detail,
                                 const struct tl_error *failure)
{
    (void)host, (void)phase, (void)duration_ms;
    if (failure == NULL) /* one that failed is check's to return */
        tl_probe_pass(((struct phase_observer *)observer)->probe, detail);
}

/* An account may be there for tunnels only, which is enough where no stream runs a command. */
static enum tl_status connector_check_channel(struct tl_instance *self, struct tl_probe *probe,
                                              struct tl_error *err)
{
    bool wanted = false;
    enum tl_status status;

    for (size_t i = 0; i < self->n_streams; i++)
        wanted = wanted || self->streams[i].command != NULL;
    if (!wanted)
        return TL_OK;
    tl_probe_begin(probe, channel_step);
    status = ssh_channel_try(self->session, err);
    if (status == TL_OK)
        tl_probe_pass(probe, NULL);
    return status;
}

static enum tl_status connector_check(struct tl_instance *self, struct tl_probe *probe,
                                      struct tl_error *err)
{
    struct phase_observer observer = {.base = {connector_phase_begins, connector_phase_ends},
                                      .probe = probe};
    char where[300];
    bool found = false;
    enum tl_status status;

    if (way_find(&self->way, &found, err) != TL_OK) {
        tl_probe_begin(probe, "OpenSSH configuration");
        return err->status;
    }
    if (found) {
        tl_probe_begin(probe, "OpenSSH configuration");
        tl_probe_pass(probe, way_describe(&self->way, where, sizeof(where)));
    }
    observer.target = way_options(&self->way);
    status = ssh_session_open(observer.target, &observer.base, &self->session, err);
    return status == TL_OK ? connector_check_channel(self, probe, err) : status;
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
    status = way_find(&self->way, NULL, err);
    if (status == TL_OK)
        status = ssh_session_open(way_options(&self->way), NULL, &self->session, err);
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
    /* a command that had to be ended may still hold its place among the server's sessions */
    if (tl_status_is_transient(status) || status == TL_INTERRUPTED ||
        status == TL_COMMAND_TIMEOUT) {
        ssh_session_close(self->session);
        self->session = NULL;
    }
    return status;
}

static enum tl_status connector_explain(struct tl_instance *self, size_t index,
                                        struct tl_sync *sync, struct tl_error *err)
{
    const struct stream *stream = &self->streams[index];
    struct buf script = BUF_INIT(SCRIPT_MAX_BYTES);
    struct source_way way = {.plain = false};
    enum tl_status status = way_find(&self->way, NULL, err);

    way.ssh = way_options(&self->way);
    way.plain = strcmp(tl_config_text(self->config, "ssh_config"), "off") == 0;
    if (status == TL_OK) {
        script_ssh_remarks(&script, way.ssh);
        status =
            connector_source(stream)->explain(&way, stream, self->config, sync, &script, err);
    }
    if (status == TL_OK)
        status = script_print(&script, err);
    buf_free(&script);
    return status;
}

const struct tl_connector connector = {
    .name = "towline",
    .source = "ssh",
    .version = TOWLINE_VERSION,
    .summary = "keeps tables in step with what a machine reachable by SSH prints as JSON",
    .options = connector_options,
    .commands = connector_commands,
    .steps = connector_steps,
    .partition = "host",
    .partitions = way_declare_hosts,
    .open = connector_open,
    .close = connector_close,
    .schema = connector_schema,
    .check = connector_check,
    .update = connector_update,
    .explain = connector_explain,
};
