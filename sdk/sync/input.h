/* The bytes of a stream's output into rows, whatever their format. */
#ifndef SYNC_INPUT_H
#define SYNC_INPUT_H

#include "csv/reader.h"
#include "json/row.h"
#include "towline/stream.h"

/* Begins as zeros. */
struct input {
    enum tl_format format;
    bool open;
    struct json_reader *json; /* this, with its sink, or csv */
    struct json_rows json_rows;
    struct csv_reader *csv;
};

/* Gets ready for rows in that format, which the stream's own says or, with AUTO, the source.
 * The builder receives them; `key` are the key's columns, NULL-terminated, NULL without; `name`
 * is the stream's, for messages. All is borrowed. */
TL_NODISCARD enum tl_status input_open(struct input *input, const struct tl_stream *stream,
                                       enum tl_format format, const char *const *key,
                                       const char *name, struct builder *builder,
                                       struct tl_error *err);
void input_reset(struct input *input);

/* Takes the next bytes, cut anywhere. */
TL_NODISCARD enum tl_status input_feed(struct input *input, const char *bytes, size_t size,
                                       struct tl_error *err);

/* Says where in the output what is fed next stands, for messages: a tap's is not fed whole. */
void input_seek(struct input *input, uint64_t offset);

/* Says that the output is complete; or a part of it, a page say. */
TL_NODISCARD enum tl_status input_finish(struct input *input, struct tl_error *err);
TL_NODISCARD enum tl_status input_finish_part(struct input *input, struct tl_error *err);

uint64_t input_rows(const struct input *input);

/* Whether nothing has come, not even an empty document or a header. */
bool input_is_empty(const struct input *input);

#endif
