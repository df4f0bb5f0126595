/* The streams that a connector declares. */
#include "sync/schema.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "destinations/destination.h"

/* A name is refused if any destination keeps it for itself, whichever this run writes to: a
 * stream can move from one to another. */
static enum tl_status schema_check_name(const char *table, struct tl_error *err)
{
    static const char own[] = "_towline_";
    const char *owner = strncasecmp(table, own, strlen(own)) == 0 ? "Towline" : NULL;
    const char *prefix = own;
    char shown[128];

    for (size_t d = 0; destination_list[d] != NULL && owner == NULL; d++) {
        const char *const *reserved = destination_list[d]->traits.reserved_tables;
        for (; reserved != NULL && *reserved != NULL && owner == NULL; reserved++)
            if (strncasecmp(table, *reserved, strlen(*reserved)) == 0) {
                owner = destination_list[d]->scheme;
                prefix = *reserved;
            }
    }
    if (owner == NULL)
        return TL_OK;
    (void)tl_fail(err, TL_CONFIGURATION,
                  "table %s: %s keeps names that begin with %s for itself",
                  text_safe(shown, sizeof(shown), table, strlen(table)), owner, prefix);
    return tl_remedy(err, "Give the stream another table");
}

bool schema_is_pattern(const struct tl_stream *stream)
{
    return stream->format >= TL_FORMAT_SINGER && strchr(stream->table, '*') != NULL;
}

bool schema_fits(const struct tl_stream *stream, const char *table)
{
    size_t before = strcspn(stream->table, "*"), size = strlen(table), after;

    if (!schema_is_pattern(stream))
        return strcmp(stream->table, table) == 0;
    after = strlen(stream->table) - before - 1;
    return size > before + after && strncmp(stream->table, table, before) == 0 &&
           strcmp(stream->table + before + 1, table + size - after) == 0;
}

/* Whether what stands before the stars, and after them, leaves a name that fits both. */
static bool patterns_meet(const char *left, const char *right)
{
    size_t left_before = strcspn(left, "*"), right_before = strcspn(right, "*");
    const char *left_after = left + left_before + 1, *right_after = right + right_before + 1;
    size_t before = left_before < right_before ? left_before : right_before;
    size_t left_size = strlen(left_after), right_size = strlen(right_after);
    size_t after = left_size < right_size ? left_size : right_size;

    return strncasecmp(left, right, before) == 0 &&
           strcasecmp(left_after + left_size - after, right_after + right_size - after) == 0;
}

static bool streams_meet(const struct tl_stream *left, const struct tl_stream *right)
{
    if (schema_is_pattern(left) && schema_is_pattern(right))
        return patterns_meet(left->table, right->table);
    return text_equal_ignoring_case(left->table, right->table);
}

enum tl_status schema_check_table(const struct tl_schema *schema, const char *table,
                                  struct tl_error *err)
{
    char shown[128];

    if (schema_check_name(table, err) != TL_OK)
        return err->status = TL_DATA;
    for (size_t i = 0; i < schema->n_streams; i++)
        if (text_equal_ignoring_case(schema->streams[i].table, table)) {
            (void)tl_fail(err, TL_DATA, "table %s is that of another stream",
                          text_safe(shown, sizeof(shown), table, strlen(table)));
            return tl_remedy(err, "Give the streams tables with another prefix: \"tap_*\"");
        }
    return TL_OK;
}

enum tl_status tl_schema_add(struct tl_schema *schema, const struct tl_stream *stream,
                             struct tl_error *err)
{
    struct tl_stream *streams;

    if (stream->table == NULL || stream->table[0] == '\0')
        return tl_fail(err, TL_CONFIGURATION, "stream %zu has no table", schema->n_streams + 1);
    if (schema_check_name(stream->table, err) != TL_OK)
        return err->status;
    for (size_t i = 0; i < schema->n_streams; i++)
        if (streams_meet(&schema->streams[i], stream)) {
            (void)tl_fail(err, TL_CONFIGURATION, "two streams fill the same table: %s and %s",
                          schema->streams[i].table, stream->table);
            return tl_remedy(err, "Give each stream a table of its own");
        }
    streams = realloc(schema->streams, (schema->n_streams + 1) * sizeof(*streams));
    if (streams == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for stream %s", stream->table);
    schema->streams = streams;
    schema->streams[schema->n_streams++] = *stream;
    return TL_OK;
}

void schema_reset(struct tl_schema *schema)
{
    free(schema->streams);
    *schema = (struct tl_schema){0};
}

bool schema_is_selected(const struct tl_stream *stream, const char *const *tables)
{
    if (tables == NULL)
        return true;
    while (*tables != NULL && strcmp(*tables, stream->table) != 0)
        tables++;
    return *tables != NULL;
}

enum tl_status schema_check_selection(const struct tl_schema *schema, const char *const *tables,
                                      struct tl_error *err)
{
    struct buf known = BUF_INIT(256);

    for (size_t i = 0; i < schema->n_streams; i++)
        buf_printf(&known, "%s%s", i ? ", " : "", schema->streams[i].table);
    for (; tables != NULL && *tables != NULL; tables++) {
        size_t i = 0;
        while (i < schema->n_streams && strcmp(schema->streams[i].table, *tables) != 0)
            i++;
        if (i == schema->n_streams) {
            (void)tl_fail(err, TL_USAGE, "there is no stream \"%s\"", *tables);
            (void)tl_remedy(err, "The configuration has: %s", buf_text(&known));
            buf_free(&known);
            return TL_USAGE;
        }
    }
    buf_free(&known);
    return TL_OK;
}
