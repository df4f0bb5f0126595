/* Values, types and rows: what a connector hands to the operations. */
#ifndef TOWLINE_VALUE_H
#define TOWLINE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The types of Fivetran's Connector SDK, by its names. A value has one of those that JSON can
 * tell apart (marked *); the others are reached by declaring a column. */
#define TL_TYPE_MAP(X)                                                                         \
    X(ABSENT)         /* the row does not name the column at all */                            \
    X(NULL)           /* known to be nothing; says nothing about the type */                   \
    X(BOOLEAN)        /* * */                                                                  \
    X(SHORT)          /* 16 bits */                                                            \
    X(INT)            /* 32 bits */                                                            \
    X(LONG)           /* * 64 bits */                                                          \
    X(DECIMAL)        /* * a number kept as its decimal text, every digit */                   \
    X(FLOAT)          /* 32 bits */                                                            \
    X(DOUBLE)         /* * 64 bits */                                                          \
    X(NAIVE_DATE)     /* * ISO 8601 date */                                                    \
    X(NAIVE_DATETIME) /* * ISO 8601 date and time without zone */                              \
    X(UTC_DATETIME)   /* * ISO 8601 date and time with zone */                                 \
    X(BINARY)         /* bytes */                                                              \
    X(XML)                                                                                     \
    X(STRING) /* * UTF-8, may hold U+0000 */                                                   \
    X(JSON)   /* * object or array, kept as compact JSON text */

enum tl_type {
#define X(name) TL_TYPE_##name,
    TL_TYPE_MAP(X)
#undef X
        TL_TYPE_COUNT
};

/* "LONG" and so on; and back, in any letter case. TL_TYPE_COUNT for a name that is none. */
const char *tl_type_name(enum tl_type type);
enum tl_type tl_type_from_name(const char *name);

/* One value. Text and bytes are borrowed: they must live until the operation returns. */
struct tl_value {
    enum tl_type type;
    uint32_t size; /* of text, in bytes */
    union {
        bool boolean;
        int64_t integer;  /* SHORT, INT, LONG */
        double real;      /* FLOAT, DOUBLE; always finite */
        const char *text; /* all others; need not be NUL-terminated */
    } as;
};

/* A named value; a row is an array of them. */
struct tl_field {
    const char *name;
    struct tl_value value;
};

static inline struct tl_value tl_null(void)
{
    struct tl_value value;
    memset(&value, 0, sizeof(value));
    value.type = TL_TYPE_NULL;
    return value;
}

static inline struct tl_value tl_boolean(bool boolean)
{
    struct tl_value value = tl_null();
    value.type = TL_TYPE_BOOLEAN;
    value.as.boolean = boolean;
    return value;
}

static inline struct tl_value tl_long(int64_t integer)
{
    struct tl_value value = tl_null();
    value.type = TL_TYPE_LONG;
    value.as.integer = integer;
    return value;
}

static inline struct tl_value tl_double(double real)
{
    struct tl_value value = tl_null();
    value.type = TL_TYPE_DOUBLE;
    value.as.real = real;
    return value;
}

/* Text of any of the text types: TL_TYPE_STRING, TL_TYPE_DECIMAL, TL_TYPE_JSON ... Operations
 * refuse one above 2 GiB. */
static inline struct tl_value tl_text(enum tl_type type, const char *text, size_t size)
{
    struct tl_value value = tl_null();
    value.type = type;
    value.size = size < UINT32_MAX ? (uint32_t)size : UINT32_MAX;
    value.as.text = text;
    return value;
}

static inline struct tl_value tl_string(const char *string)
{
    return tl_text(TL_TYPE_STRING, string, strlen(string));
}

#ifdef __cplusplus
}
#endif
#endif
