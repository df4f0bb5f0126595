/* What every row must pass on its way into a block: declared types, key, cursor. */
#include <inttypes.h>
#include <string.h>

#include "base/text.h"
#include "rows/number.h"
#include "sync/state.h"
#include "sync/sync.h"

/* Borrowed text must live as long as the block. */
enum tl_status sync_keep_value(struct tl_sync *sync, const struct tl_value *value,
                               struct tl_value *cell, struct tl_error *err)
{
    bool is_text = types_is_text(value->type);
    char *text;

    *cell = *value;
    if (!is_text)
        return TL_OK;
    if (value->size > INT32_MAX)
        return tl_fail(err, TL_DATA, "a text is larger than 2 GiB");
    text = builder_text(&sync->builder, value->size);
    if (text == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for a value of %u bytes", value->size);
    if (value->size > 0)
        memcpy(text, value->as.text, value->size);
    cell->as.text = text;
    return TL_OK;
}

/* A column that is declared as text keeps every digit: 1.50 is not 1.5 there. */
bool sync_wants_verbatim(struct builder_sink *sink, const char *name, size_t size)
{
    const struct tl_sync *sync = (const struct tl_sync *)sink;
    const struct tl_column *column = stream_column(sync->stream->stream, name, size);

    return column != NULL && (column->type == TL_TYPE_DECIMAL ||
                              column->type == TL_TYPE_STRING || column->type == TL_TYPE_JSON);
}

enum { SHOWN_BYTES = 64 };

/* How a refused value is shown. */
static const char *sync_show(const struct tl_value *value, char out[SHOWN_BYTES])
{
    struct buf printed = BUF_INIT(1 << 20);

    cursor_print(value, &printed);
    text_safe(out, SHOWN_BYTES, buf_text(&printed), printed.size);
    buf_free(&printed);
    return out;
}

static enum tl_status sync_wrong_type(const struct tl_column *column,
                                      const struct tl_value *given, struct tl_error *err)
{
    type_observed declared = OBSERVED(column->type) | OBSERVED_DECLARED;
    enum tl_type both = types_of(types_undeclare(declared) | types_observe(given));
    char shown[SHOWN_BYTES];

    (void)sync_show(given, shown);
    (void)tl_fail(err, TL_DATA, "its column \"%s\" holds %s \"%s\", which is no %s",
                  column->name, tl_type_name(given->type), shown, tl_type_name(column->type));
    return tl_remedy(err,
                     "Declare \"%s\" as %s in `columns`, or leave it out to have it inferred",
                     column->name, tl_type_name(both));
}

/* A number that needs more digits than its column has. */
static enum tl_status sync_check_digits(const struct tl_column *column,
                                        const struct tl_value *decimal, struct tl_error *err)
{
    int64_t whole = column->precision - column->scale, scale = column->scale;
    struct number_places needed;
    char shown[SHOWN_BYTES];

    if (column->precision == 0 || decimal->type != TL_TYPE_DECIMAL)
        return TL_OK;
    needed = number_needed_places(decimal->as.text, decimal->size);
    if (needed.whole <= whole && needed.fraction <= scale)
        return TL_OK;
    whole = needed.whole > whole ? needed.whole : whole;
    scale = needed.fraction > scale ? needed.fraction : scale;
    (void)tl_fail(err, TL_DATA,
                  "its column \"%s\" holds \"%s\", which DECIMAL(%" PRIu32 ",%" PRIu32
                  ") does not hold without losing a digit",
                  column->name, sync_show(decimal, shown), column->precision, column->scale);
    if (whole + scale > TL_PRECISION_MAX)
        return tl_remedy(err, "Declare \"%s\" as DECIMAL in `columns`, which holds any number",
                         column->name);
    return tl_remedy(err,
                     "Declare \"%s\" as DECIMAL(%" PRId64 ",%" PRId64
                     ") in `columns`, or as DECIMAL, which holds any number",
                     column->name, whole + scale, scale);
}

static enum tl_status sync_coerce(struct tl_sync *sync, struct declared_column *declared,
                                  struct tl_value *cells, struct tl_error *err)
{
    const struct tl_column *column = declared->column;
    struct tl_value *value, coerced;

    if (declared->index == COLUMNS_NONE)
        declared->index =
            columns_find(sync->builder.columns, column->name, strlen(column->name));
    if (declared->index == COLUMNS_NONE)
        return TL_OK;
    value = &cells[declared->index];
    coerced = *value;
    if (!types_coerce(&coerced, column->type, &sync->scratch))
        return sync->scratch.failed ? buf_check(&sync->scratch, column->name, err)
                                    : sync_wrong_type(column, value, err);
    if (sync_check_digits(column, &coerced, err) != TL_OK)
        return err->status;
    if (types_is_text(value->type) && types_is_text(coerced.type) &&
        coerced.as.text == value->as.text) {
        *value = coerced;
        return TL_OK;
    }
    return sync_keep_value(sync, &coerced, value, err);
}

/* An overlap that does not fit the cursor would be found out only in the next sync. */
static enum tl_status sync_check_overlap(struct tl_sync *sync, const struct tl_value *value,
                                         struct tl_error *err)
{
    const char *overlap = sync->stream->stream->cursor_overlap;
    struct buf text = BUF_INIT(STATE_MAX_BYTES), stepped = BUF_INIT(STATE_MAX_BYTES);
    enum tl_status status = TL_OK;

    if (overlap == NULL || sync->overlap_fits || value->type <= TL_TYPE_NULL)
        return TL_OK;
    cursor_print(value, &text);
    status = cursor_step_back(buf_text(&text), overlap, &stepped, err);
    sync->overlap_fits = status == TL_OK;
    buf_free(&text);
    buf_free(&stepped);
    return status;
}

static enum tl_status sync_follow_cursor(struct tl_sync *sync, const struct tl_value *cells,
                                         struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;
    int order;

    if (sync->cursor_index == COLUMNS_NONE)
        sync->cursor_index =
            columns_find(sync->builder.columns, stream->cursor, strlen(stream->cursor));
    if (sync->cursor_index == COLUMNS_NONE)
        return TL_OK;
    if (stream->ordered && sync->cursor.value.type != TL_TYPE_NULL &&
        cells[sync->cursor_index].type > TL_TYPE_NULL &&
        cursor_compare(&cells[sync->cursor_index], &sync->cursor.value, &order) && order < 0) {
        (void)tl_fail(err, TL_DATA, "its cursor \"%s\" is lower than that of a row before it",
                      stream->cursor);
        return tl_remedy(err, "Let the command sort its rows by \"%s\", or leave out `ordered`",
                         stream->cursor);
    }
    if (cursor_follow(&sync->cursor, &cells[sync->cursor_index], err) != TL_OK)
        return tl_context(err, "column \"%s\"", stream->cursor);
    return sync_check_overlap(sync, &cells[sync->cursor_index], err);
}

static void sync_note_last(struct tl_sync *sync, const struct tl_value *cells)
{
    struct last_value *last = &sync->last;

    if (last->index == COLUMNS_NONE)
        last->index = columns_find(sync->builder.columns, last->column, strlen(last->column));
    last->known = last->index != COLUMNS_NONE && cells[last->index].type > TL_TYPE_NULL;
    buf_reset(&last->text);
    if (last->known)
        cursor_print(&cells[last->index], &last->text);
}

void tl_sync_keep_last(struct tl_sync *sync, const char *column)
{
    sync->last.column = column;
}

enum tl_status tl_sync_last(struct tl_sync *sync, const char *overlap, const char **out,
                            struct tl_error *err)
{
    struct last_value *last = &sync->last;

    *out = NULL;
    if (buf_check(&last->text, last->column, err) != TL_OK)
        return err->status;
    if (!last->known)
        return TL_OK;
    *out = buf_text(&last->text);
    if (overlap == NULL)
        return TL_OK;
    buf_reset(&sync->value);
    if (cursor_step_back(*out, overlap, &sync->value, err) != TL_OK)
        return err->status;
    *out = buf_text(&sync->value);
    return buf_check(&sync->value, last->column, err);
}

static void sync_count(const struct tl_sync *sync, struct stream_report *report)
{
    report->rows_read++;
    if (sync->kind == OPERATION_UPSERT)
        report->upserts++;
    else if (sync->kind == OPERATION_UPDATE)
        report->updates++;
    else
        report->deletes++;
}

static enum tl_status sync_check_row(struct tl_sync *sync, struct tl_value *cells,
                                     struct tl_error *err)
{
    const struct tl_stream *stream = sync->stream->stream;

    if (key_find(&sync->stream->key, &sync->builder, cells, err) != TL_OK)
        return err->status;
    for (size_t i = 0; i < stream->n_columns; i++)
        if (sync_coerce(sync, &sync->declared[i], cells, err) != TL_OK)
            return err->status;
    if (key_hash(&sync->stream->key, &sync->builder, cells, err) != TL_OK)
        return err->status;
    return stream->cursor != NULL ? sync_follow_cursor(sync, cells, err) : TL_OK;
}

enum tl_status sync_take_row(struct builder_sink *sink, struct tl_value *cells,
                             uint64_t row_number, struct tl_error *err)
{
    struct tl_sync *sync = (struct tl_sync *)sink;
    struct tl_sync *root = sync->root != NULL ? sync->root : sync;

    if (sync_check_row(sync, cells, err) != TL_OK)
        return tl_context(err, "row %" PRIu64, row_number);
    if (root->enough_rows > 0 && root->report->rows_read >= root->enough_rows) {
        root->enough = true;
        return tl_fail(err, TL_PARTIAL, "%" PRIu64 " rows are enough", root->enough_rows);
    }
    root->uncommitted_rows++;
    sync_count(sync, root->report);
    if (sync != root)
        sync_count(sync, sync->report);
    if (sync->last.column != NULL)
        sync_note_last(sync, cells);
    if (sync->report->n_sample < sync->max_sample)
        return sync_sample(sync, cells, err);
    return TL_OK;
}
