/* Finds the rows in a stream of JSON text that arrives in any chunking; memory is bounded by
 * one row. */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

/* AUTO: any number of documents, each maybe spread over lines. JSON: one document. NDJSON: one
 * document a line. */
enum json_format { JSON_FORMAT_AUTO, JSON_FORMAT_JSON, JSON_FORMAT_NDJSON };

/* What to do with bytes that are not UTF-8 in strings: fail, or put U+FFFD for each of them. */
enum json_invalid_utf8 { JSON_UTF8_FAIL, JSON_UTF8_REPLACE };

/* The most that max_depth and max_row_bytes may be. */
#define JSON_DEPTH_LIMIT     16384
#define JSON_ROW_BYTES_LIMIT 0x7fffffff

struct json_reader_options {
    enum json_format format;
    enum json_invalid_utf8 invalid_utf8;
    /* RFC 6901 pointer to the rows, a segment `*` meaning every element (a key that is itself
     * `*` is written `~2`): the elements of the array there, or the object there. NULL for the
     * default rule: an array's elements; of an object the elements of its array `data` if it
     * has one and lacks one of the key columns, else the object itself; and so for each
     * document. Key columns may follow `data`: an object is held up to 1 MiB for that decision.
     */
    const char *rows;
    const char *const *key_columns; /* names, NULL-terminated; NULL when there is no key */
    size_t max_row_bytes;           /* also of a string outside rows */
    uint32_t max_depth;
};

/* Where a row stands, or is thought to begin. */
struct json_row_at {
    const char *json;    /* its first byte, which is '{' */
    size_t size;         /* what is at hand: the row may end before, or after */
    uint64_t offset;     /* of json in the stream, from 0 */
    uint64_t number;     /* counts from 1 */
    bool may_be_wrapper; /* stop if it has a member `data` that is an array */
};

/* What a sink found. */
enum json_row_end {
    JSON_ROW_TAKEN, /* the row, *used bytes of it */
    JSON_ROW_CUT, /* right so far, but it does not end within size; it will be offered again */
    JSON_ROW_WRAPPER /* may_be_wrapper, and it has an array `data` */
};

/* Receives each row, not yet validated inside. */
struct json_row_sink {
    enum tl_status (*row)(struct json_row_sink *self, const struct json_row_at *at,
                          enum json_row_end *end, size_t *used, struct tl_error *err);
};

struct json_reader;

/* Borrows options' strings and the sink until json_reader_free. TL_CONFIGURATION for a pointer
 * or limit that is none. */
TL_NODISCARD enum tl_status json_reader_new(const struct json_reader_options *options,
                                            struct json_row_sink *sink,
                                            struct json_reader **out, struct tl_error *err);

/* Takes the next bytes: UTF-8, or UTF-16 if the first are its byte order mark. Errors name byte
 * offset, row and reason (TL_DATA), or are the sink's. After a failure the reader only accepts
 * json_reader_free. */
TL_NODISCARD enum tl_status json_reader_feed(struct json_reader *reader, const char *bytes,
                                             size_t size, struct tl_error *err);

/* Says where in the stream what is fed next stands, for messages: not all of it is fed. Between
 * documents. */
void json_reader_seek(struct json_reader *reader, uint64_t offset);

/* Says that the stream is complete: fails with TL_DATA if it ends within a value, or if `rows`
 * was given and found in none of the documents. No document at all is no rows and no failure.
 */
TL_NODISCARD enum tl_status json_reader_finish(struct json_reader *reader,
                                               struct tl_error *err);

/* Says the same of one part of the stream, a page say; what is fed next begins another, maybe
 * with a byte order mark of its own. Rows go on being counted, offsets begin again. */
TL_NODISCARD enum tl_status json_reader_finish_part(struct json_reader *reader,
                                                    struct tl_error *err);

void json_reader_free(struct json_reader *reader);

/* Rows handed over so far. */
uint64_t json_reader_rows(const struct json_reader *reader);

/* Documents begun so far: 0 as long as nothing but white space has come. */
uint64_t json_reader_documents(const struct json_reader *reader);

#endif
