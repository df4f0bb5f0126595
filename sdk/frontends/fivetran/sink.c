/* The platform in a destination's place. The writer's thread calls the operations; warnings
 * come from the run's thread and checkpoints also from a clock's, each as a message of its own.
 */
#include "frontends/fivetran/sink.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "frontends/fivetran/proto.h"
#include "sync/state.h"

/* A platform wants a checkpoint now and then in any case: the clock looks once an interval, so
 * that ten never pass without one. */
enum { STALE_INTERVALS = 9, CLOCK_MS = 60000 };

static struct sink *sink_of(struct destination *destination)
{
    return (struct sink *)destination;
}

/* Messages. */

static enum tl_status send_frame(struct sink *sink, struct buf *frame, struct tl_error *err)
{
    if (frame->failed) {
        enum tl_status status = buf_check(frame, "a message for the platform", err);
        buf_free(frame);
        return status;
    }
    if (!frame_end(frame)) {
        buf_free(frame);
        return tl_fail(err, TL_DATA,
                       "a message is larger than the 128 MiB that the platform takes");
    }
    return grpc_call_send(sink->call, frame, err);
}

enum tl_status sink_say(struct sink *sink, unsigned field, const char *text,
                        struct tl_error *err)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES);
    size_t begun;

    frame_begin(&frame);
    begun = proto_begin(&frame, field);
    proto_text(&frame, SAYING_MESSAGE, text, strlen(text));
    proto_end(&frame, begun);
    return send_frame(sink, &frame, err);
}

static enum tl_status send_change(struct sink *sink, struct view_table *table,
                                  struct tl_error *err)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES);
    size_t change, list;

    table->changed = false;
    if (sink->call == NULL)
        return TL_OK;
    frame_begin(&frame);
    change = proto_begin(&frame, UPDATE_SCHEMA_CHANGE);
    list = proto_begin(&frame, CHANGE_WITHOUT_SCHEMA);
    view_write_table(table, sink->selection, TABLE_LIST_TABLES, &frame);
    proto_end(&frame, list);
    proto_end(&frame, change);
    return send_frame(sink, &frame, err);
}

static enum tl_status send_truncate(struct sink *sink, const char *table, struct tl_error *err)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES);
    size_t begun;

    if (sink->call == NULL)
        return TL_OK;
    frame_begin(&frame);
    begun = proto_begin(&frame, UPDATE_RECORD);
    proto_text(&frame, RECORD_TABLE, table, strlen(table));
    proto_number(&frame, RECORD_TYPE, RECORD_TRUNCATE);
    proto_end(&frame, begun);
    return send_frame(sink, &frame, err);
}

/* Rows. */

static void begin_batch(struct sink *sink)
{
    frame_begin(&sink->frame);
    sink->records_at = proto_begin(&sink->frame, UPDATE_RECORDS);
    sink->batch_rows = 0;
}

static enum tl_status send_batch(struct sink *sink, struct tl_error *err)
{
    proto_end(&sink->frame, sink->records_at);
    return send_frame(sink, &sink->frame, err);
}

/* One record alone, which is too large to go with others. */
static enum tl_status send_record(struct sink *sink, const char *record, size_t size,
                                  struct tl_error *err)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES);
    size_t begun;

    frame_begin(&frame);
    begun = proto_begin(&frame, UPDATE_RECORD);
    buf_append(&frame, record, size);
    proto_end(&frame, begun);
    return send_frame(sink, &frame, err);
}

/* The last record, which began at `begun` and has its content from `content` on, does not fit:
 * those before it go first. */
static enum tl_status divide_batch(struct sink *sink, size_t begun, size_t content,
                                   struct tl_error *err)
{
    size_t size = sink->frame.size - content;

    buf_reset(&sink->spare);
    buf_append(&sink->spare, sink->frame.data + content, size);
    if (buf_check(&sink->spare, "a row", err) != TL_OK)
        return err->status;
    sink->frame.size = begun;
    if (sink->batch_rows > 0 && send_batch(sink, err) != TL_OK)
        return err->status;
    if (sink->batch_rows > 0)
        begin_batch(sink);
    if (size > SINK_MESSAGE_BYTES) {
        enum tl_status status = send_record(sink, sink->spare.data, size, err);
        buf_free(&sink->spare);
        return status;
    }
    begun = proto_begin(&sink->frame, RECORDS_RECORDS);
    buf_append(&sink->frame, sink->spare.data, size);
    proto_end(&sink->frame, begun);
    sink->batch_rows = 1;
    return TL_OK;
}

static enum tl_status add_row(struct sink *sink, const struct batch *batch, size_t row,
                              struct tl_error *err)
{
    size_t begun = sink->frame.size;
    size_t content = proto_begin(&sink->frame, RECORDS_RECORDS);

    if (record_append(&sink->layout, batch, row, &sink->frame, err) != TL_OK) {
        const struct batch_row *at = &batch->rows[row];
        return tl_context(
            err, "row %llu",
            (unsigned long long)(batch->parts[at->part].block->first_row + at->row));
    }
    if (buf_check(&sink->frame, "a row", err) != TL_OK)
        return err->status;
    if (sink->frame.size > SINK_MESSAGE_BYTES)
        return divide_batch(sink, begun, content, err);
    proto_end(&sink->frame, content);
    sink->batch_rows++;
    return TL_OK;
}

static enum tl_status send_rows(struct sink *sink, const struct batch *batch,
                                struct tl_error *err)
{
    buf_free(&sink->frame);
    begin_batch(sink);
    for (size_t row = 0; row < batch->n_rows; row++) {
        if (add_row(sink, batch, row, err) != TL_OK)
            return err->status;
        if (sink->batch_rows < SINK_BATCH_ROWS && sink->frame.size < SINK_BATCH_BYTES)
            continue;
        if (send_batch(sink, err) != TL_OK)
            return err->status;
        begin_batch(sink);
    }
    if (sink->batch_rows > 0)
        return send_batch(sink, err);
    buf_free(&sink->frame);
    return TL_OK;
}

static bool take_truncate(struct sink *sink, const char *table)
{
    for (size_t i = 0; i < sink->n_truncate; i++)
        if (strcmp(sink->truncate[i], table) == 0) {
            sink->truncate[i] = sink->truncate[--sink->n_truncate];
            return true;
        }
    return false;
}

/* Before rows: what the platform must know of their table, and that the rows it has are old. */
static enum tl_status announce(struct sink *sink, struct view_table *table,
                               struct tl_error *err)
{
    if (table->changed && send_change(sink, table, err) != TL_OK)
        return err->status;
    if (take_truncate(sink, table->table->name))
        return send_truncate(sink, table->table->name, err);
    return TL_OK;
}

static enum tl_status write_rows(struct destination *self, const struct batch *batch,
                                 unsigned type, struct tl_error *err)
{
    struct sink *sink = sink_of(self);
    const char *name = batch->table->name;
    struct view_table *table = view_find(&sink->view, name);

    if (table == NULL)
        return tl_fail(err, TL_INTERNAL, "rows of table %s came before the table", name);
    if (view_survey(table, batch, err) != TL_OK)
        return err->status;
    if (sink->call == NULL || !selection_has_table(sink->selection, name))
        return TL_OK;
    if (announce(sink, table, err) != TL_OK ||
        record_layout_make(&sink->layout, table, selection_find(sink->selection, name), type,
                           err) != TL_OK)
        return err->status;
    return send_rows(sink, batch, err);
}

/* Operations. */

static enum tl_status sink_upsert(struct destination *self, const struct batch *batch,
                                  struct tally *tally, struct tl_error *err)
{
    enum tl_status status = write_rows(self, batch, RECORD_UPSERT, err);

    if (status == TL_OK) /* which of them are new, the platform alone knows */
        tally->updated += batch->n_rows;
    return status;
}

static enum tl_status sink_update(struct destination *self, const struct batch *batch,
                                  struct tally *tally, struct tl_error *err)
{
    enum tl_status status = write_rows(self, batch, RECORD_UPDATE, err);

    if (status == TL_OK)
        tally->updated += batch->n_rows;
    return status;
}

static enum tl_status sink_delete(struct destination *self, const struct batch *batch,
                                  struct tally *tally, struct tl_error *err)
{
    enum tl_status status = write_rows(self, batch, RECORD_DELETE, err);

    if (status == TL_OK)
        tally->deleted += batch->n_rows;
    return status;
}

static enum tl_status sink_truncate(struct destination *self, const struct catalog_table *table,
                                    const struct destination_scope *scope, int64_t synced_us,
                                    struct tally *tally, struct tl_error *err)
{
    (void)synced_us;
    (void)tally;
    if (scope != NULL)
        return tl_fail(err, TL_CONFIGURATION,
                       "table %s: the platform cannot truncate the rows of %s alone",
                       table->name, scope->value);
    return send_truncate(sink_of(self), table->name, err);
}

/* The platform can only forget all rows before the new ones come. It is told when the first of
 * these is there: a command that prints nothing is to delete nothing. */
static enum tl_status sink_sweep_begin(struct destination *self,
                                       const struct catalog_table *table, struct tl_error *err)
{
    struct sink *sink = sink_of(self);
    const char **truncate =
        realloc(sink->truncate, (sink->n_truncate + 1) * sizeof(*sink->truncate));

    if (truncate == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for table %s", table->name);
    sink->truncate = truncate;
    truncate[sink->n_truncate++] = table->name;
    return TL_OK;
}

/* A complete output without rows: all of them are gone. */
static enum tl_status sink_sweep(struct destination *self, const struct catalog_table *table,
                                 const struct destination_scope *scope, enum tl_deletes deletes,
                                 int64_t synced_us, struct tally *tally, struct tl_error *err)
{
    struct sink *sink = sink_of(self);

    (void)scope;
    (void)deletes;
    (void)synced_us;
    (void)tally;
    return take_truncate(sink, table->name) ? send_truncate(sink, table->name, err) : TL_OK;
}

static enum tl_status sink_alter(struct destination *self, const struct catalog_table *table,
                                 const struct catalog_change *changes, size_t n_changes,
                                 struct tl_error *err)
{
    struct sink *sink = sink_of(self);
    struct view_table *known = view_find(&sink->view, table->name);
    bool changed = known == NULL || known->changed;

    for (size_t i = 0; i < n_changes; i++)
        changed = changed || changes[i].kind != CATALOG_WIDEN ||
                  types_of(changes[i].previous) != table->columns[changes[i].column].type;
    if (view_alter(&sink->view, table, err) != TL_OK)
        return err->status;
    view_find(&sink->view, table->name)->changed = changed;
    return TL_OK;
}

static enum tl_status sink_load(struct destination *self, struct destination_contents *out,
                                struct tl_error *err)
{
    struct sink *sink = sink_of(self);
    enum tl_status status = view_copy_catalog(&sink->view, &out->catalog, err);

    out->next_run = 1;
    out->states = calloc(sink->n_states + 1, sizeof(*out->states));
    if (status == TL_OK && out->states == NULL)
        status = tl_fail(err, TL_MEMORY, "out of memory for the state");
    for (size_t i = 0; status == TL_OK && i < sink->n_states; i++) {
        const struct sink_state *state = &sink->states[i];
        struct stored_state *copy = &out->states[out->n_states++];
        copy->stream = text_copy(state->stream, strlen(state->stream));
        copy->json = text_copy(state->json, strlen(state->json));
        if (copy->stream == NULL || copy->json == NULL)
            status = tl_fail(err, TL_MEMORY, "out of memory for the state");
    }
    return status;
}

/* What was sent cannot be taken back; it is not saved, so it comes again. */
static void sink_rollback(struct destination *self)
{
    struct sink *sink = sink_of(self);

    buf_free(&sink->frame);
    sink->n_truncate = 0;
}

/* State. */

/* Under the lock, or alone. */
static enum tl_status set_state(struct sink *sink, const char *stream, const char *json,
                                struct tl_error *err)
{
    size_t at = 0;
    char *copy = text_copy(json, strlen(json));

    while (at < sink->n_states && strcmp(sink->states[at].stream, stream) != 0)
        at++;
    if (copy != NULL && at == sink->n_states) {
        struct sink_state *states = realloc(sink->states, (at + 1) * sizeof(*sink->states));
        char *name = text_copy(stream, strlen(stream));
        if (states != NULL)
            sink->states = states;
        if (states != NULL && name != NULL)
            states[sink->n_states++] = (struct sink_state){.stream = name};
        else
            free(name);
    }
    if (copy == NULL || at == sink->n_states) {
        free(copy);
        return tl_fail(err, TL_MEMORY, "out of memory for the state of stream %s", stream);
    }
    free(sink->states[at].json);
    sink->states[at].json = copy;
    return TL_OK;
}

/* Under the lock: {"stream": {...}, ...}. */
static enum tl_status send_state(struct sink *sink, struct tl_error *err)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES), state = BUF_INIT(FRAME_MAX_BYTES);
    size_t begun;

    buf_append_char(&state, '{');
    for (size_t i = 0; i < sink->n_states; i++) {
        if (i > 0)
            buf_append_char(&state, ',');
        text_append_json(&state, sink->states[i].stream, strlen(sink->states[i].stream));
        buf_append_char(&state, ':');
        buf_append_string(&state, sink->states[i].json);
    }
    buf_append_char(&state, '}');
    frame_begin(&frame);
    begun = proto_begin(&frame, UPDATE_CHECKPOINT);
    proto_text(&frame, CHECKPOINT_STATE, buf_text(&state), state.size);
    proto_end(&frame, begun);
    frame.failed |= state.failed;
    buf_free(&state);
    sink->unsaved = false;
    sink->saved_ms = clock_now_ms();
    return send_frame(sink, &frame, err);
}

int sink_clock_ms(const struct sink *sink)
{
    return sink->interval_ms > 0 ? (int)sink->interval_ms : CLOCK_MS;
}

enum tl_status sink_checkpoint(struct sink *sink, bool last, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    int64_t age_ms;

    pthread_mutex_lock(&sink->lock);
    age_ms = clock_now_ms() - sink->saved_ms;
    if (last || (sink->unsaved && age_ms >= sink->interval_ms) ||
        age_ms >= STALE_INTERVALS * sink_clock_ms(sink))
        status = send_state(sink, err);
    pthread_mutex_unlock(&sink->lock);
    return status;
}

static enum tl_status sink_commit(struct destination *self, const char *stream,
                                  const char *state, const struct run_record *run,
                                  struct tl_error *err)
{
    struct sink *sink = sink_of(self);
    struct view_table *table = view_find(&sink->view, stream);
    enum tl_status status = TL_OK;

    (void)run;
    if (sink->call == NULL)
        return TL_OK;
    if (table != NULL && table->changed && send_change(sink, table, err) != TL_OK)
        return err->status;
    if (state == NULL)
        return TL_OK;
    pthread_mutex_lock(&sink->lock);
    status = set_state(sink, stream, *state != '\0' ? state : "{}", err);
    sink->unsaved = true;
    pthread_mutex_unlock(&sink->lock);
    return status == TL_OK ? sink_checkpoint(sink, false, err) : status;
}

/* Life. */

static const struct destination_ops sink_ops = {
    .scheme = "fivetran",
    .help = "the platform that has called",
    .traits = {.max_columns = UINT32_MAX,
               .any_order = true,
               .unlisted_tables = true,
               .whole_tables = true},
    .load = sink_load,
    .alter = sink_alter,
    .upsert = sink_upsert,
    .update = sink_update,
    .delete_rows = sink_delete,
    .truncate = sink_truncate,
    .sweep_begin = sink_sweep_begin,
    .sweep = sink_sweep,
    .commit = sink_commit,
    .rollback = sink_rollback,
};

struct first_states {
    struct state_visitor visitor;
    struct sink *sink;
};

static enum tl_status take_state(struct state_visitor *visitor, const char *stream,
                                 const char *json, struct tl_error *err)
{
    return set_state(((struct first_states *)visitor)->sink, stream, json, err);
}

enum tl_status sink_init(struct sink *sink, struct grpc_call *call,
                         const struct selection *selection, const char *whole,
                         struct tl_error *err)
{
    struct first_states states = {.visitor = {.member = take_state}, .sink = sink};

    *sink = (struct sink){
        .base = {.ops = &sink_ops},
        .call = call,
        .selection = selection,
        .frame = BUF_INIT(FRAME_MAX_BYTES),
        .spare = BUF_INIT(FRAME_MAX_BYTES),
        .saved_ms = clock_now_ms(),
    };
    record_layout_init(&sink->layout);
    pthread_mutex_init(&sink->lock, NULL);
    return state_visit(whole, &states.visitor, err);
}

void sink_reset(struct sink *sink)
{
    for (size_t i = 0; i < sink->n_states; i++) {
        free(sink->states[i].stream);
        free(sink->states[i].json);
    }
    free(sink->states);
    free(sink->truncate);
    view_reset(&sink->view);
    record_layout_reset(&sink->layout);
    buf_free(&sink->frame);
    buf_free(&sink->spare);
    pthread_mutex_destroy(&sink->lock);
}
