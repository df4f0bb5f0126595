/* Discovery: the streams run, and nothing is kept but what their tables look like. */
#include "frontends/platform/discovery.h"

#include <string.h>

/* A catalog of some of the streams is none: the first that failed says why. */
static enum tl_status fail_as_first(const struct run_report *report, struct tl_error *err)
{
    for (size_t i = 0; err->status == TL_PARTIAL && i < report->n_streams; i++)
        if (report->streams[i].error.status != TL_OK)
            *err = report->streams[i].error;
    return err->status;
}

enum tl_status discovery_run(struct discovery *out, const struct platform *platform,
                             const char *const *tables, uint64_t enough_rows,
                             struct tl_error *err)
{
    struct run_options options = platform_run_options(platform, &out->lines.base, NULL);

    *out = (struct discovery){.all = SELECT_ALL};
    lines_init(&out->lines, NULL, NULL, &out->all, NULL, 0);
    options.tables = tables;
    options.enough_rows = enough_rows;
    if (run_sync(&options, &out->report, err) == TL_OK)
        return TL_OK;
    return fail_as_first(&out->report, err);
}

void discovery_reset(struct discovery *discovery)
{
    lines_reset(&discovery->lines);
    selection_reset(&discovery->all);
    run_report_reset(&discovery->report);
}

static bool is_catalogued(const struct catalog_table *table, const char *name)
{
    return table != NULL && catalog_column_find(table, name, strlen(name)) != COLUMNS_NONE;
}

/* The nth of the declared columns that the catalog lacks. */
static bool declared_column(const struct catalog_table *table, const struct tl_stream *stream,
                            size_t nth, struct discovered_column *out)
{
    for (size_t i = 0; i < stream->n_columns; i++) {
        const struct tl_column *column = &stream->columns[i];
        if (is_catalogued(table, column->name) || nth-- > 0)
            continue;
        *out = (struct discovered_column){
            .name = column->name,
            .form = {.observed = OBSERVED(column->type) | OBSERVED_DECLARED}};
        return true;
    }
    return false;
}

static bool is_declared(const struct tl_stream *stream, const char *name)
{
    for (size_t i = 0; i < stream->n_columns; i++)
        if (strcmp(stream->columns[i].name, name) == 0)
            return true;
    return false;
}

/* Whether neither rows nor declarations have shown the column. Pointers name none. */
static bool is_unseen(const struct catalog_table *table, const struct tl_stream *stream,
                      const char *name)
{
    return *name != '/' && !is_catalogued(table, name) && !is_declared(stream, name);
}

/* The nth column that is known by name alone: parts of the key, and the cursor. */
static bool unseen_column(const struct catalog_table *table, const struct tl_stream *stream,
                          size_t nth, struct discovered_column *out)
{
    const char *const *key = table == NULL ? stream->primary_key : NULL;
    bool cursor_unseen = stream->cursor != NULL && is_unseen(table, stream, stream->cursor);

    for (; key != NULL && *key != NULL; key++) {
        cursor_unseen = cursor_unseen && strcmp(*key, stream->cursor) != 0;
        if (!is_unseen(table, stream, *key) || nth-- > 0)
            continue;
        *out = (struct discovered_column){.name = *key, .form = {.key = true}};
        return true;
    }
    *out = (struct discovered_column){.name = stream->cursor};
    return cursor_unseen && nth == 0;
}

static size_t count_declared(const struct catalog_table *table, const struct tl_stream *stream)
{
    struct discovered_column column;
    size_t count = 0;

    while (declared_column(table, stream, count, &column))
        count++;
    return count;
}

bool discovery_column(struct discovery *discovery, const struct tl_stream *stream, size_t index,
                      struct discovered_column *out)
{
    const struct catalog_table *table = catalog_find(&discovery->report.catalog, stream->table);
    struct lines_table *seen = lines_find(&discovery->lines, stream->table);
    uint32_t n_columns = table ? table->n_columns : 0;

    if (index >= n_columns || seen == NULL)
        return declared_column(table, stream, index - n_columns, out) ||
               unseen_column(table, stream, index - n_columns - count_declared(table, stream),
                             out);
    *out = (struct discovered_column){
        .name = table->columns[index].name,
        .form = lines_form(&discovery->lines, seen, table, (uint32_t)index)};
    return true;
}

const char *discovery_key(const struct discovery *discovery, const struct tl_stream *stream,
                          size_t index)
{
    const struct catalog_table *table = catalog_find(&discovery->report.catalog, stream->table);

    for (uint32_t i = 0; table != NULL && i < table->n_columns; i++)
        if (table->columns[i].key == index + 1)
            return table->columns[i].name;
    for (const char *const *key = table == NULL ? stream->primary_key : NULL;
         key != NULL && *key != NULL; key++)
        if (**key != '/' && index-- == 0)
            return *key;
    return NULL;
}

uint64_t discovery_rows(const struct discovery *discovery, const struct tl_stream *stream)
{
    const struct stream_report *told;
    uint64_t rows = 0;

    for (size_t i = 0; (told = run_report_table(&discovery->report, i)) != NULL; i++)
        if (strcmp(told->table, stream->table) == 0)
            rows += told->rows_read;
    return rows;
}
