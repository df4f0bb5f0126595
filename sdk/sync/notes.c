/* Schema changes in words. */
#include "sync/notes.h"

#include <stdlib.h>

#include "base/buf.h"
#include "towline/log.h"

enum { NOTE_MAX_BYTES = 4096 };

static void note_describe(struct buf *out, const struct catalog_table *table,
                          const struct catalog_change *change)
{
    const struct catalog_column *column = &table->columns[change->column];

    switch (change->kind) {
    case CATALOG_CREATE_TABLE:
        buf_printf(out, "new table %s (%u column%s)", table->name, table->n_columns,
                   table->n_columns == 1 ? "" : "s");
        break;
    case CATALOG_ADD_COLUMN:
        buf_printf(out, "new column %s.%s (%s)", table->name, column->name,
                   tl_type_name(column->type));
        break;
    case CATALOG_WIDEN:
        buf_printf(out, "column %s.%s: %s -> %s", table->name, column->name,
                   tl_type_name(types_of(change->previous)), tl_type_name(column->type));
        break;
    }
}

/* More was seen of a column, but its type holds that already: nothing to tell. */
static bool note_is_silent(const struct catalog_table *table,
                           const struct catalog_change *change)
{
    return change->kind == CATALOG_WIDEN &&
           types_of(change->previous) == table->columns[change->column].type;
}

static enum tl_status note_append(struct stream_run *stream, struct buf *text,
                                  enum tl_log_level level, struct tl_error *err)
{
    char **notes = realloc(stream->schema_notes, (stream->n_schema_notes + 1) * sizeof(*notes));

    if (notes != NULL)
        stream->schema_notes = notes;
    if (notes == NULL || (notes[stream->n_schema_notes] = buf_take(text)) == NULL) {
        buf_free(text);
        return tl_fail(err, TL_MEMORY, "out of memory for the list of schema changes");
    }
    tl_log(level, "schema change: %s", notes[stream->n_schema_notes]);
    stream->n_schema_notes++;
    return TL_OK;
}

enum tl_status notes_add(struct stream_run *stream, const struct plan *plan,
                         enum tl_log_level level, struct tl_error *err)
{
    for (size_t i = 0; i < plan->n_changes; i++) {
        struct buf text = BUF_INIT(NOTE_MAX_BYTES);
        if (note_is_silent(plan->table, &plan->changes[i]))
            continue;
        note_describe(&text, plan->table, &plan->changes[i]);
        if (note_append(stream, &text, level, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

void notes_cut(struct stream_run *stream, size_t count)
{
    while (stream->n_schema_notes > count)
        free(stream->schema_notes[--stream->n_schema_notes]);
}
