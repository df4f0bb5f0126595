/* A set of row numbers of any size in bounded memory: ranges, sorted and written to a temporary
 * file when they are many. Filled in any order, then asked once in ascending order. */
#ifndef DESTINATIONS_SQLITE_ROWSET_H
#define DESTINATIONS_SQLITE_ROWSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

struct rowset;

/* How many ranges a set holds in memory: 4 MiB of them, or 128 KiB. */
enum { ROWSET_LARGE = 1 << 18, ROWSET_SMALL = 1 << 13 };

struct rowset *rowset_new(size_t max_ranges); /* NULL when memory ran out */
void rowset_free(struct rowset *set);

/* Remembers a row. A failure is kept for rowset_seal. */
void rowset_add(struct rowset *set, int64_t row);

/* Ends the filling. TL_MEMORY or TL_DESTINATION if the set is not complete. */
TL_NODISCARD enum tl_status rowset_seal(struct rowset *set, struct tl_error *err);

/* Whether the row is in the sealed set; rows must be asked for in ascending order. A file that
 * cannot be read back sets *failed. */
bool rowset_has(struct rowset *set, int64_t row, bool *failed);

#endif
