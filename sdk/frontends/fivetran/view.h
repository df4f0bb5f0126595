/* What the platform has been told of the tables: names, columns, types, keys. */
#ifndef FIVETRAN_VIEW_H
#define FIVETRAN_VIEW_H

#include "base/buf.h"
#include "destinations/destination.h"
#include "frontends/platform/selection.h"
#include "towline/stream.h"

struct view_column {
    uint32_t integer_digits; /* of a DECIMAL, at most so far */
    uint32_t scale;
    bool as_text; /* a date that the platform could not count: its text is sent */
};

struct view_table {
    struct catalog_table *table; /* the view's own copy */
    struct view_column *columns; /* as many as the table has */
    bool changed;                /* since the platform was told */
    unsigned version;            /* counts the changes of its columns and their types */
};

struct view {
    struct catalog catalog;
    struct view_table *tables; /* in the catalog's order */
    size_t n_tables;
};

void view_reset(struct view *view);

/* *out, which is empty, becomes equal. */
TL_NODISCARD enum tl_status view_copy(const struct view *view, struct view *out,
                                      struct tl_error *err);

/* Copies the catalog alone, for destination_ops.load. */
TL_NODISCARD enum tl_status view_copy_catalog(const struct view *view, struct catalog *out,
                                              struct tl_error *err);

/* Lent until a table is added; NULL if it is not known. */
struct view_table *view_find(const struct view *view, const char *name);

/* Brings the view up to the table, which has changed. */
TL_NODISCARD enum tl_status view_alter(struct view *view, const struct catalog_table *table,
                                       struct tl_error *err);

/* The platform has been told of everything. */
void view_told(struct view *view);

/* Looks for what the batch's values say beyond their types: how long DECIMALs are, and dates
 * that cannot be counted. May set `changed`. TL_DATA where a declared column cannot be sent. */
TL_NODISCARD enum tl_status view_survey(struct view_table *table, const struct batch *batch,
                                        struct tl_error *err);

/* The type under which the platform gets the column; TL_TYPE_NULL: not at all yet. */
enum tl_type view_type(const struct view_table *table, uint32_t column);

/* The value of the batch's row in the table's column, ABSENT where the row has none. */
static inline const struct tl_value *view_value(const struct batch *batch, size_t row,
                                                uint32_t column)
{
    static const struct tl_value absent = {.type = TL_TYPE_ABSENT};
    const struct batch_row *at = &batch->rows[row];
    const struct batch_part *part = &batch->parts[at->part];
    uint32_t source = part->source[column];

    if (source >= part->block->stride) /* COLUMNS_NONE, or newer than the block */
        return &absent;
    return block_row(part->block, at->row) + source;
}

/* Appends a Column; of a type that is TL_TYPE_NULL nothing is known. */
void view_write_column(const struct tl_column *column, bool is_key, struct buf *out);

/* Appends field (a Table) with the columns that are selected. */
void view_write_table(const struct view_table *table, const struct selection *selection,
                      unsigned field, struct buf *out);

#endif
