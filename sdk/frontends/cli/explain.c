/* The command `explain`: what one would type to do a sync by hand. */
#include "sync/explain.h"

#include "frontends/cli/job.h"
#include "frontends/cli/streams.h"
#include "frontends/output.h"
#include "frontends/signals.h"
#include "sync/partition_states.h"
#include "sync/partitions.h"

struct explanation {
    const struct cli *cli;
    const struct job *job;
    int stop_fd;
    struct streams streams;
    struct tl_partitions partitions;
    struct tl_schema schema;
    struct tl_instance *first; /* of the first partition, or the only one */
};

static const char *name_of(const struct explanation *self, size_t partition)
{
    return self->partitions.count > 0 ? self->partitions.names[partition] : NULL;
}

static enum tl_status open_instance(const struct explanation *self, size_t partition,
                                    struct tl_instance **out, struct tl_error *err)
{
    const struct tl_open open = {.config = self->job->config,
                                 .stop_fd = self->stop_fd,
                                 .partition_index = partition,
                                 .partition = name_of(self, partition)};
    return self->cli->connector->open(&open, out, err);
}

static void close_instance(const struct explanation *self, struct tl_instance *instance)
{
    if (self->cli->connector->close != NULL)
        self->cli->connector->close(instance);
}

static enum tl_status print_title(const char *mark, const char *name, const char *preposition,
                                  const char *place, struct tl_error *err)
{
    struct buf line = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status;

    buf_append_string(&line, mark);
    output_append_safe(&line, name);
    if (place != NULL) {
        buf_append_string(&line, preposition);
        output_append_safe(&line, place);
    }
    buf_append_char(&line, '\n');
    status = output_print(&line, err);
    buf_free(&line);
    return status;
}

/* The stream as this instance gets it, from where its next sync would start. */
static enum tl_status explain_with(const struct explanation *self, struct tl_instance *instance,
                                   size_t partition, size_t index, struct tl_error *err)
{
    const char *table = self->schema.streams[index].table;
    const char *state = streams_saved_state(&self->streams, table);
    struct partition_states states = {0};
    enum tl_status status = TL_OK;

    if (self->partitions.count > 0) {
        status = partition_states_load(&states, state != NULL ? state : "{}", err);
        state = partition_states_find(&states, name_of(self, partition));
    }
    if (status == TL_OK)
        status = print_title("# ", table, " on ", name_of(self, partition), err);
    if (status == TL_OK)
        status = explain_stream(self->cli->connector, instance, &self->schema, index,
                                state != NULL ? state : "{}", err);
    partition_states_reset(&states);
    return status;
}

static enum tl_status explain_source(const struct explanation *self, size_t index,
                                     struct tl_error *err)
{
    enum tl_status status = TL_OK;
    size_t count = self->partitions.count > 0 ? self->partitions.count : 1;

    for (size_t i = 0; status == TL_OK && i < count; i++) {
        struct tl_instance *instance = self->first;
        if (i > 0)
            status = open_instance(self, i, &instance, err);
        if (status == TL_OK)
            status = explain_with(self, instance, i, index, err);
        if (instance != self->first)
            close_instance(self, instance);
    }
    return status;
}

static enum tl_status explain_table(const struct explanation *self,
                                    const struct catalog_table *table, struct tl_error *err)
{
    struct buf text = BUF_INIT(OUTPUT_MAX_BYTES), safe = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status = print_title("\n-- ", table->name, " in ", self->job->url, err);

    self->job->destination->explain(table, &text);
    output_append_lines(&safe, buf_text(&text));
    safe.failed = safe.failed || text.failed;
    if (status == TL_OK)
        status = output_print(&safe, err);
    buf_free(&text);
    buf_free(&safe);
    return status;
}

/* The tables that the stream has filled so far: their columns were found in its rows. */
static enum tl_status explain_destination(const struct explanation *self,
                                          const struct tl_stream *stream, struct tl_error *err)
{
    const struct catalog *catalog = &self->streams.saved.catalog;
    size_t known = 0;

    if (self->job->destination->explain == NULL)
        return TL_OK;
    for (size_t i = 0; i < catalog->n_tables; i++)
        if (schema_fits(stream, catalog->tables[i]->name)) {
            known++;
            if (explain_table(self, catalog->tables[i], err) != TL_OK)
                return err->status;
        }
    return known > 0 ? TL_OK
                     : print_title("\n-- ", stream->table,
                                   ": its columns are known once it was synced to ",
                                   self->job->url, err);
}

static enum tl_status explain_all(struct explanation *self, struct tl_error *err)
{
    const struct tl_connector *connector = self->cli->connector;
    enum tl_status status =
        partitions_load(connector, self->job->config, &self->partitions, err);
    bool any = false;

    if (status == TL_OK)
        status = open_instance(self, 0, &self->first, err);
    if (status == TL_OK)
        status = connector->schema(self->first, &self->schema, err);
    if (status == TL_OK)
        status = schema_check_selection(&self->schema, self->cli->options.streams, err);
    for (size_t i = 0; status == TL_OK && i < self->schema.n_streams; i++) {
        const struct tl_stream *stream = &self->schema.streams[i];
        if (!schema_is_selected(stream, self->cli->options.streams))
            continue;
        if (any)
            status = tl_print(err, "\n");
        any = true;
        if (status == TL_OK && connector->explain != NULL)
            status = explain_source(self, i, err);
        if (status == TL_OK)
            status = explain_destination(self, stream, err);
    }
    return status;
}

enum tl_status cli_run_explain(struct cli *cli, struct tl_error *err)
{
    struct job job = {0};
    struct explanation self = {.cli = cli, .job = &job, .stop_fd = -1};
    enum tl_status status = job_init(&job, cli, true, err);

    if (status == TL_OK)
        status = signals_open(&self.stop_fd, err);
    if (status == TL_OK)
        status = streams_load(&self.streams, cli, &job, err);
    if (status == TL_OK)
        status = explain_all(&self, err);
    close_instance(&self, self.first);
    schema_reset(&self.schema);
    partitions_reset(&self.partitions);
    streams_reset(&self.streams);
    job_reset(&job);
    return status;
}
