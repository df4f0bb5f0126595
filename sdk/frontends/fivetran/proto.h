/* Messages of the platform as bytes: a writer of Protocol Buffers, and the numbers of the
 * fields and enums of fivetran_sdk.v2 that we send.
 *
 * Failure is the buffer's. Texts that are not UTF-8 would make the platform drop the whole
 * answer: what is not becomes U+FFFD. */
#ifndef FIVETRAN_PROTO_H
#define FIVETRAN_PROTO_H

#include <stdint.h>

#include "base/buf.h"

enum { PROTO_VARINT, PROTO_64_BITS, PROTO_BYTES, PROTO_32_BITS = 5 };
#define PROTO_TAG(field, kind) ((unsigned)(field) << 3 | (unsigned)(kind))

enum { FORM_TABLE_SELECTION = 2, FORM_FIELDS, FORM_TESTS };
enum {
    FIELD_NAME = 1,
    FIELD_LABEL,
    FIELD_REQUIRED,
    FIELD_DESCRIPTION,
    FIELD_TEXT,
    FIELD_DROPDOWN,
    FIELD_TOGGLE,
    FIELD_DEFAULT,
    FIELD_PLACEHOLDER,
    FIELD_CONDITIONAL,
    FIELD_UPLOAD
};
enum { TEXT_PLAIN, TEXT_PASSWORD };
enum { DROPDOWN_VALUES = 1 };
enum { UPLOAD_TYPES = 1, UPLOAD_MAX_BYTES };
enum { CONDITIONAL_CONDITION = 1, CONDITIONAL_FIELDS };
enum { CONDITION_FIELD = 1, CONDITION_BOOL, CONDITION_STRING };
enum { SETUP_TEST_NAME = 1, SETUP_TEST_LABEL };
enum { TEST_SUCCESS = 1, TEST_FAILURE };
enum { SCHEMA_WITHOUT_SCHEMA = 3, SCHEMA_SELECTION_NOT_SUPPORTED };
enum { TABLE_LIST_TABLES = 1 };
enum { TABLE_NAME = 1, TABLE_COLUMNS };
enum { COLUMN_NAME = 1, COLUMN_TYPE, COLUMN_PRIMARY_KEY, COLUMN_PARAMS };
enum { PARAMS_DECIMAL = 1 };
enum { DECIMAL_PRECISION = 1, DECIMAL_SCALE };
enum {
    UPDATE_RECORD = 1,
    UPDATE_SCHEMA_CHANGE,
    UPDATE_CHECKPOINT,
    UPDATE_WARNING,
    UPDATE_TASK,
    UPDATE_RECORDS
};
enum { CHANGE_WITHOUT_SCHEMA = 2 };
enum { CHECKPOINT_STATE = 1 };
enum { SAYING_MESSAGE = 1 }; /* of Warning and Task */
enum { RECORDS_RECORDS = 1 };
enum { RECORD_TABLE = 2, RECORD_TYPE, RECORD_DATA };
enum { RECORD_UPSERT, RECORD_UPDATE, RECORD_DELETE, RECORD_TRUNCATE };
enum { ENTRY_KEY = 1, ENTRY_VALUE };
enum { TIMESTAMP_SECONDS = 1, TIMESTAMP_NANOS };

/* What has the value 0 is left out, as the format wants it for fields without presence... */
void proto_number(struct buf *out, unsigned field, uint64_t number);
void proto_text(struct buf *out, unsigned field, const char *text, size_t size);

/* ... and written for those with presence: members of a oneof and `optional` ones. */
void proto_number_always(struct buf *out, unsigned field, uint64_t number);
void proto_text_always(struct buf *out, unsigned field, const char *text);

/* Begins a message within the message; what is written until proto_end is in it. */
size_t proto_begin(struct buf *out, unsigned field);
void proto_end(struct buf *out, size_t begun);

/* How many bytes the number takes. */
static inline unsigned proto_varint_size(uint64_t number)
{
    return (unsigned)(64 - __builtin_clzll(number | 1) + 6) / 7;
}

/* Writes it to memory that has the room; returns what is behind it. */
static inline char *proto_put_varint(char *at, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (char)(number | 0x80);
    *at++ = (char)number;
    return at;
}

#endif
