/* What the reader says when the text is not as configured. */
#include "json/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

#define SHOWN 60

const char *json_kind(char first)
{
    switch (first) {
    case '{':
        return "an object";
    case '[':
        return "an array";
    case '"':
        return "a string";
    case 't':
    case 'f':
        return "a boolean";
    case 'n':
        return "null";
    default:
        return first == '-' || (first >= '0' && first <= '9') ? "a number" : NULL;
    }
}

static const char *show(const struct json_reader *reader, const char *at,
                        char out[4 * SHOWN + 8])
{
    size_t left = (size_t)(reader->piece.end - at);

    /* Escapes make it longer, and the cut shows. */
    return text_safe(out, SHOWN + 4, at, left < 2 * SHOWN ? left : 2 * SHOWN);
}

/* "after row 7", or "before the first row". */
static const char *show_rows(const struct json_reader *reader, char out[40])
{
    if (reader->n_rows == 0)
        return "before the first row";
    snprintf(out, 40, "after row %" PRIu64, reader->n_rows);
    return out;
}

enum tl_status json_fault_syntax(struct json_reader *reader, const char *at, const char *why,
                                 struct tl_error *err)
{
    uint64_t offset = json_offset(reader, at);
    char shown[4 * SHOWN + 8], rows[40];

    if (reader->documents == 0 && reader->path.depth == 0 && reader->n_rows == 0) {
        tl_fail(err, TL_DATA, "the output is not JSON: at byte %" PRIu64 " it goes \"%s\"",
                offset, show(reader, at, shown));
        return tl_remedy(err, "Let the command print JSON and nothing else on its stdout; "
                              "banners and messages belong on stderr");
    }
    tl_fail(err, TL_DATA,
            "the output is not valid JSON at byte %" PRIu64 ", %s: %s; there stands \"%s\"",
            offset, show_rows(reader, rows), why, show(reader, at, shown));
    return tl_remedy(err, "Run the command by hand and look at what it prints there");
}

enum tl_status json_fault_depth(struct json_reader *reader, struct tl_error *err)
{
    char rows[40];

    tl_fail(err, TL_DATA,
            "the output is nested deeper than max_depth (%u) at byte %" PRIu64 ", %s",
            reader->options.max_depth, json_offset(reader, reader->piece.at),
            show_rows(reader, rows));
    return tl_remedy(err, "Raise max_depth, or let the command leave out what is nested there");
}

/* Whether the text may be the literal or number that its first character promises: "no data"
 * and "-bash: ..." are neither. */
static bool may_be_value(const char *at, const char *end)
{
    const char *literal = *at == 't' ? "true" : *at == 'f' ? "false" : "null";
    size_t left = (size_t)(end - at), size = strlen(literal);

    if (*at == '-')
        return left == 1 || (at[1] >= '0' && at[1] <= '9');
    if (strchr("tfn", *at) == NULL)
        return true;
    return strncmp(at, literal, left < size ? left : size) == 0;
}

enum tl_status json_fault_not_object(struct json_reader *reader, char first,
                                     struct tl_error *err)
{
    const char *at = reader->piece.at;
    char shown[4 * SHOWN + 8];

    if (reader->documents == 0 && reader->path.depth == 0 && reader->n_rows == 0 &&
        !may_be_value(at, reader->piece.end))
        return json_fault_syntax(reader, at, "expected a JSON value", err);
    if (reader->path.depth == 0)
        tl_fail(err, TL_DATA,
                "row %" PRIu64 " at byte %" PRIu64 " is %s, not an object; there stands \"%s\"",
                reader->n_rows + 1, json_offset(reader, at), json_kind(first),
                show(reader, at, shown));
    else
        tl_fail(err, TL_DATA, "row %" PRIu64 " at byte %" PRIu64 " is %s, not an object",
                reader->n_rows + 1, json_offset(reader, at), json_kind(first));
    return tl_remedy(err, "Let `rows` point to an array of objects, or the command print one");
}

enum tl_status json_fault_not_found(struct json_reader *reader, struct tl_error *err)
{
    const char *pointer = reader->options.rows;
    const char *end = pointer;
    char all[80], furthest[80];

    for (int64_t i = 0; i < reader->path.furthest && *end == '/'; i++)
        end += 1 + strcspn(end + 1, "/");
    tl_fail(err, TL_DATA, "there are no rows at \"%s\": at \"%s\" the output has %s",
            text_safe(all, sizeof(all), pointer, strlen(pointer)),
            text_safe(furthest, sizeof(furthest), pointer, (size_t)(end - pointer)),
            reader->path.there);
    return tl_remedy(err, "Let `rows` point to the array that holds the rows");
}

enum tl_status json_fault_cut(struct json_reader *reader, struct tl_error *err)
{
    char rows[40];

    if (reader->unit == JSON_UNIT_ROW || reader->unit == JSON_UNIT_DOCUMENT)
        tl_fail(err, TL_DATA,
                "the output ends at byte %" PRIu64 ", within row %" PRIu64
                " that begins at byte %" PRIu64,
                reader->walked, reader->n_rows + 1, reader->carry_offset);
    else
        tl_fail(err, TL_DATA,
                "the output ends at byte %" PRIu64
                ", %s, within the document that begins at byte %" PRIu64,
                reader->walked, show_rows(reader, rows), reader->document_offset);
    return tl_remedy(err,
                     "The output was cut short: run the command by hand and look at its end");
}

enum tl_status json_fault_too_long(struct json_reader *reader, struct tl_error *err)
{
    char rows[40];

    if (reader->unit == JSON_UNIT_ROW || reader->unit == JSON_UNIT_DOCUMENT)
        tl_fail(err, TL_DATA,
                "row %" PRIu64 " at byte %" PRIu64 " is longer than max_row_bytes (%zu)",
                reader->n_rows + 1, reader->carry_offset, reader->options.max_row_bytes);
    else
        tl_fail(err, TL_DATA,
                "%s, a value at byte %" PRIu64 " is longer than max_row_bytes (%zu)",
                show_rows(reader, rows), reader->carry_offset, reader->options.max_row_bytes);
    return tl_remedy(err, "Raise max_row_bytes, or let `rows` point to smaller rows");
}

enum tl_status json_fault_late_key(struct json_reader *reader, struct tl_error *err)
{
    tl_fail(err, TL_DATA,
            "the object at byte %" PRIu64
            " has the primary key only after its array `data`, of which %" PRIu64
            " elements were already read as rows",
            reader->document_offset, reader->n_rows);
    return tl_remedy(err,
                     "Set `rows` to \"\" if the object is one row, to \"/data\" if the rows "
                     "are in `data`");
}

enum tl_status json_fault_twice(struct json_reader *reader, const char *at, const char *name,
                                size_t size, struct tl_error *err)
{
    char shown[80], rows[40];

    tl_fail(err, TL_DATA,
            "the key \"%s\" that leads to the rows stands twice in one object, again at byte "
            "%" PRIu64 ", %s",
            text_safe(shown, sizeof(shown), name, size), json_offset(reader, at),
            show_rows(reader, rows));
    return tl_remedy(err, "Let the command print each key once: rows are read as they come, so "
                          "that the last of equal keys cannot win here");
}
