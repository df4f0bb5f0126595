/* Cursors: the highest value of a column, kept as state, from which the next sync starts. */
#ifndef SYNC_CURSOR_H
#define SYNC_CURSOR_H

#include "base/buf.h"
#include "towline/value.h"

/* The highest value seen so far. */
struct cursor {
    struct tl_value value; /* TL_TYPE_NULL: none yet; its text lies in `text` */
    struct buf text;
};

void cursor_init(struct cursor *cursor);
void cursor_reset(struct cursor *cursor);

/* Less than, equal to or greater than zero in *out. Numbers compare as numbers of any length,
 * times with a zone as instants, other text by its bytes. False if the two cannot be compared.
 */
bool cursor_compare(const struct tl_value *left, const struct tl_value *right, int *out);

/* The value that a cursor's text stands for, to be compared with `like`: a number if that is
 * one. Borrows text. */
struct tl_value cursor_value(const char *text, size_t size, const struct tl_value *like);

/* Takes the value if it is higher. TL_DATA if it cannot be compared with the highest, or is
 * nested. Nulls are passed over. */
TL_NODISCARD enum tl_status cursor_follow(struct cursor *cursor, const struct tl_value *value,
                                          struct tl_error *err);

/* Appends the value as text: digits of a number, characters of a string. */
void cursor_print(const struct tl_value *value, struct buf *out);

/* Whether overlap is a number, or one with a unit of time: s, m, h, d. */
bool cursor_overlap_is_valid(const char *overlap);

/* Moves the value that `text` stands for back by overlap, a number for numbers, "90s", "15m",
 * "2h", "1d" or a number of seconds for times, and appends it in the form it had.
 * TL_CONFIGURATION if the two do not fit. */
TL_NODISCARD enum tl_status cursor_step_back(const char *text, const char *overlap,
                                             struct buf *out, struct tl_error *err);

#endif
