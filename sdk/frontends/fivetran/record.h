/* Rows as Record messages: the hot path of a sync. */
#ifndef FIVETRAN_RECORD_H
#define FIVETRAN_RECORD_H

#include "frontends/fivetran/view.h"

/* How the rows of one table are written, as its columns are now. */
struct record_layout {
    struct record_column *columns; /* those that are sent */
    size_t n_columns;
    size_t max_columns;
    struct buf head;  /* what every record of the table begins with */
    struct buf names; /* what every value begins with, one after the other */
    struct buf scratch;
    unsigned type;                     /* RECORD_UPSERT ... */
    const struct catalog_table *table; /* whose it is, as of */
    unsigned version;
};

void record_layout_init(struct record_layout *layout);
void record_layout_reset(struct record_layout *layout);

/* Lays out records of that type for the selected columns; a DELETE has the key's alone. Does
 * nothing if that is how they are laid out. The selection must be the table's, always. */
TL_NODISCARD enum tl_status record_layout_make(struct record_layout *layout,
                                               const struct view_table *table,
                                               const struct selection_table *selection,
                                               unsigned type, struct tl_error *err);

/* Appends the batch's row as a Record without tag and length. An UPDATE has the columns that
 * the row names, an UPSERT all of them, null where the row has none. TL_DATA, naming the
 * column, where a value cannot be sent; failure of memory is the buffer's. */
TL_NODISCARD enum tl_status record_append(struct record_layout *layout,
                                          const struct batch *batch, size_t row,
                                          struct buf *out, struct tl_error *err);

#endif
