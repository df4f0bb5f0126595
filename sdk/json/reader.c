/* The reader from outside: pieces of any size in, each unit of text at once to the walk. */
#include "json/reader.h"

#include <stdlib.h>
#include <string.h>

#include "json/walk.h"

/* How much of an object is held to see whether it is a row or wraps rows. */
#define DECIDE_BYTES ((size_t)1 << 20)

/* Memory that carry may keep between rows. */
#define CARRY_KEPT_BYTES ((size_t)1 << 20)

static enum tl_status check_options(const struct json_reader_options *options,
                                    struct tl_error *err)
{
    if (options->max_row_bytes == 0 || options->max_row_bytes > JSON_ROW_BYTES_LIMIT)
        return tl_fail(err, TL_CONFIGURATION, "max_row_bytes is %zu, not 1 to %d",
                       options->max_row_bytes, JSON_ROW_BYTES_LIMIT);
    if (options->max_depth == 0 || options->max_depth > JSON_DEPTH_LIMIT)
        return tl_fail(err, TL_CONFIGURATION, "max_depth is %u, not 1 to %d",
                       options->max_depth, JSON_DEPTH_LIMIT);
    return TL_OK;
}

static enum tl_status fill(struct json_reader *reader, struct tl_error *err)
{
    const struct json_reader_options *options = &reader->options;
    enum tl_status status =
        json_pointer_parse(options->rows != NULL ? options->rows : "", &reader->rows, err);

    if (status == TL_OK)
        status = json_pointer_parse("/data", &reader->data, err);
    if (status != TL_OK)
        return status;
    reader->path.furthest = -1;
    reader->path.n_seen = reader->rows.count + 1;
    reader->path.seen = calloc(reader->path.n_seen, sizeof(*reader->path.seen));
    if (reader->path.seen == NULL || !json_keys_init(&reader->keys, options->key_columns))
        return tl_fail(err, TL_MEMORY, "no memory for a JSON reader");
    return TL_OK;
}

static enum tl_status take_text(struct decode_sink *sink, const char *text, size_t size,
                                uint64_t offset, struct tl_error *err)
{
    struct json_reader *reader = (struct json_reader *)sink;

    reader->walked = offset + size;
    return json_walk_text(reader, text, size, offset, err);
}

enum tl_status json_reader_new(const struct json_reader_options *options,
                               struct json_row_sink *sink, struct json_reader **out,
                               struct tl_error *err)
{
    struct json_reader *reader = NULL;
    enum tl_status status = check_options(options, err);

    *out = NULL;
    if (status != TL_OK)
        return status;
    reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return tl_fail(err, TL_MEMORY, "no memory for a JSON reader");
    reader->options = *options;
    reader->sink = sink;
    reader->text.take = take_text;
    reader->carry = BUF_INIT(options->max_row_bytes + 1);
    reader->name = BUF_INIT(options->max_row_bytes);
    status = fill(reader, err);
    if (status != TL_OK) {
        json_reader_free(reader);
        return status;
    }
    *out = reader;
    return TL_OK;
}

void json_reader_free(struct json_reader *reader)
{
    if (reader == NULL)
        return;
    json_pointer_reset(&reader->rows);
    json_pointer_reset(&reader->data);
    json_keys_reset(&reader->keys);
    decode_reset(&reader->decode);
    buf_free(&reader->carry);
    buf_free(&reader->name);
    free(reader->path.seen);
    free(reader);
}

/* Empties carry, and gives its memory back if one large row made it large. */
static void carry_end(struct json_reader *reader)
{
    reader->unit = JSON_UNIT_NONE;
    if (reader->carry.capacity > CARRY_KEPT_BYTES)
        buf_free(&reader->carry);
    else
        buf_reset(&reader->carry);
}

static size_t smaller(size_t left, size_t right)
{
    return left < right ? left : right;
}

enum tl_status json_walk_wrapper(struct json_reader *reader, struct tl_error *err)
{
    /* The walk over it may need carry itself. */
    struct buf held = reader->carry;
    enum tl_status status;

    reader->carry = BUF_INIT(held.max_size);
    reader->unit = JSON_UNIT_NONE;
    reader->wrapper = true;
    reader->expect = JSON_EXPECT_VALUE;
    json_keys_forget(&reader->keys);
    json_path_start(&reader->path, &reader->data);
    status = json_walk_text(reader, buf_text(&held), held.size, reader->carry_offset, err);
    buf_free(&held);
    return status;
}

/* What does not fit is a row too long, unless it is not JSON, or wraps rows. */
static enum tl_status carry_overflow(struct json_reader *reader, struct tl_error *err)
{
    enum tl_status status;
    enum json_row_end end;
    bool wraps;
    size_t used;

    status = json_carry_wraps(reader, &wraps, err);
    if (status != TL_OK || wraps)
        return status != TL_OK ? status : json_walk_wrapper(reader, err);
    if (reader->unit == JSON_UNIT_ROW || reader->unit == JSON_UNIT_DOCUMENT)
        status = json_offer_carry(reader, &end, &used, err);
    return status != TL_OK ? status : json_fault_too_long(reader, err);
}

/* Gathers more of the unit; hands it to the walk when it is whole. */
static enum tl_status carry_more(struct json_reader *reader, struct tl_error *err)
{
    struct json_piece *piece = &reader->piece;
    size_t room = reader->options.max_row_bytes - reader->carry.size;
    size_t limit = reader->unit == JSON_UNIT_DOCUMENT
                       ? smaller(room, reader->decide_at - reader->carry.size)
                       : room;
    bool complete = false;
    size_t size;
    enum tl_status status = TL_OK;

    if (room == 0)
        return carry_overflow(reader, err);
    size = json_scan(&reader->scan, piece->at, smaller(limit, (size_t)(piece->end - piece->at)),
                     &complete);
    buf_append(&reader->carry, piece->at, size);
    piece->at += size;
    status = buf_check(&reader->carry, "a row", err);
    if (status != TL_OK)
        return status;
    if (complete) {
        status = json_walk_carried(reader, err);
        carry_end(reader);
    } else if (reader->unit == JSON_UNIT_DOCUMENT && reader->carry.size >= reader->decide_at) {
        bool wraps;
        reader->decide_at = 2 * reader->carry.size;
        status = json_carry_wraps(reader, &wraps, err);
        if (status == TL_OK && wraps)
            status = json_walk_wrapper(reader, err);
    }
    return status;
}

enum tl_status json_carry_start(struct json_reader *reader, enum json_unit unit)
{
    static const enum json_scan_kind kinds[] = {
        [JSON_UNIT_ROW] = JSON_SCAN_NESTED,
        [JSON_UNIT_DOCUMENT] = JSON_SCAN_NESTED,
        [JSON_UNIT_STRING] = JSON_SCAN_STRING,
        [JSON_UNIT_BARE] = JSON_SCAN_BARE,
    };

    reader->unit = unit;
    reader->scan = (struct json_scan){.kind = kinds[unit]};
    reader->carry_offset = json_offset(reader, reader->piece.at);
    reader->decide_at = DECIDE_BYTES;
    return TL_OK;
}

enum tl_status json_walk_text(struct json_reader *reader, const char *text, size_t size,
                              uint64_t offset, struct tl_error *err)
{
    struct json_piece outer = reader->piece;
    enum tl_status status = TL_OK;

    reader->piece = (struct json_piece){
        .start = text,
        .at = text,
        .end = text + size,
        .offset = offset,
    };
    while (status == TL_OK && reader->piece.at < reader->piece.end)
        status = reader->unit != JSON_UNIT_NONE ? carry_more(reader, err)
                                                : json_walk_step(reader, err);
    reader->piece = outer;
    return status;
}

enum tl_status json_reader_feed(struct json_reader *reader, const char *bytes, size_t size,
                                struct tl_error *err)
{
    return decode_feed(&reader->decode, &reader->text, bytes, size, err);
}

/* A unit is still in carry: only a number or literal may end with the stream. */
static enum tl_status finish_unit(struct json_reader *reader, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    enum json_row_end end;
    size_t used;

    if (reader->unit == JSON_UNIT_BARE) {
        status = json_walk_carried(reader, err);
        carry_end(reader);
        return status;
    }
    if (reader->unit == JSON_UNIT_ROW || reader->unit == JSON_UNIT_DOCUMENT)
        status = json_offer_carry(reader, &end, &used, err);
    return status != TL_OK ? status : json_fault_cut(reader, err);
}

enum tl_status json_reader_finish(struct json_reader *reader, struct tl_error *err)
{
    enum tl_status status = decode_flush(&reader->decode, &reader->text, err);

    if (status == TL_OK && reader->unit != JSON_UNIT_NONE)
        status = finish_unit(reader, err);
    if (status == TL_OK)
        status = decode_check_end(&reader->decode, err);
    if (status != TL_OK)
        return status;
    if (reader->path.depth > 0 || reader->expect != JSON_EXPECT_DOCUMENT)
        return json_fault_cut(reader, err);
    if (reader->options.rows != NULL && reader->documents > 0 && !reader->found)
        return json_fault_not_found(reader, err);
    return TL_OK;
}

enum tl_status json_reader_finish_part(struct json_reader *reader, struct tl_error *err)
{
    if (json_reader_finish(reader, err) != TL_OK)
        return err->status;
    reader->documents_before += reader->documents;
    reader->documents = 0;
    reader->found = false;
    reader->path.furthest = -1;
    reader->on_line = false;
    reader->walked = 0;
    decode_reset(&reader->decode);
    return TL_OK;
}

void json_reader_seek(struct json_reader *reader, uint64_t offset)
{
    reader->decode.offset = offset;
}

uint64_t json_reader_documents(const struct json_reader *reader)
{
    return reader->documents_before + reader->documents;
}

uint64_t json_reader_rows(const struct json_reader *reader)
{
    return reader->n_rows;
}
