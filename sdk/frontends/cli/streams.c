/* The streams that there are: those of the configuration and those in the destination. */
#include "frontends/cli/streams.h"

#include <string.h>

#include "sync/schema.h"

static enum tl_status copy_names(struct streams *out, const struct tl_schema *schema,
                                 struct tl_error *err)
{
    for (size_t i = 0; i < schema->n_streams; i++) {
        const char *name = schema->streams[i].table;
        if (!texts_add(&out->configured, name, strlen(name)))
            return tl_fail(err, TL_MEMORY, "out of memory for the names of %zu streams",
                           schema->n_streams);
    }
    return TL_OK;
}

static enum tl_status load_configured(struct streams *out, const struct tl_connector *connector,
                                      const struct tl_config *config, struct tl_error *err)
{
    const struct tl_open open = {.config = config, .stop_fd = -1};
    struct tl_instance *instance = NULL;
    struct tl_schema schema = {0};
    enum tl_status status = connector->open(&open, &instance, err);

    if (status == TL_OK) {
        status = connector->schema(instance, &schema, err);
        if (status == TL_OK)
            status = copy_names(out, &schema, err);
        if (connector->close != NULL)
            connector->close(instance);
    }
    schema_reset(&schema);
    return status;
}

static enum tl_status load_saved(struct streams *out, const struct job *job,
                                 struct tl_error *err)
{
    struct destination *destination = NULL;
    enum tl_status status =
        job->destination->open(job->url, DESTINATION_READ, &destination, err);

    if (status == TL_OK)
        status = job->destination->load(destination, &out->saved, err);
    if (destination != NULL)
        job->destination->close(destination);
    return status;
}

enum tl_status streams_load(struct streams *out, const struct cli *cli, const struct job *job,
                            struct tl_error *err)
{
    out->closed = job->config != NULL;
    if (out->closed && load_configured(out, cli->connector, job->config, err) != TL_OK)
        return err->status;
    return load_saved(out, job, err);
}

void streams_reset(struct streams *streams)
{
    texts_reset(&streams->configured);
    destination_contents_reset(&streams->saved);
    *streams = (struct streams){0};
}

static void append_name(struct buf *out, const char *name)
{
    buf_printf(out, "%s%s", out->size > 0 ? ", " : "", name);
}

/* Each once: those of the configuration, other tables, states of what has no table. */
static void append_known(const struct streams *streams, struct buf *out)
{
    const struct destination_contents *saved = &streams->saved;

    for (size_t i = 0; i < streams->configured.count; i++)
        append_name(out, streams->configured.list[i]);
    for (size_t i = 0; i < saved->catalog.n_tables; i++)
        if (!texts_have(&streams->configured, saved->catalog.tables[i]->name))
            append_name(out, saved->catalog.tables[i]->name);
    for (size_t i = 0; i < saved->n_states; i++)
        if (!texts_have(&streams->configured, saved->states[i].stream) &&
            catalog_find(&saved->catalog, saved->states[i].stream) == NULL)
            append_name(out, saved->states[i].stream);
}

enum tl_status streams_check(const struct streams *streams, const char *stream,
                             struct tl_error *err)
{
    struct buf known = BUF_INIT(4096);

    if (texts_have(&streams->configured, stream) ||
        streams_saved_state(streams, stream) != NULL ||
        catalog_find(&streams->saved.catalog, stream) != NULL)
        return TL_OK;
    append_known(streams, &known);
    (void)tl_fail(err, TL_USAGE, "there is no stream \"%s\"", stream);
    if (known.size > 0)
        (void)tl_remedy(err, "There are: %s", buf_text(&known));
    else
        (void)tl_remedy(err, "The destination has none; see to --destination");
    buf_free(&known);
    return TL_USAGE;
}

bool streams_is_selected(const struct cli *cli, const char *stream)
{
    const char *const *chosen = cli->options.streams;

    for (; chosen != NULL && *chosen != NULL; chosen++)
        if (strcmp(*chosen, stream) == 0)
            return true;
    return cli->options.streams == NULL;
}

enum tl_status streams_check_selection(const struct streams *streams, const struct cli *cli,
                                       struct tl_error *err)
{
    const char *const *chosen = cli->options.streams;

    for (; chosen != NULL && *chosen != NULL; chosen++)
        if (streams_check(streams, *chosen, err) != TL_OK)
            return err->status;
    return TL_OK;
}

const char *streams_saved_state(const struct streams *streams, const char *stream)
{
    for (size_t i = 0; i < streams->saved.n_states; i++)
        if (strcmp(streams->saved.states[i].stream, stream) == 0)
            return streams->saved.states[i].json;
    return NULL;
}
