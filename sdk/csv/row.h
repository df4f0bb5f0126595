/* Lines of CSV into rows: the first names the columns. */
#ifndef CSV_ROW_H
#define CSV_ROW_H

#include "base/buf.h"
#include "rows/builder.h"

struct csv_limits {
    size_t max_row_bytes; /* with its line's end */
    uint32_t max_name_bytes;
    bool replace_invalid_utf8;      /* put U+FFFD for each byte that is not UTF-8, else fail */
    const char *const *key_columns; /* which the header must name; borrowed; NULL: none */
    const char *stream;             /* for warnings; borrowed; NULL: not said */
};

struct csv_rows {
    struct builder *builder; /* borrowed */
    struct csv_limits limits;
    uint32_t *columns; /* of the builder, for each field of a row */
    size_t n_columns;
    size_t capacity;
    bool header_known;
    uint64_t n_headers, n_rows;
};

/* Where a line begins. */
struct csv_line {
    const char *text;
    size_t size;     /* what is at hand: the line may end before, or after */
    uint64_t offset; /* of text in the stream */
    bool whole;      /* nothing comes after it */
};

void csv_rows_init(struct csv_rows *rows, struct builder *builder,
                   const struct csv_limits *limits);
void csv_rows_reset(struct csv_rows *rows);

/* Forgets the header: another one follows. */
void csv_rows_restart(struct csv_rows *rows);

/* Takes the line, of whose bytes it says how many were *used; 0: it does not end within size.
 * Empty lines are passed over, but where there is one column that is a row of null. TL_DATA
 * naming row and byte. */
TL_NODISCARD enum tl_status csv_rows_take(struct csv_rows *rows, const struct csv_line *line,
                                          size_t *used, struct tl_error *err);

/* "row 7", "the header". */
const char *csv_rows_where(const struct csv_rows *rows, char out[40]);

enum tl_status csv_rows_too_long(const struct csv_rows *rows, uint64_t offset,
                                 struct tl_error *err);

#endif
