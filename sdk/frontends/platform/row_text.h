/* Rows as JSON objects, written straight from the cells of a block. */
#ifndef PLATFORM_ROW_TEXT_H
#define PLATFORM_ROW_TEXT_H

#include "base/buf.h"
#include "destinations/destination.h"

struct row_text_column {
    uint32_t index; /* in the table; COLUMNS_NONE: always null */
    type_observed observed;
    enum tl_type type; /* types_of(observed) */
    char *prefix;      /* {"name":  or  ,"name": */
    size_t prefix_size;
};

/* What rows of one table look like: which columns, by which names, of which types. */
struct row_text {
    struct row_text_column *columns;
    size_t n_columns;
    size_t prefixes_size;
    struct buf scratch;
};

void row_text_init(struct row_text *row_text);
void row_text_reset(struct row_text *row_text);

/* Adds a column of the table (COLUMNS_NONE: one that it lacks), which has shown `observed` as
 * far as the reader of the rows knows: its values take the form that types_fit gives them. The
 * name is copied. */
TL_NODISCARD enum tl_status row_text_add(struct row_text *row_text, uint32_t index,
                                         const char *name, type_observed observed,
                                         struct tl_error *err);

/* Appends the object: every column in the order in which they were added, null where the row
 * lacks it. Numbers keep every digit, nested values are as they came, bytes become base64, and
 * the blank in a date and time becomes a T. Failure is out's. */
void row_text_append(struct row_text *row_text, const struct batch_part *part, uint32_t row,
                     struct buf *out);

#endif
