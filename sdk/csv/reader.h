/* Finds the rows in CSV (RFC 4180) that arrives in any chunking; memory is bounded by one row.
 * The first line names the columns. Fields stand between commas, lines end with LF or CR LF,
 * UTF-16 with its byte order mark is converted. A field of no characters is null, "" in quotes
 * an empty string. */
#ifndef CSV_READER_H
#define CSV_READER_H

#include <stdint.h>

#include "csv/row.h"

struct csv_reader;

/* The builder receives every row from builder_begin to builder_end; borrowed. */
TL_NODISCARD enum tl_status csv_reader_new(const struct csv_limits *limits,
                                           struct builder *builder, struct csv_reader **out,
                                           struct tl_error *err);

/* Takes the next bytes. Errors name byte offset, row and reason (TL_DATA), or are the
 * builder's. After a failure the reader only accepts csv_reader_free. */
TL_NODISCARD enum tl_status csv_reader_feed(struct csv_reader *reader, const char *bytes,
                                            size_t size, struct tl_error *err);

/* Says that the text is complete, or one part of it, a page say: what is fed next begins with a
 * header of its own. TL_DATA if it ends within a row. */
TL_NODISCARD enum tl_status csv_reader_finish_part(struct csv_reader *reader,
                                                   struct tl_error *err);

void csv_reader_free(struct csv_reader *reader);

uint64_t csv_reader_rows(const struct csv_reader *reader);

/* How many texts began with a header: 0 as long as nothing but empty lines has come. */
uint64_t csv_reader_headers(const struct csv_reader *reader);

#endif
