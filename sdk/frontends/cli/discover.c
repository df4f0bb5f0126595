/* The command `discover`: the tables that the streams would make. */
#include "frontends/cli/discover.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "frontends/cli/job.h"
#include "frontends/cli/progress.h"
#include "frontends/output.h"
#include "frontends/rehearsal.h"

enum { NAME_WIDTH = 32, TYPE_WIDTH = 16 };

/* Towline's own columns are in every table and say nothing about the source. */
static bool is_own(const struct catalog_column *column)
{
    return strncmp(column->name, "_towline_", 9) == 0;
}

static bool has_own_key(const struct catalog_table *table)
{
    for (uint32_t i = 0; i < table->n_columns; i++)
        if (table->columns[i].key > 0 && !is_own(&table->columns[i]))
            return true;
    return false;
}

/* The names that keys go by, best first; {table} stands for the table's name. */
static const char *const key_names[] = {"id", "uuid", "key", "{table}_id", "name"};

static bool is_named(const struct catalog_column *column, const struct catalog_table *table,
                     const char *name)
{
    char made[256];

    if (strncmp(name, "{table}", 7) != 0)
        return text_equal_ignoring_case(column->name, name);
    (void)snprintf(made, sizeof(made), "%s%s", table->name, name + 7);
    return text_equal_ignoring_case(column->name, made);
}

static bool can_be_key(const struct catalog_column *column)
{
    return column->type == TL_TYPE_LONG || column->type == TL_TYPE_STRING ||
           column->type == TL_TYPE_DECIMAL;
}

const struct catalog_column *discover_suggest_key(const struct catalog_table *table)
{
    if (has_own_key(table))
        return NULL;
    for (size_t k = 0; k < sizeof(key_names) / sizeof(key_names[0]); k++)
        for (uint32_t i = 0; i < table->n_columns; i++)
            if (can_be_key(&table->columns[i]) &&
                is_named(&table->columns[i], table, key_names[k]))
                return &table->columns[i];
    return NULL;
}

static const char *key_role(const struct catalog_column *column,
                            const struct catalog_column *suggested)
{
    if (column->key > 0)
        return "primary key";
    return column == suggested ? "suggested primary key" : "";
}

void discover_append_table(struct buf *out, const struct catalog_table *table, uint64_t rows)
{
    const struct catalog_column *suggested = discover_suggest_key(table);

    output_append_safe(out, table->name);
    buf_printf(out, " (%" PRIu64 " row%s)\n", rows, rows == 1 ? "" : "s");
    for (uint32_t i = 0; i < table->n_columns; i++) {
        const struct catalog_column *column = &table->columns[i];
        if (is_own(column))
            continue;
        buf_append_string(out, "  ");
        output_append_cell(out, column->name, NAME_WIDTH);
        buf_append_char(out, ' ');
        output_append_cell(out, tl_type_name(column->type),
                           *key_role(column, suggested) ? TYPE_WIDTH : 0);
        buf_append_string(out, key_role(column, suggested));
        buf_append_char(out, '\n');
    }
    if (!has_own_key(table) && suggested == NULL)
        buf_append_string(out, "  no primary key: rows are told apart by their content\n");
    buf_append_char(out, '\n');
}

static void append_columns_json(struct buf *out, const struct catalog_table *table)
{
    bool first = true;

    for (uint32_t i = 0; i < table->n_columns; i++) {
        const struct catalog_column *column = &table->columns[i];
        if (is_own(column))
            continue;
        buf_append_string(out, first ? "{\"name\":" : ",{\"name\":");
        first = false;
        output_append_json(out, column->name);
        buf_printf(out, ",\"type\":\"%s\",\"primary_key\":%s}", tl_type_name(column->type),
                   column->key > 0 ? "true" : "false");
    }
}

static void append_table_json(struct buf *out, const struct catalog_table *table, uint64_t rows)
{
    const struct catalog_column *suggested = discover_suggest_key(table);

    buf_append_string(out, out->size > 1 ? ",\n {\"table\":" : "{\"table\":");
    output_append_json(out, table->name);
    buf_printf(out, ",\"rows\":%" PRIu64 ",\"suggested_primary_key\":", rows);
    output_append_json(out, suggested ? suggested->name : NULL);
    buf_append_string(out, ",\"columns\":[");
    append_columns_json(out, table);
    buf_append_string(out, "]}");
}

/* The rows of a table, in all partitions if there are any, and whether the report names it here
 * for the first time. */
static uint64_t rows_of(const struct run_report *report, size_t index, bool *first)
{
    const char *name = run_report_table(report, index)->table;
    const struct stream_report *table;
    uint64_t rows = 0;

    *first = true;
    for (size_t i = 0; (table = run_report_table(report, i)) != NULL; i++)
        if (strcmp(table->table, name) == 0) {
            *first = *first && i >= index;
            rows += table->rows_read;
        }
    return rows;
}

static enum tl_status print(const struct cli *cli, const struct run_report *report,
                            struct tl_error *err)
{
    struct buf out = BUF_INIT(OUTPUT_MAX_BYTES);
    const struct stream_report *told;
    enum tl_status status;

    if (cli->options.json)
        buf_append_char(&out, '[');
    for (size_t i = 0; (told = run_report_table(report, i)) != NULL; i++) {
        const struct catalog_table *table = catalog_find(&report->catalog, told->table);
        bool first;
        uint64_t rows = rows_of(report, i, &first);
        if (table == NULL || !first)
            continue;
        if (cli->options.json)
            append_table_json(&out, table, rows);
        else
            discover_append_table(&out, table, rows);
    }
    if (cli->options.json)
        buf_append_string(&out, "]\n");
    status = output_print(&out, err);
    buf_free(&out);
    return status;
}

enum tl_status cli_run_discover(struct cli *cli, struct tl_error *err)
{
    struct run_report report = {0};
    struct run_options options;
    struct progress progress;
    struct tl_error unprinted = {0};
    struct job job = {0};
    enum tl_status status = job_init(&job, cli, true, err);

    if (status == TL_OK)
        status = job_run_options(&job, cli, &options, err);
    if (status == TL_OK) {
        options.observer = progress_init(&progress, cli);
        status = rehearsal_run(&options, &report, err);
        progress_reset(&progress);
        run_report_log_failures(&report, err);
        if (print(cli, &report, &unprinted) != TL_OK && status == TL_OK) {
            *err = unprinted;
            status = err->status;
        }
    }
    run_report_reset(&report);
    job_reset(&job);
    return status;
}
