/* A platform that takes JSON messages, one a line, in a destination's place. */
#include "frontends/platform/lines.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "towline/log.h"

/* What stands around a row: names of a stream and times. */
#define FRAME_MAX_BYTES ((size_t)1 << 20)

/* How much of the names of columns stands in one line of the log. */
enum { NAMES_MAX_BYTES = 1024 };

static struct lines *lines_of(struct destination *self)
{
    return (struct lines *)self;
}

struct lines_table *lines_find(struct lines *lines, const char *name)
{
    struct lines_table **tables;
    struct lines_table *table;

    for (size_t i = 0; i < lines->n_tables; i++)
        if (strcmp(lines->tables[i]->name, name) == 0)
            return lines->tables[i];
    tables = realloc(lines->tables, (lines->n_tables + 1) * sizeof(struct lines_table *));
    if (tables == NULL)
        return NULL;
    lines->tables = tables;
    table = calloc(1, sizeof(*table));
    if (table == NULL)
        return NULL;
    table->name = text_copy(name, strlen(name));
    if (table->name == NULL) {
        free(table);
        return NULL;
    }
    row_text_init(&table->text);
    tables[lines->n_tables++] = table;
    return table;
}

static enum tl_status lines_no_memory(const char *table, struct tl_error *err)
{
    return tl_fail(err, TL_MEMORY, "out of memory for table %s", table);
}

static bool copy_state(struct destination_contents *out, const struct stored_state *state)
{
    struct stored_state *copy = &out->states[out->n_states++];

    copy->stream = text_copy(state->stream, strlen(state->stream));
    copy->json = text_copy(state->json, strlen(state->json));
    return copy->stream != NULL && copy->json != NULL;
}

/* The catalog starts empty: what tables hold is found out from the rows, and joined with what
 * the platform takes them to hold only where rows are written. */
static enum tl_status lines_load(struct destination *self, struct destination_contents *out,
                                 struct tl_error *err)
{
    const struct lines *lines = lines_of(self);

    out->next_run = 1;
    out->states = calloc(lines->n_states + 1, sizeof(*out->states));
    if (out->states == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the states");
    for (size_t i = 0; i < lines->n_states; i++)
        if (!copy_state(out, &lines->states[i]))
            return tl_fail(err, TL_MEMORY, "out of memory for the states");
    return TL_OK;
}

static enum tl_status lines_alter(struct destination *self, const struct catalog_table *table,
                                  const struct catalog_change *changes, size_t n_changes,
                                  struct tl_error *err)
{
    struct lines_table *told;

    (void)changes, (void)n_changes;
    lines_enter(lines_of(self));
    told = lines_find(lines_of(self), table->name);
    if (told != NULL)
        told->changed = true;
    lines_leave(lines_of(self));
    return told ? TL_OK : lines_no_memory(table->name, err);
}

struct column_form lines_form(const struct lines *lines, const struct lines_table *table,
                              const struct catalog_table *columns, uint32_t index)
{
    const struct catalog_column *column = &columns->columns[index];
    const struct selection_column *listed =
        selection_find_column(selection_find(lines->selection, columns->name), column->name);

    return (struct column_form){
        .observed = column->observed | (listed ? listed->observed : 0),
        .shapes = (index < table->n_shapes ? table->shapes[index] : 0U) |
                  (listed ? listed->shapes : 0),
        .key = column->key > 0,
    };
}

/* A column that has shown nothing and that nobody expects has no type to be sent with. */
static bool is_sent(const struct lines *lines, const struct catalog_table *columns,
                    uint32_t index, const struct column_form *form)
{
    return types_of(form->observed) != TL_TYPE_NULL &&
           selection_has_column(selection_find(lines->selection, columns->name),
                                &columns->columns[index]);
}

static bool is_known(const struct catalog_table *columns, const char *name)
{
    for (uint32_t i = 0; i < columns->n_columns; i++)
        if (strcmp(columns->columns[i].name, name) == 0)
            return true;
    return false;
}

/* Columns that the platform wants and no row has shown yet: all rows have the same members. */
static enum tl_status tell_absent(const struct lines *lines, struct lines_table *table,
                                  const struct catalog_table *columns, struct tl_error *err)
{
    const struct selection_table *listed = selection_find(lines->selection, columns->name);

    for (size_t i = 0; listed != NULL && i < listed->n_columns; i++) {
        const struct selection_column *column = &listed->columns[i];
        if (column->selected && column->nullable && !is_known(columns, column->name) &&
            row_text_add(&table->text, COLUMNS_NONE, column->name, column->observed, err) !=
                TL_OK)
            return err->status;
    }
    return TL_OK;
}

static void warn_of_gone(const struct selection_table *listed,
                         const struct catalog_table *table)
{
    for (size_t i = 0; i < listed->n_columns; i++)
        if (listed->columns[i].selected && !is_known(table, listed->columns[i].name))
            tl_log(TL_LOG_WARNING,
                   "%s: column \"%s\" is in the catalog, but no row had a value for it",
                   listed->name, listed->columns[i].name);
}

/* Left out on purpose, or new since the catalog was made: only the user knows. */
static void tell_of_unlisted(const struct selection_table *listed,
                             const struct catalog_table *table)
{
    struct buf names = BUF_INIT(NAMES_MAX_BYTES);

    for (uint32_t i = 0; !listed->new_columns && i < table->n_columns; i++)
        if (table->columns[i].key == 0 &&
            selection_find_column(listed, table->columns[i].name) == NULL)
            buf_printf(&names, "%s\"%s\"", names.size > 0 ? ", " : "", table->columns[i].name);
    if (names.size > 0)
        tl_log(TL_LOG_INFO,
               "%s: the catalog does not list %s%s, so it is not sent; discover "
               "anew to have it",
               listed->name, buf_text(&names), names.failed ? " ..." : "");
    buf_free(&names);
}

void lines_tell_of_columns(const struct lines *lines, const struct catalog *catalog)
{
    for (size_t i = 0; i < lines->selection->n_tables; i++) {
        const struct selection_table *listed = &lines->selection->tables[i];
        const struct catalog_table *table = catalog_find(catalog, listed->name);
        if (table == NULL)
            continue;
        warn_of_gone(listed, table);
        tell_of_unlisted(listed, table);
    }
}

static enum tl_status tell_columns(struct lines *lines, struct lines_table *table,
                                   const struct catalog_table *columns, struct tl_error *err)
{
    row_text_reset(&table->text);
    for (uint32_t i = 0; i < columns->n_columns; i++) {
        struct column_form form = lines_form(lines, table, columns, i);
        if (is_sent(lines, columns, i, &form) &&
            row_text_add(&table->text, i, columns->columns[i].name, form.observed, err) !=
                TL_OK)
            return err->status;
    }
    return tell_absent(lines, table, columns, err);
}

/* Notes what the batch's nested values look like; that too is a change of the columns. */
static enum tl_status observe_shapes(struct lines_table *table, const struct batch *batch,
                                     struct tl_error *err)
{
    uint32_t n_columns = batch->table->n_columns;
    unsigned char *before;

    if (n_columns > table->n_shapes) {
        unsigned char *shapes = realloc(table->shapes, n_columns);
        if (shapes == NULL)
            return lines_no_memory(table->name, err);
        memset(shapes + table->n_shapes, 0, n_columns - table->n_shapes);
        table->shapes = shapes;
        table->n_shapes = n_columns;
    }
    before = malloc(n_columns + 1U);
    if (before == NULL)
        return lines_no_memory(table->name, err);
    memcpy(before, table->shapes, n_columns);
    column_shapes_observe(batch, table->shapes);
    table->changed = table->changed || memcmp(before, table->shapes, n_columns) != 0;
    free(before);
    return TL_OK;
}

/* Says what must be known before the rows. */
static void lines_introduce(struct lines *lines, struct lines_table *table,
                            const struct catalog_table *columns, struct buf *out)
{
    const struct lines_protocol *protocol = lines->protocol;

    if (!table->started && protocol->start != NULL)
        protocol->start(lines, table, out);
    if (table->changed && protocol->schema != NULL)
        protocol->schema(lines, table, columns, out);
    table->started = true;
    table->changed = false;
    buf_reset(&lines->before);
    buf_reset(&lines->after);
    protocol->frame(lines, table, &lines->before, &lines->after);
    out->failed |= lines->before.failed || lines->after.failed;
}

static enum tl_status send_rows(struct lines *lines, const struct batch *batch,
                                struct tally *tally, struct tl_error *err)
{
    struct lines_table *table = lines_find(lines, batch->table->name);
    struct buf *out;

    if (table == NULL)
        return lines_no_memory(batch->table->name, err);
    if (observe_shapes(table, batch, err) != TL_OK ||
        (table->changed && tell_columns(lines, table, batch->table, err) != TL_OK))
        return err->status;
    if (!selection_has_table(lines->selection, table->name))
        return TL_OK; /* one of several that a stream fills */
    table->rows += batch->n_rows;
    table->all_rows += batch->n_rows;
    tally->inserted += batch->n_rows;
    if (lines->protocol == NULL)
        return TL_OK;
    out = emitter_begin(lines->emitter);
    lines_introduce(lines, table, batch->table, out);
    for (size_t i = 0; i < batch->n_rows; i++) {
        const struct batch_row *at = &batch->rows[i];
        buf_append(out, lines->before.data, lines->before.size);
        row_text_append(&table->text, &batch->parts[at->part], at->row, out);
        buf_append(out, lines->after.data, lines->after.size);
        emitter_spill(lines->emitter);
    }
    return emitter_end(lines->emitter, false, err);
}

static enum tl_status lines_upsert(struct destination *self, const struct batch *batch,
                                   struct tally *tally, struct tl_error *err)
{
    enum tl_status status;

    lines_enter(lines_of(self));
    status = send_rows(lines_of(self), batch, tally, err);
    lines_leave(lines_of(self));
    return status;
}

/* Neither protocol can say these: better to fail than to say something else. */
static enum tl_status lines_cannot(const char *table, const char *what, struct tl_error *err)
{
    (void)tl_fail(err, TL_DESTINATION, "table %s: the platform's protocol cannot %s", table,
                  what);
    return tl_remedy(err, "Sync this stream into a database, or by a platform that can");
}

static enum tl_status lines_update(struct destination *self, const struct batch *batch,
                                   struct tally *tally, struct tl_error *err)
{
    (void)self, (void)tally;
    return lines_cannot(batch->table->name, "change a part of a row", err);
}

/* Whether the rows say themselves that they are gone, as a tap's or a source's do. */
static bool says_deleted(const struct catalog_table *table)
{
    return is_known(table, "_sdc_deleted_at") || is_known(table, "_ab_cdc_deleted_at");
}

static enum tl_status lines_delete(struct destination *self, const struct batch *batch,
                                   struct tally *tally, struct tl_error *err)
{
    if (says_deleted(batch->table))
        return lines_upsert(self, batch, tally, err);
    return lines_cannot(batch->table->name, "delete a row by its key", err);
}

static enum tl_status lines_truncate(struct destination *self,
                                     const struct catalog_table *table,
                                     const struct destination_scope *scope, int64_t synced_us,
                                     struct tally *tally, struct tl_error *err)
{
    (void)self, (void)scope, (void)synced_us, (void)tally;
    return lines_cannot(table->name, "truncate", err);
}

/* What a full load no longer holds is for the platform to remove. */
static enum tl_status lines_sweep_begin(struct destination *self,
                                        const struct catalog_table *table, struct tl_error *err)
{
    (void)self, (void)table, (void)err;
    return TL_OK;
}

static enum tl_status lines_sweep(struct destination *self, const struct catalog_table *table,
                                  const struct destination_scope *scope,
                                  enum tl_deletes deletes, int64_t synced_us,
                                  struct tally *tally, struct tl_error *err)
{
    (void)self, (void)table, (void)scope, (void)deletes, (void)synced_us, (void)tally,
        (void)err;
    return TL_OK;
}

static enum tl_status send_state(struct lines *lines, const char *stream, const char *state,
                                 const struct run_record *run, struct tl_error *err)
{
    struct lines_table *table = lines_find(lines, stream);
    char *copy = text_copy(state, strlen(state));

    if (table == NULL || copy == NULL) {
        free(copy);
        return lines_no_memory(stream, err);
    }
    free(table->state);
    table->state = copy;
    lines->protocol->state(lines, table, run, emitter_begin(lines->emitter));
    table->rows = 0;
    return emitter_end(lines->emitter, true, err);
}

static enum tl_status lines_commit(struct destination *self, const char *stream,
                                   const char *state, const struct run_record *run,
                                   struct tl_error *err)
{
    enum tl_status status;

    if (state == NULL || lines_of(self)->protocol == NULL)
        return TL_OK; /* only the run's log would have something to say */
    lines_enter(lines_of(self));
    status = send_state(lines_of(self), stream, state, run, err);
    lines_leave(lines_of(self));
    return status;
}

/* Rows that were sent cannot be taken back; they come again, and their keys tell them. Columns
 * are numbered anew. */
static void lines_rollback(struct destination *self)
{
    struct lines *lines = lines_of(self);

    lines_enter(lines);
    for (size_t i = 0; i < lines->n_tables; i++) {
        struct lines_table *table = lines->tables[i];
        table->n_shapes = 0;
        if (table->rows > 0 && lines->protocol != NULL && lines->protocol->again != NULL)
            lines->protocol->again(lines, table);
    }
    lines_leave(lines);
}

static const struct destination_ops lines_ops = {
    .scheme = "platform",
    .help = "a platform that runs the program",
    .traits = {.max_columns = UINT32_MAX, .any_order = true},
    .load = lines_load,
    .alter = lines_alter,
    .upsert = lines_upsert,
    .update = lines_update,
    .delete_rows = lines_delete,
    .truncate = lines_truncate,
    .sweep_begin = lines_sweep_begin,
    .sweep = lines_sweep,
    .commit = lines_commit,
    .rollback = lines_rollback,
};

void lines_enter(struct lines *lines)
{
    pthread_mutex_lock(&lines->lock);
}

void lines_leave(struct lines *lines)
{
    pthread_mutex_unlock(&lines->lock);
}

void lines_init(struct lines *lines, const struct lines_protocol *protocol,
                struct emitter *emitter, const struct selection *selection,
                const struct stored_state *states, size_t n_states)
{
    *lines = (struct lines){
        .base = {.ops = &lines_ops},
        .protocol = protocol,
        .emitter = emitter,
        .selection = selection,
        .states = states,
        .n_states = n_states,
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .before = BUF_INIT(FRAME_MAX_BYTES),
        .after = BUF_INIT(FRAME_MAX_BYTES),
    };
}

void lines_reset(struct lines *lines)
{
    for (size_t i = 0; i < lines->n_tables; i++) {
        struct lines_table *table = lines->tables[i];
        row_text_reset(&table->text);
        free(table->shapes);
        free(table->state);
        free(table->name);
        free(table);
    }
    free(lines->tables);
    buf_free(&lines->before);
    buf_free(&lines->after);
}
