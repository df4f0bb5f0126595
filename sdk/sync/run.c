/* A run: connector, destination and writer brought together, partition by partition. */
#include "sync/run.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "sync/notes.h"
#include "sync/partition.h"
#include "sync/partitions.h"
#include "sync/queue.h"
#include "sync/schema.h"
#include "sync/shared_observer.h"
#include "sync/state.h"
#include "sync/tables.h"
#include "sync/writer.h"

/* The source stops being read at the soft limit; the hard one is for sources that do not ask.
 */
static const struct queue_limit each_queue = {2 << 20, 6 << 20};
static const struct queue_limit all_queues = {12 << 20, 48 << 20};

struct run {
    const struct run_options *options;
    struct run_report *report;
    struct tl_partitions names;   /* of the partitions */
    struct tl_instance *instance; /* has the schema; where there are no partitions, syncs */
    struct tl_schema schema;
    struct destination *destination;
    struct destination_contents contents;
    struct queues *queues;
    struct writer *writer;
    size_t *indexes; /* of the selected streams in the schema */
    size_t n_selected;
    struct stream_run *streams;      /* as in the report: partition by partition */
    struct partition_states *states; /* per selected stream */
    struct partition *partitions;
    size_t n_partitions; /* at least one */
    atomic_size_t next;  /* partition to begin with */
    struct shared_observer observer;
};

static enum tl_status run_open_connector(struct run *run, struct tl_error *err)
{
    const struct run_options *options = run->options;
    struct tl_open open = {.config = options->config, .stop_fd = options->stop_fd};
    enum tl_status status =
        partitions_load(options->connector, options->config, &run->names, err);

    if (status == TL_OK && run->names.count > 0)
        open.partition = run->names.names[0];
    if (partition_hear(options, status, err) != TL_OK ||
        partition_hear(options, options->connector->open(&open, &run->instance, err), err) !=
            TL_OK ||
        partition_hear(options, options->connector->schema(run->instance, &run->schema, err),
                       err) != TL_OK ||
        schema_check_selection(&run->schema, options->tables, err) != TL_OK)
        return err->status;
    if (run->schema.n_streams == 0) {
        (void)tl_fail(err, TL_CONFIGURATION, "the configuration has no streams");
        return tl_remedy(err, "Add `streams`, or `table` and `command` for a single one");
    }
    return TL_OK;
}

/* Goes through a state that was given: of whom it is. */
struct run_given {
    struct state_visitor visitor;
    const struct run *run;
    bool known; /* some of it is of a stream that there is */
    char strange[80];
};

static enum tl_status run_given_member(struct state_visitor *visitor, const char *name,
                                       const char *json, struct tl_error *err)
{
    struct run_given *given = (struct run_given *)visitor;

    (void)json, (void)err;
    for (size_t i = 0; i < given->run->schema.n_streams; i++)
        if (strcmp(given->run->schema.streams[i].table, name) == 0) {
            given->known = true;
            return TL_OK;
        }
    (void)text_safe(given->strange, sizeof(given->strange), name, strlen(name));
    return TL_OK;
}

/* One that is about none of the streams is another configuration's: all would silently begin
 * anew. */
static enum tl_status run_check_given(const struct run *run, struct tl_error *err)
{
    struct run_given given = {.visitor = {.member = run_given_member}, .run = run};

    if (run->options->state == NULL)
        return TL_OK;
    if (state_visit(run->options->state, &given.visitor, err) != TL_OK)
        return tl_context(err, "the given state");
    if (given.strange[0] == '\0')
        return TL_OK;
    if (given.known) {
        tl_log(TL_LOG_WARNING, "the given state has \"%s\", but there is no such stream",
               given.strange);
        return TL_OK;
    }
    (void)tl_fail(err, TL_CONFIGURATION,
                  "the given state is about \"%s\", and about none of the streams",
                  given.strange);
    return tl_remedy(err,
                     "A state looks like {\"stream\": {\"cursor\": \"...\"}}, as `state show` "
                     "prints it; {} begins anew");
}

static enum tl_status run_open_destination(struct run *run, struct tl_error *err)
{
    const struct run_options *options = run->options;
    struct writer_options writer = {.contents = &run->contents,
                                    .keep_record = options->mode == DESTINATION_WRITE,
                                    .announce = options->mode == DESTINATION_WRITE &&
                                                options->opened == NULL};

    run->destination = options->opened;
    if ((run->destination == NULL &&
         options->destination->open(options->url, options->mode, &run->destination, err) !=
             TL_OK) ||
        run->destination->ops->load(run->destination, &run->contents, err) != TL_OK ||
        queues_new(each_queue, all_queues, &run->queues, err) != TL_OK)
        return err->status;
    writer.destination = run->destination;
    writer.queues = run->queues;
    return writer_new(&writer, &run->writer, err);
}

static enum tl_status run_select(struct run *run, struct tl_error *err)
{
    run->indexes = calloc(run->schema.n_streams, sizeof(*run->indexes));
    if (run->indexes == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %zu streams", run->schema.n_streams);
    for (size_t i = 0; i < run->schema.n_streams; i++)
        if (schema_is_selected(&run->schema.streams[i], run->options->tables))
            run->indexes[run->n_selected++] = i;
    return TL_OK;
}

static enum tl_status run_prepare_stream(struct run *run, struct partition *partition, size_t i,
                                         struct tl_error *err)
{
    const struct tl_stream *schema = &run->schema.streams[run->indexes[i]];
    const struct key_partition in = {.column = run->names.column, .value = partition->name};
    struct stream_run *stream = &partition->streams[i];
    struct stream_report *report = &partition->reports[i];

    run->report->n_streams++;
    stream->stream = schema;
    stream->schema = &run->schema;
    stream->report = report;
    if (!stream_report_init(report, text_copy(schema->table, strlen(schema->table)),
                            partition->name))
        return tl_fail(err, TL_MEMORY, "out of memory for stream %s", schema->table);
    stream->name = report->name;
    stream->partition = partition->name;
    stream->states = partition->name ? &run->states[i] : NULL;
    if (key_init(&stream->key, schema->primary_key, partition->name ? &in : NULL, err) != TL_OK)
        return tl_context(err, "stream %s", schema->table);
    return TL_OK;
}

static bool run_wants(const struct run *run, const char *partition)
{
    const char *const *wanted = run->options->partitions;

    while (wanted != NULL && *wanted != NULL && strcmp(*wanted, partition) != 0)
        wanted++;
    return wanted == NULL || *wanted != NULL;
}

/* The partitions that are wanted, or one for the whole connector. */
static enum tl_status run_divide(struct run *run, struct tl_error *err)
{
    const struct partition one = {.options = run->options, .instance = run->instance};

    run->partitions = calloc(run->names.count + 1, sizeof(*run->partitions));
    if (run->partitions == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %zu partitions", run->names.count);
    for (size_t i = 0; i < run->names.count; i++)
        if (run_wants(run, run->names.names[i]))
            run->partitions[run->n_partitions++] = (struct partition){
                .options = run->options, .name = run->names.names[i], .index = i};
    run->report->n_partitions = run->n_partitions;
    run->report->partition = run->options->connector->partition;
    if (run->names.count == 0)
        run->partitions[run->n_partitions++] = one;
    return TL_OK;
}

static enum tl_status run_prepare(struct run *run, struct tl_error *err)
{
    size_t n_streams = run->n_partitions * run->n_selected;

    run->streams = calloc(n_streams, sizeof(*run->streams));
    run->states = calloc(run->n_selected, sizeof(*run->states));
    run->report->streams = calloc(n_streams, sizeof(*run->report->streams));
    if (run->streams == NULL || run->states == NULL || run->report->streams == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for %zu streams", n_streams);
    for (size_t p = 0; p < run->n_partitions; p++) {
        struct partition *partition = &run->partitions[p];
        partition->streams = &run->streams[p * run->n_selected];
        partition->reports = &run->report->streams[p * run->n_selected];
        partition->indexes = run->indexes;
        partition->n_streams = run->n_selected;
        for (size_t i = 0; i < run->n_selected; i++)
            if (run_prepare_stream(run, partition, i, err) != TL_OK)
                return err->status;
    }
    return TL_OK;
}

static const char *run_saved_state(const struct run *run, const char *table)
{
    const struct destination_contents *contents = &run->contents;

    for (size_t i = 0; i < contents->n_states; i++)
        if (strcmp(contents->states[i].stream, table) == 0)
            return contents->states[i].json;
    return "{}";
}

static enum tl_status run_corrupt_state(const char *stream, struct tl_error *err)
{
    (void)tl_context(err, "the saved state of stream %s", stream);
    return tl_remedy(err, "Mend it with `state set`, or clear it with `state reset`");
}

/* A stream's state out of the whole that was given, and a partition's out of the stream's. */
static enum tl_status run_given_state(const struct run *run, const struct stream_run *stream,
                                      char **out, struct tl_error *err)
{
    enum tl_status status =
        state_of_stream(run->options->state, stream->stream->table, out, err);
    char *own = NULL;

    if (status != TL_OK || stream->partition == NULL)
        return status;
    status = state_of_stream(*out, stream->partition, &own, err);
    free(*out);
    *out = own;
    return status;
}

/* The state that a stream starts from: the one given, none, or the saved one. */
static enum tl_status run_initial_state(const struct run *run, const struct stream_run *stream,
                                        char **out, struct tl_error *err)
{
    const char *saved = "{}";

    if (run->options->state != NULL)
        return run_given_state(run, stream, out, err);
    if (!run->options->full_refresh && stream->states != NULL)
        saved = partition_states_find(stream->states, stream->partition);
    else if (!run->options->full_refresh)
        saved = run_saved_state(run, stream->stream->table);
    saved = saved ? saved : "{}";
    if (state_check(saved, err) != TL_OK)
        return run_corrupt_state(stream->name, err);
    *out = text_copy(saved, strlen(saved));
    return *out ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the state");
}

/* Rows of other partitions must not go with those of one. */
static enum tl_status run_check_deletes(const struct run *run, const struct tl_stream *stream,
                                        struct tl_error *err)
{
    if (run->names.count == 0 || stream->deletes == TL_DELETES_IGNORE ||
        !run->destination->ops->traits.whole_tables)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION,
                  "its `deletes` would empty the table of all %ss: the platform cannot delete "
                  "the rows of one",
                  run->report->partition);
    return tl_remedy(err, "Leave out `deletes`, or sync one %s to a connection",
                     run->report->partition);
}

/* Where each stream starts. One that does not know cannot be synced, and its report says so. */
static void run_load_states(struct run *run)
{
    for (size_t i = 0; i < run->n_selected; i++) {
        const char *table = run->streams[i].stream->table;
        struct tl_error err = {0};
        if (run->names.count > 0 &&
            partition_states_load(&run->states[i], run_saved_state(run, table), &err) != TL_OK)
            (void)run_corrupt_state(table, &err);
        if (err.status == TL_OK)
            (void)!run_check_deletes(run, run->streams[i].stream, &err);
        for (size_t p = 0; p < run->n_partitions; p++) {
            struct partition *partition = &run->partitions[p];
            struct tl_error *unfit = &partition->reports[i].error;
            partition->run = run->contents.next_run;
            *unfit = err;
            if (err.status == TL_OK)
                unfit->status = run_initial_state(run, &partition->streams[i],
                                                  &partition->streams[i].state, unfit);
        }
    }
}

/* Takes the writer's part into the report; everything has been carried out. */
static void run_settle(struct run *run, struct stream_run *stream, struct stream_report *report)
{
    partition_take_failure(stream, report);
    report->tally = stream->committed;
    report->schema_changes = stream->schema_changes;
    notes_cut(stream, stream->n_committed_notes);
    tables_settle(stream, report);
    report->schema_notes = stream->schema_notes;
    report->n_schema_notes = stream->n_schema_notes;
    report->state = stream->state;
    stream->schema_notes = NULL;
    stream->n_schema_notes = 0;
    stream->state = NULL;
    run->report->upserts += report->upserts;
    run->report->updates += report->updates;
    run->report->deletes += report->deletes;
    run->report->truncates += report->truncates;
    run->report->schema_changes += report->schema_changes;
    run->report->checkpoints += stream->checkpoints;
}

/* One of the threads that sync partitions, each the next that nobody has begun. */
struct worker {
    struct run *run;
    struct queue *queue;
    struct log_sink *listener; /* of who started the run */
    pthread_t thread;
    bool started;
};

static void *worker_main(void *argument)
{
    struct worker *worker = argument;
    struct run *run = worker->run;
    size_t i;

    log_set_listener(worker->listener);
    while ((i = atomic_fetch_add(&run->next, 1)) < run->n_partitions)
        partition_run(&run->partitions[i], worker->queue);
    queue_close(worker->queue);
    return NULL;
}

/* The first worker is this thread: a run without partitions starts no other. */
static void run_workers(struct worker *workers, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        workers[i].started =
            pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]) == 0;
        if (!workers[i].started)
            queue_close(workers[i].queue); /* fewer will do */
    }
    (void)worker_main(&workers[0]);
    for (size_t i = 1; i < count; i++)
        if (workers[i].started)
            (void)pthread_join(workers[i].thread, NULL);
}

static enum tl_status run_observe(struct run *run, struct tl_error *err)
{
    struct run_observer *observer = run->options->observer;

    if (observer != NULL && run->names.count > 0) {
        if (shared_observer_init(&run->observer, observer, run->report, err) != TL_OK)
            return err->status;
        observer = &run->observer.base;
    }
    for (size_t p = 0; p < run->n_partitions; p++)
        run->partitions[p].observer = observer;
    return TL_OK;
}

static enum tl_status run_partitions(struct run *run, struct tl_error *err)
{
    size_t wanted = run->options->concurrency ? run->options->concurrency : RUN_CONCURRENCY;
    size_t count = wanted < run->n_partitions ? wanted : run->n_partitions;
    struct worker *workers = calloc(count, sizeof(*workers));
    enum tl_status status = run_observe(run, err);

    if (workers == NULL)
        status = tl_fail(err, TL_MEMORY, "out of memory for %zu threads", count);
    for (size_t i = 0; i < count && status == TL_OK; i++) {
        workers[i].run = run;
        workers[i].listener = log_listener();
        status = queue_new(run->queues, &workers[i].queue, err);
    }
    for (size_t p = 0; p < run->n_partitions; p++)
        run->partitions[p].at_once = count;
    if (status == TL_OK)
        run_workers(workers, count);
    free(workers);
    return status;
}

/* Whether a stream of the partition failed; all the streams do that did. */
static bool run_partition_failed(const struct run *run, const struct partition *partition)
{
    for (size_t i = 0; i < run->n_selected; i++)
        if (partition->reports[i].error.status != TL_OK)
            return true;
    return false;
}

static void append_name(struct buf *names, const char *name, size_t nth)
{
    enum { NAMES_MAX = 8 };

    if (nth < NAMES_MAX)
        buf_printf(names, "%s%s", nth > 0 ? ", " : "", name);
    else if (nth == NAMES_MAX)
        buf_append_string(names, ", ...");
}

/* Says which partitions, or else which streams, failed. */
static enum tl_status run_partly(const struct run *run, const struct stream_report *first,
                                 struct tl_error *err)
{
    struct buf names = BUF_INIT(512);
    size_t failed = 0, n_partitions = run->report->n_partitions;

    for (size_t p = 0; p < n_partitions; p++)
        if (run_partition_failed(run, &run->partitions[p]))
            append_name(&names, run->partitions[p].name, failed++);
    for (size_t i = 0; i < run->n_selected && n_partitions == 0; i++)
        if (run->report->streams[i].error.status != TL_OK)
            append_name(&names, run->report->streams[i].name, failed++);
    (void)tl_fail(err, TL_PARTIAL, "%zu of %zu %ss failed: %s; the first says: %s", failed,
                  n_partitions ? n_partitions : run->n_selected,
                  n_partitions ? run->report->partition : "stream", buf_text(&names),
                  first->error.message);
    buf_free(&names);
    return err->status;
}

/* Everything failed: as the first did, or each in its way. What all say is said once. */
static enum tl_status run_wholly(const struct run *run, const struct stream_report *first,
                                 struct tl_error *err)
{
    bool by_partition = run->report->n_partitions > 1;
    bool alike = true, equal = true;

    for (size_t i = 0; i < run->report->n_streams; i++) {
        const struct tl_error *error = &run->report->streams[i].error;
        alike = alike && error->status == first->error.status;
        equal = equal && strcmp(error->message, first->error.message) == 0;
    }
    *err = first->error;
    if (equal)
        return err->status;
    return tl_context(err, "all %zu %ss failed%s; the first says",
                      by_partition ? run->report->n_partitions : run->n_selected,
                      by_partition ? run->report->partition : "stream", alike ? " alike" : "");
}

/* The run's outcome out of its streams'. */
static enum tl_status run_outcome(struct run *run, struct tl_error *err)
{
    const struct stream_report *first = NULL;
    size_t failed = 0;

    for (size_t i = 0; i < run->report->n_streams; i++) {
        const struct stream_report *report = &run->report->streams[i];
        if (report->error.status == TL_OK)
            continue;
        first = first ? first : report;
        failed++;
    }
    if (failed > 0 && partition_is_stopped(run->options))
        return partition_stopped(run->options, err);
    if (failed > 0 && failed < run->report->n_streams)
        return run_partly(run, first, err);
    return failed > 0 ? run_wholly(run, first, err) : err->status;
}

static void run_close(struct run *run)
{
    writer_free(run->writer);
    if (run->options->connector->close != NULL)
        run->options->connector->close(run->instance);
    for (size_t i = 0; i < run->report->n_streams; i++) {
        key_reset(&run->streams[i].key);
        key_names_free(run->streams[i].own_key);
        notes_cut(&run->streams[i], 0);
        free(run->streams[i].schema_notes);
        free(run->streams[i].state);
        tables_free(&run->streams[i]);
    }
    for (size_t i = 0; run->states != NULL && i < run->n_selected; i++)
        partition_states_reset(&run->states[i]);
    if (run->destination != NULL && run->options->opened == NULL)
        run->destination->ops->close(run->destination);
    destination_contents_reset(&run->contents);
    queues_free(run->queues);
    schema_reset(&run->schema);
    partitions_reset(&run->names);
    shared_observer_reset(&run->observer);
    free(run->partitions);
    free(run->streams);
    free(run->states);
    free(run->indexes);
}

enum tl_status run_sync(const struct run_options *options, struct run_report *report,
                        struct tl_error *err)
{
    struct run run = {.options = options, .report = report};
    int64_t started_ms = clock_now_ms();
    enum tl_status status;

    status = run_open_connector(&run, err);
    if (status == TL_OK)
        status = run_check_given(&run, err);
    if (status == TL_OK)
        status = run_select(&run, err);
    if (status == TL_OK)
        status = run_divide(&run, err);
    if (status == TL_OK)
        status = run_prepare(&run, err);
    if (status == TL_OK)
        status = run_open_destination(&run, err);
    if (status == TL_OK) {
        run_load_states(&run);
        status = run_partitions(&run, err);
    }
    if (status == TL_OK) {
        writer_free(run.writer);
        run.writer = NULL;
        for (size_t i = 0; i < report->n_streams; i++)
            run_settle(&run, &run.streams[i], &report->streams[i]);
        status = run_outcome(&run, err);
        report->catalog = run.contents.catalog;
        run.contents.catalog = (struct catalog){0};
    }
    run_close(&run);
    report->duration_ms = clock_now_ms() - started_ms;
    return status;
}
