/* The writer's thread: operations in, transactions out. An error belongs to the stream whose
 * operation met it: what that stream has uncommitted is rolled back and the rest of its
 * operations are dropped, while other streams go on. */
#include "sync/writer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "sync/failures.h"
#include "sync/gather.h"
#include "sync/notes.h"
#include "sync/plan.h"
#include "sync/record.h"
#include "sync/state.h"
#include "towline/log.h"

struct writer {
    struct writer_options options;
    pthread_t thread;
    struct plan plan;
    struct gather gather;
    struct stream_run *stream; /* whose plan and rows these are */
    int64_t stamp_us;          /* the last one given out; stamps never repeat or go back */
    struct buf whole;          /* scratch: the state of all of a stream's partitions */
    bool durable;              /* the destination holds something of ours already */
    struct failures failures;  /* not recorded yet */
    struct tl_error dead;      /* the destination could not even roll back */
};

static int64_t writer_stamp(struct writer *writer)
{
    int64_t now = clock_utc_us();
    writer->stamp_us = now > writer->stamp_us ? now : writer->stamp_us + 1;
    return writer->stamp_us;
}

static const struct destination_ops *writer_ops(const struct writer *writer)
{
    return writer->options.destination->ops;
}

/* Writes what has been gathered: all of it, or as much as gains nothing by waiting. */
static enum tl_status writer_write(struct writer *writer, bool all, struct tl_error *err)
{
    struct destination *destination = writer->options.destination;
    struct batch batch;

    while (gather_next(&writer->gather, writer->plan.table, all, &batch, err) == TL_OK &&
           batch.n_rows > 0) {
        batch.synced_us = writer_stamp(writer);
        if (writer_ops(writer)->upsert(destination, &batch, &writer->stream->pending, err) !=
            TL_OK)
            break;
    }
    if (err->status != TL_OK)
        gather_clear(&writer->gather);
    return err->status;
}

static enum tl_status writer_flush(struct writer *writer, struct tl_error *err)
{
    return writer_write(writer, true, err);
}

/* Brings table and mapping up to the block. */
static enum tl_status writer_plan(struct writer *writer, const struct block *block,
                                  struct tl_error *err)
{
    struct plan *plan = &writer->plan;
    const struct destination_ops *ops = writer_ops(writer);

    if (plan_covers(plan, block))
        return TL_OK;
    if (writer_flush(writer, err) != TL_OK ||
        plan_block(plan, &ops->traits, &writer->options.contents->catalog, writer->stream,
                   block, err) != TL_OK)
        return err->status;
    if (plan->n_changes == 0)
        return TL_OK;
    /* Where nothing is kept, nothing changes: the summary says what would. */
    enum tl_log_level level = writer->options.announce ? TL_LOG_INFO : TL_LOG_DEBUG;
    size_t n_notes = writer->stream->n_schema_notes;
    if (notes_add(writer->stream, plan, level, err) != TL_OK ||
        ops->alter(writer->options.destination, plan->table, plan->changes, plan->n_changes,
                   err) != TL_OK)
        return err->status;
    plan->table->exists = true;
    writer->stream->pending_schema_changes += writer->stream->n_schema_notes - n_notes;
    return TL_OK;
}

static enum tl_status writer_upsert(struct writer *writer, struct operation *operation,
                                    struct tl_error *err)
{
    if (writer_plan(writer, operation->block, err) != TL_OK || operation->block->n_rows == 0) {
        operation_free(operation);
        return err->status;
    }
    if (gather_add(&writer->gather, operation, writer->plan.source, writer->plan.table, err) !=
        TL_OK)
        return err->status;
    return writer_write(writer, false, err);
}

/* The stream's table if it exists: to change, truncate or sweep what does not exist is nothing
 * to do. Where nobody can say, it is taken to exist. */
static struct catalog_table *writer_table(const struct writer *writer)
{
    struct catalog *catalog = &writer->options.contents->catalog;
    const char *name = writer->stream->stream->table;
    struct catalog_table *table = catalog_find(catalog, name);

    if (writer_ops(writer)->traits.unlisted_tables)
        return table != NULL ? table : catalog_add(catalog, name);
    return table != NULL && table->exists ? table : NULL;
}

/* update and delete keep the order of arrival: they are rare, and order is their meaning. */
static enum tl_status writer_update(struct writer *writer, struct operation *operation,
                                    struct tl_error *err)
{
    const struct destination_ops *ops = writer_ops(writer);
    struct gather gather;
    struct batch batch;
    enum tl_status status;
    bool is_update = operation->kind == OPERATION_UPDATE;

    gather_init(&gather);
    status = writer_flush(writer, err);
    if (status == TL_OK && writer_table(writer) != NULL)
        status = writer_plan(writer, operation->block, err);
    if (status != TL_OK || writer_table(writer) == NULL) {
        operation_free(operation);
        return status;
    }
    status = gather_add(&gather, operation, writer->plan.source, writer->plan.table, err);
    gather.ascending = true;
    if (status == TL_OK)
        status = gather_next(&gather, writer->plan.table, true, &batch, err);
    if (status == TL_OK) {
        batch.synced_us = writer_stamp(writer);
        status = (is_update ? ops->update : ops->delete_rows)(
            writer->options.destination, &batch, &writer->stream->pending, err);
    }
    gather_reset(&gather);
    return status;
}

/* Which of the table's rows are the stream's: all, or those of its partition. */
static const struct destination_scope *writer_scope(const struct stream_run *stream,
                                                    const struct catalog_table *table,
                                                    struct destination_scope *out)
{
    const char *column = stream->key.parts[0].column;

    if (stream->partition == NULL)
        return NULL;
    out->column = catalog_column_find(table, column, strlen(column));
    out->value = stream->partition;
    return out;
}

/* A table that was made before there were partitions has rows that belong to none. */
static enum tl_status writer_no_partition(const struct stream_run *stream, struct tl_error *err)
{
    (void)tl_fail(err, TL_CONFIGURATION, "table %s was made without a column %s",
                  stream->stream->table, stream->key.parts[0].column);
    return tl_remedy(err, "Give the stream another table, or remove this one and its state");
}

static enum tl_status writer_table_operation(struct writer *writer, enum operation_kind kind,
                                             struct tl_error *err)
{
    const struct destination_ops *ops = writer_ops(writer);
    struct destination *destination = writer->options.destination;
    struct stream_run *stream = writer->stream;
    const struct destination_scope *scope;
    struct destination_scope partition;
    struct catalog_table *table;

    if (writer_flush(writer, err) != TL_OK)
        return err->status;
    table = writer_table(writer);
    if (table == NULL)
        return TL_OK;
    if (kind == OPERATION_SWEEP_BEGIN)
        return ops->sweep_begin(destination, table, err);
    scope = writer_scope(stream, table, &partition);
    if (scope != NULL && scope->column == COLUMNS_NONE && table->exists)
        return writer_no_partition(stream, err);
    if (kind == OPERATION_TRUNCATE)
        return ops->truncate(destination, table, scope, writer_stamp(writer), &stream->pending,
                             err);
    return ops->sweep(destination, table, scope, stream->stream->deletes, writer_stamp(writer),
                      &stream->pending, err);
}

/* times: 1, or UINT64_MAX, which is -1, to take it back. */
static void tally_add(struct tally *sum, const struct tally *more, uint64_t times)
{
    sum->inserted += times * more->inserted;
    sum->updated += times * more->updated;
    sum->unchanged += times * more->unchanged;
    sum->deleted += times * more->deleted;
}

/* What the destination keeps as the stream's state: of a partition's, the whole with it. */
static enum tl_status writer_whole_state(struct writer *writer, const char *state,
                                         const char **out, struct tl_error *err)
{
    const struct stream_run *stream = writer->stream;

    *out = state;
    if (stream->states == NULL || state == NULL)
        return TL_OK;
    buf_reset(&writer->whole);
    partition_states_print(stream->states, stream->partition, state, &writer->whole);
    *out = buf_text(&writer->whole);
    return buf_check(&writer->whole, "the state of all partitions", err);
}

/* What is pending of the stream and its tables counts as committed, or does so no more. */
static void writer_count(struct stream_run *stream, bool committed)
{
    struct stream_run *table = stream->met;
    uint64_t times = committed ? 1 : UINT64_MAX;

    for (; stream != NULL; stream = table, table = table ? table->next_met : NULL) {
        tally_add(&stream->committed, &stream->pending, times);
        stream->schema_changes += times * stream->pending_schema_changes;
    }
}

/* Nothing is pending of the stream and its tables. */
static void writer_settle(struct stream_run *stream)
{
    struct stream_run *table = stream->met;

    for (; stream != NULL; stream = table, table = table ? table->next_met : NULL) {
        stream->pending = (struct tally){0};
        stream->pending_schema_changes = 0;
    }
}

static enum tl_status writer_put(struct writer *writer, const struct operation *operation,
                                 struct tl_error *err)
{
    const struct stream_run *stream = writer->stream;
    struct run_record record = record_of(stream, &operation->progress, operation->warnings,
                                         operation->last ? "done" : "running", "");
    const char *whole;
    enum tl_status status = writer_whole_state(writer, operation->state, &whole, err);

    if (status == TL_OK)
        status = record_add_tables(&record, stream, operation->tables, err);
    if (status == TL_OK)
        status = writer_ops(writer)->commit(writer->options.destination, stream->stream->table,
                                            whole, writer->options.keep_record ? &record : NULL,
                                            err);
    record_reset(&record);
    return status;
}

/* How far the source had come with the stream and its tables, and what it has changed. */
static void writer_remember(struct stream_run *stream, const struct operation *operation)
{
    stream->progress = operation->progress;
    stream->n_committed_notes = stream->n_schema_notes;
    for (struct stream_run *table = stream->met; table != NULL; table = table->next_met) {
        table->progress = operation->tables[table->index];
        table->n_committed_notes = table->n_schema_notes;
    }
}

static enum tl_status writer_commit(struct writer *writer, struct operation *operation,
                                    struct tl_error *err)
{
    struct stream_run *stream = writer->stream;

    writer_count(stream, true);
    if (writer_put(writer, operation, err) != TL_OK) {
        writer_count(stream, false);
        return err->status;
    }
    writer->durable = true;
    writer_settle(stream);
    writer_remember(stream, operation);
    stream->checkpoints++;
    if (operation->state == NULL)
        return TL_OK;
    free(stream->state);
    stream->state = operation->state;
    operation->state = NULL;
    if (stream->states == NULL)
        return TL_OK;
    return partition_states_put(stream->states, stream->partition, stream->state, err);
}

static enum tl_status writer_checkpoint(struct writer *writer, struct operation *operation,
                                        struct tl_error *err)
{
    if (writer_flush(writer, err) != TL_OK)
        return err->status;
    return writer_commit(writer, operation, err);
}

/* Back to the last checkpoint, in the destination and in what is known of it. */
static void writer_rollback(struct writer *writer)
{
    struct destination_contents *contents = writer->options.contents;
    struct destination_contents again = {0};
    struct stream_run *stream = stream_root(writer->stream);

    gather_clear(&writer->gather);
    plan_reset(&writer->plan);
    writer_ops(writer)->rollback(writer->options.destination);
    if (writer_ops(writer)->load(writer->options.destination, &again, &writer->dead) == TL_OK) {
        struct catalog stale = contents->catalog;
        contents->catalog = again.catalog;
        again.catalog = stale;
    }
    destination_contents_reset(&again);
    writer_settle(stream);
    notes_cut(stream, stream->n_committed_notes);
    for (struct stream_run *table = stream->met; table != NULL; table = table->next_met)
        notes_cut(table, table->n_committed_notes);
}

/* Records what failed so far, unless that would make a destination out of nothing. */
static void writer_put_failures(struct writer *writer)
{
    if (writer->durable && writer->dead.status == TL_OK)
        failures_put(&writer->failures, writer->options.destination);
}

/* The stream has failed: that is recorded too. reason is NULL where the writer has it itself.
 */
static void writer_record_failure(struct writer *writer, const struct progress *progress,
                                  const char *warnings, const char *reason)
{
    char own[ERROR_TEXT_SIZE];

    if (!writer->options.keep_record)
        return;
    if (reason == NULL)
        reason = error_text(&stream_root(writer->stream)->error, own);
    failures_add(&writer->failures, writer->stream, progress, warnings, reason);
    writer_put_failures(writer);
}

static void writer_enter(struct writer *writer, struct stream_run *stream)
{
    struct stream_run *root = stream->root;

    if (writer->stream == stream)
        return;
    plan_reset(&writer->plan);
    writer->stream = stream;
    if (root == NULL || stream->is_met)
        return;
    stream->is_met = true;
    stream->next_met = root->met;
    root->met = stream;
}

/* The rows of one table at a time are gathered: those of the table before are written when
 * another's turn comes, in the transaction of the stream that both are of. */
static enum tl_status writer_leave(struct writer *writer, const struct stream_run *next,
                                   struct tl_error *err)
{
    const struct stream_run *table = writer->stream;

    if (table == NULL || table == next || writer_flush(writer, err) == TL_OK)
        return TL_OK;
    return table->root != NULL ? tl_context(err, "table %s", table->name) : err->status;
}

/* Carries out one operation and lets it go. */
static enum tl_status writer_carry_out(struct writer *writer, struct operation *operation,
                                       struct tl_error *err)
{
    enum tl_status status = TL_OK;

    switch (operation->kind) {
    case OPERATION_UPSERT:
        return writer_upsert(writer, operation, err);
    case OPERATION_UPDATE:
    case OPERATION_DELETE:
        return writer_update(writer, operation, err);
    case OPERATION_TRUNCATE:
    case OPERATION_SWEEP_BEGIN:
    case OPERATION_SWEEP:
        status = writer_table_operation(writer, operation->kind, err);
        break;
    case OPERATION_CHECKPOINT:
        status = writer_checkpoint(writer, operation, err);
        if (status == TL_OK)
            writer_put_failures(writer);
        break;
    case OPERATION_ROLLBACK:
        /* a stream that was given up has been rolled back, whether the source heard or not */
        if (!atomic_load(&stream_root(writer->stream)->failed))
            writer_rollback(writer);
        if (operation->last)
            writer_record_failure(writer, &operation->progress, operation->warnings,
                                  operation->state);
        break;
    }
    operation_free(operation);
    return status;
}

/* The stream is given up: what it has begun is undone, and others may have their turn. */
static void writer_give_up(struct writer *writer, const struct tl_error *err)
{
    struct stream_run *stream = stream_root(writer->stream);

    stream->error = *err;
    atomic_store(&stream->failed, true);
    if (writer->dead.status == TL_OK)
        writer_rollback(writer);
    queues_yield(writer->options.queues);
}

/* As far as the destination lives. */
static enum tl_status writer_try(struct writer *writer, struct operation *operation,
                                 struct tl_error *err)
{
    struct stream_run *stream = operation->stream;
    enum tl_status status = writer->dead.status;

    if (status != TL_OK)
        *err = writer->dead;
    else if (operation->kind != OPERATION_ROLLBACK)
        status = writer_leave(writer, stream, err);
    writer_enter(writer, stream);
    if (status != TL_OK) {
        operation_free(operation);
        return status;
    }
    status = writer_carry_out(writer, operation, err);
    return status != TL_OK && stream->root ? tl_context(err, "table %s", stream->name) : status;
}

static void writer_step(struct writer *writer, struct operation *operation)
{
    struct stream_run *stream = stream_root(operation->stream);
    /* The source, if that was its last operation, will not hear of a failure. */
    bool unheard = operation->kind == OPERATION_CHECKPOINT && operation->last;
    struct progress progress = operation->progress;
    struct tl_error err = {0};

    if (operation->kind != OPERATION_ROLLBACK && atomic_load(&stream->failed)) {
        writer_enter(writer, operation->stream);
        operation_free(operation);
    } else if (writer_try(writer, operation, &err) != TL_OK && !atomic_load(&stream->failed)) {
        writer_give_up(writer, &err);
    }
    if (unheard && atomic_load(&stream->failed))
        writer_record_failure(writer, &progress, NULL, NULL);
}

static void *writer_main(void *argument)
{
    struct writer *writer = argument;
    struct operation *operation;

    while ((operation = queues_pop(writer->options.queues)) != NULL) {
        writer_step(writer, operation);
        queues_finish(writer->options.queues);
    }
    return NULL;
}

enum tl_status writer_new(const struct writer_options *options, struct writer **out,
                          struct tl_error *err)
{
    const struct destination_contents *contents = options->contents;
    struct writer *writer = calloc(1, sizeof(*writer));

    if (writer == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the writer");
    writer->options = *options;
    writer->durable =
        contents->catalog.n_tables > 0 || contents->n_states > 0 || contents->next_run > 1;
    writer->whole = BUF_INIT(STATE_MAX_BYTES);
    plan_init(&writer->plan);
    gather_init(&writer->gather);
    writer->gather.any_order = writer_ops(writer)->traits.any_order;
    if (pthread_create(&writer->thread, NULL, writer_main, writer) != 0) {
        free(writer);
        return tl_fail(err, TL_INTERNAL, "cannot start the writer's thread");
    }
    *out = writer;
    return TL_OK;
}

void writer_free(struct writer *writer)
{
    if (writer == NULL)
        return;
    queues_close(writer->options.queues);
    pthread_join(writer->thread, NULL);
    failures_reset(&writer->failures);
    buf_free(&writer->whole);
    gather_reset(&writer->gather);
    plan_reset(&writer->plan);
    free(writer);
}
