/* The inside of the reader: its state, and the walk over the text outside rows.
 *
 * Outside rows a small state machine walks from token to token and follows the pointer to the
 * rows. A row is offered to the sink where it lies; only a row or token that the end of a piece
 * cuts off is gathered in `carry`, with a scanner that looks at each byte once. */
#ifndef JSON_WALK_H
#define JSON_WALK_H

#include "base/buf.h"
#include "base/decode.h"
#include "json/path.h"
#include "json/pointer.h"
#include "json/reader.h"
#include "json/scan.h"
#include "json/wrapper.h"

enum json_expect {
    JSON_EXPECT_DOCUMENT,
    JSON_EXPECT_VALUE,
    JSON_EXPECT_ELEMENT,
    JSON_EXPECT_FIRST_ELEMENT,
    JSON_EXPECT_NAME,
    JSON_EXPECT_FIRST_NAME,
    JSON_EXPECT_COLON,
    JSON_EXPECT_COMMA
};

/* What carry gathers. */
enum json_unit {
    JSON_UNIT_NONE,
    JSON_UNIT_ROW,
    JSON_UNIT_DOCUMENT, /* an object that is a row or wraps rows */
    JSON_UNIT_STRING,
    JSON_UNIT_BARE /* a number or literal */
};

/* The piece of text being read. */
struct json_piece {
    const char *start;
    const char *at;
    const char *end;
    uint64_t offset; /* of start in the stream */
};

struct json_reader {
    struct decode_sink text; /* what decode gives it to */
    struct json_reader_options options;
    struct json_row_sink *sink;
    struct json_pointer rows; /* the configured one; "" without */
    struct json_pointer data; /* "/data" */
    struct json_keys keys;
    struct buf name; /* a member's name, escapes resolved */

    struct json_path path;
    enum json_expect expect;
    uint32_t rows_depth; /* of the array whose elements are rows; 0 outside */
    bool wrapper;        /* the document is an object that wraps rows */
    bool on_line;        /* a document has begun on this line */
    bool found;          /* what `rows` points to */
    uint64_t documents;  /* of this part */
    uint64_t documents_before;
    uint64_t document_offset;
    uint64_t n_rows;

    struct json_piece piece;
    enum json_unit unit;
    struct json_scan scan;
    struct buf carry;
    uint64_t carry_offset;
    size_t decide_at; /* size of carry at which to look again whether it wraps rows */

    struct decode decode;
    uint64_t walked; /* bytes read, after decoding */
};

/* Takes the next thing at reader->piece.at, or fails. */
TL_NODISCARD enum tl_status json_walk_step(struct json_reader *reader, struct tl_error *err);

/* Takes what carry gathered: the whole unit. */
TL_NODISCARD enum tl_status json_walk_carried(struct json_reader *reader, struct tl_error *err);

/* Begins to gather the unit at reader->piece.at. */
TL_NODISCARD enum tl_status json_carry_start(struct json_reader *reader, enum json_unit unit);

/* Walks over a text that is no piece of the stream's own, and comes back. */
TL_NODISCARD enum tl_status json_walk_text(struct json_reader *reader, const char *text,
                                           size_t size, uint64_t offset, struct tl_error *err);

/* Sets *wraps to whether carry holds an object, or the beginning of one, that wraps rows. */
TL_NODISCARD enum tl_status json_carry_wraps(struct json_reader *reader, bool *wraps,
                                             struct tl_error *err);

/* Takes the object in carry as one that wraps rows. */
TL_NODISCARD enum tl_status json_walk_wrapper(struct json_reader *reader, struct tl_error *err);

/* Offers the sink what carry holds of a row. */
TL_NODISCARD enum tl_status json_offer_carry(struct json_reader *reader, enum json_row_end *end,
                                             size_t *used, struct tl_error *err);

/* Failures, with what stands in the text at `at`. */
enum tl_status json_fault_syntax(struct json_reader *reader, const char *at, const char *why,
                                 struct tl_error *err);
enum tl_status json_fault_depth(struct json_reader *reader, struct tl_error *err);
enum tl_status json_fault_not_object(struct json_reader *reader, char first,
                                     struct tl_error *err);
enum tl_status json_fault_not_found(struct json_reader *reader, struct tl_error *err);
enum tl_status json_fault_cut(struct json_reader *reader, struct tl_error *err);
enum tl_status json_fault_too_long(struct json_reader *reader, struct tl_error *err);
enum tl_status json_fault_late_key(struct json_reader *reader, struct tl_error *err);
enum tl_status json_fault_twice(struct json_reader *reader, const char *at, const char *name,
                                size_t size, struct tl_error *err);

/* The offset in the stream of the byte at `at` in the piece. */
static inline uint64_t json_offset(const struct json_reader *reader, const char *at)
{
    return reader->piece.offset + (uint64_t)(at - reader->piece.start);
}

/* "an object", "a number" ... by a value's first byte; NULL for one that begins no value. */
const char *json_kind(char first);

#endif
