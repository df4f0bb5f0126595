/* A small language for what is done to a destination, so that cases are data.
 *
 * One operation per line; rows of one batch are separated by " ; ", fields by spaces. Values
 * are what the reader of JSON would make of them, x:ab is the bytes "ab".
 *
 * - table t id,part: which table, and its primary key; t and id at first
 * - upsert id=1 a='x' ; id=2 b={"x":[1]} c=true d=null e=1.50 f='nul\0'
 * - update, delete: likewise
 * - declare a STRING: before the column is first seen
 * - truncate; truncate part='x': only the rows of that scope
 * - sweep: begins; sweep soft, sweep hard part='x': ends
 * - commit {"state":1}; commit alone leaves the state as it is
 * - rollback, reopen */
#ifndef CONFORMANCE_SCRIPT_H
#define CONFORMANCE_SCRIPT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "destinations/destination.h"

struct script {
    const struct destination_ops *ops;
    const char *url;
    enum destination_mode mode;
    struct destination *destination;
    struct destination_contents contents;
    char table[64];
    char key[64]; /* "id,part" */
    struct tally tally;
    type_observed declared; /* of the column named declared_name */
    char declared_name[64];
    int64_t clock_us;
};

enum { SCRIPT_MAX_ROWS = 64, SCRIPT_MAX_COLUMNS = 64 };

/* The rows of one operation, as a block of their own. */
struct script_rows {
    struct tl_value cells[SCRIPT_MAX_ROWS * SCRIPT_MAX_COLUMNS];
    type_observed observed[SCRIPT_MAX_COLUMNS];
    struct {
        const char *text;
        size_t size;
    } names[SCRIPT_MAX_COLUMNS];
    struct block block;
    struct batch_row order[SCRIPT_MAX_ROWS];
    uint32_t source[SCRIPT_MAX_COLUMNS];
    struct catalog_change changes[SCRIPT_MAX_COLUMNS];
    size_t n_changes;
};

/* Decodes \0 in place; returns the new size. */
static size_t script_unescape(char *text, size_t size)
{
    size_t out = 0;

    for (size_t i = 0; i < size; i++) {
        bool nul = text[i] == '\\' && i + 1 < size && text[i + 1] == '0';
        text[out++] = nul ? '\0' : text[i];
        i += nul;
    }
    return out;
}

/* The value at *at, which is moved behind it. */
static struct tl_value script_value(char **at)
{
    char *text = *at;
    size_t size;

    if (*text == '\'') {
        char *end = strchr(text + 1, '\'');
        *at = end + 1;
        size = script_unescape(text + 1, (size_t)(end - text - 1));
        return tl_text(types_string(text + 1, (uint32_t)size), text + 1, size);
    }
    size = strcspn(text, " \n");
    *at = text + size;
    if (strncmp(text, "x:", 2) == 0)
        return tl_text(TL_TYPE_BINARY, text + 2, size - 2);
    if (*text == '{' || *text == '[')
        return tl_text(TL_TYPE_JSON, text, size);
    if (strncmp(text, "null", size) == 0)
        return tl_null();
    if (strncmp(text, "true", size) == 0 || strncmp(text, "false", size) == 0)
        return tl_boolean(*text == 't');
    return types_number(text, (uint32_t)size);
}

static uint32_t script_column(struct script_rows *rows, const char *name, size_t size)
{
    uint32_t i = 0;

    while (i < rows->block.stride &&
           (rows->names[i].size != size || memcmp(rows->names[i].text, name, size) != 0))
        i++;
    if (i == rows->block.stride) {
        rows->names[i].text = name;
        rows->names[i].size = size;
        rows->block.stride++;
    }
    return i;
}

/* Reads the rows of a line, whose text they borrow and change. Cells are laid out with a fixed
 * stride first, as columns are found on the way. */
static void script_read_rows(struct script_rows *rows, char *text)
{
    static struct tl_value grid[SCRIPT_MAX_ROWS][SCRIPT_MAX_COLUMNS];

    memset(rows, 0, sizeof(*rows));
    memset(grid, 0, sizeof(grid)); /* ABSENT */
    rows->block.n_rows = 1;
    while (*(text += strspn(text, " ")) != '\0') {
        if (*text == ';') {
            rows->block.n_rows++;
            text++;
            continue;
        }
        char *name = text;
        text += strcspn(text, "=");
        uint32_t column =
            script_column(rows, name, script_unescape(name, (size_t)(text - name)));
        text++;
        struct tl_value *cell = &grid[rows->block.n_rows - 1][column];
        *cell = script_value(&text);
        rows->observed[column] |= types_observe(cell);
    }
    for (uint32_t r = 0; r < rows->block.n_rows; r++) {
        memcpy(&rows->cells[r * rows->block.stride], grid[r],
               rows->block.stride * sizeof(struct tl_value));
        rows->order[r] = (struct batch_row){.row = r};
    }
    rows->block.cells = rows->cells;
    rows->block.observed = rows->observed;
}

static uint32_t script_key_position(const struct script *script, const char *name, size_t size)
{
    const char *at = script->key;

    for (uint32_t n = 1; *at != '\0'; n++) {
        size_t length = strcspn(at, ",");
        if (length == size && memcmp(at, name, size) == 0)
            return n;
        at += length + (at[length] == ',');
    }
    return 0;
}

static enum tl_status script_plan_column(struct script *script, struct script_rows *rows,
                                         struct catalog_table *table, uint32_t i,
                                         struct tl_error *err)
{
    const char *name = rows->names[i].text;
    size_t size = rows->names[i].size;
    uint32_t at = catalog_column_find(table, name, size);
    struct catalog_column column = {.source_name = (char *)(uintptr_t)name,
                                    .source_size = (uint32_t)size,
                                    .observed = rows->observed[i]};

    if (script->declared != 0 && strlen(script->declared_name) == size &&
        memcmp(script->declared_name, name, size) == 0)
        column.observed = script->declared;
    if (at == COLUMNS_NONE) {
        column.type = types_of(column.observed);
        column.key = script_key_position(script, name, size);
        if (catalog_name(&script->ops->traits, table, name, size, &column.name, err) != TL_OK ||
            catalog_add_column(table, &column, err) != TL_OK)
            return err->status;
        free(column.name);
        at = table->n_columns - 1;
        if (table->exists)
            rows->changes[rows->n_changes++] =
                (struct catalog_change){.kind = CATALOG_ADD_COLUMN, .column = at};
    } else if ((column.observed & ~table->columns[at].observed) != 0 &&
               !(table->columns[at].observed & OBSERVED_DECLARED)) {
        rows->changes[rows->n_changes++] = (struct catalog_change){
            .kind = CATALOG_WIDEN, .column = at, .previous = table->columns[at].observed};
        table->columns[at].observed |= column.observed;
        table->columns[at].type = types_of(table->columns[at].observed);
    }
    rows->source[at] = i;
    return TL_OK;
}

/* Brings the table up to the rows. */
static enum tl_status script_plan(struct script *script, struct script_rows *rows,
                                  struct catalog_table **out, struct tl_error *err)
{
    struct catalog_table *table = catalog_find(&script->contents.catalog, script->table);

    if (table == NULL)
        table = catalog_add(&script->contents.catalog, script->table);
    for (uint32_t i = 0; i < SCRIPT_MAX_COLUMNS; i++)
        rows->source[i] = COLUMNS_NONE;
    for (uint32_t i = 0; i < rows->block.stride; i++)
        if (script_plan_column(script, rows, table, i, err) != TL_OK)
            return err->status;
    if (!table->exists)
        rows->changes[rows->n_changes++] =
            (struct catalog_change){.kind = CATALOG_CREATE_TABLE};
    if (rows->n_changes > 0 && script->ops->alter(script->destination, table, rows->changes,
                                                  rows->n_changes, err) != TL_OK)
        return err->status;
    table->exists = true;
    *out = table;
    return TL_OK;
}

static enum tl_status script_write(struct script *script, char kind, char *text,
                                   struct tl_error *err)
{
    static struct script_rows rows;
    const struct destination_ops *ops = script->ops;
    struct catalog_table *table = NULL;
    struct batch_part part = {.block = &rows.block, .source = rows.source};

    script_read_rows(&rows, text);
    if (script_plan(script, &rows, &table, err) != TL_OK)
        return err->status;
    struct batch batch = {.table = table,
                          .parts = &part,
                          .n_parts = 1,
                          .rows = rows.order,
                          .n_rows = rows.block.n_rows,
                          .synced_us = ++script->clock_us};
    if (kind == 'u')
        return ops->upsert(script->destination, &batch, &script->tally, err);
    if (kind == 'c')
        return ops->update(script->destination, &batch, &script->tally, err);
    return ops->delete_rows(script->destination, &batch, &script->tally, err);
}

static enum tl_status script_open(struct script *script, struct tl_error *err)
{
    if (script->clock_us == 0)
        script->clock_us = 1700000000000000;
    if (script->ops->open(script->url, script->mode, &script->destination, err) != TL_OK)
        return err->status;
    return script->ops->load(script->destination, &script->contents, err);
}

static void script_close(struct script *script)
{
    script->ops->close(script->destination);
    script->destination = NULL;
    destination_contents_reset(&script->contents);
}

/* The scope that "part='x'" names, in *out; NULL where there is none. */
static const struct destination_scope *script_scope(const struct catalog_table *table,
                                                    char *text, struct destination_scope *out)
{
    char *equals = strchr(text, '=');

    if (equals == NULL)
        return NULL;
    out->column = catalog_column_find(table, text, (size_t)(equals - text));
    out->value = equals + 2;
    equals[1 + strcspn(equals + 2, "'") + 1] = '\0';
    return out;
}

static enum tl_status script_table_line(struct script *script, const char *word, char *rest,
                                        struct tl_error *err)
{
    const struct catalog_table *table = catalog_find(&script->contents.catalog, script->table);
    const struct destination_ops *ops = script->ops;
    enum tl_deletes deletes = *rest == 'h' ? TL_DELETES_HARD : TL_DELETES_SOFT;
    struct destination_scope scope;

    if (table == NULL && strcmp(word, "sweep") == 0)
        return TL_OK;
    if (strcmp(word, "truncate") == 0)
        return ops->truncate(script->destination, table, script_scope(table, rest, &scope),
                             ++script->clock_us, &script->tally, err);
    if (*rest == '\0')
        return ops->sweep_begin(script->destination, table, err);
    rest += strcspn(rest, " ");
    return ops->sweep(script->destination, table,
                      script_scope(table, rest + strspn(rest, " "), &scope), deletes,
                      ++script->clock_us, &script->tally, err);
}

static enum tl_status script_line(struct script *script, char *line, struct tl_error *err)
{
    char *rest = line + strcspn(line, " ");
    char type[32];

    if (*rest != '\0')
        *rest++ = '\0';
    if (strcmp(line, "upsert") == 0)
        return script_write(script, 'u', rest, err);
    if (strcmp(line, "update") == 0)
        return script_write(script, 'c', rest, err);
    if (strcmp(line, "delete") == 0)
        return script_write(script, 'd', rest, err);
    if (strcmp(line, "truncate") == 0 || strcmp(line, "sweep") == 0)
        return script_table_line(script, line, rest, err);
    if (strcmp(line, "commit") == 0)
        return script->ops->commit(script->destination, "s", *rest ? rest : NULL, NULL, err);
    if (strcmp(line, "table") == 0) {
        if (sscanf(rest, "%63s %63s", script->table, script->key) == 2)
            return TL_OK;
    } else if (strcmp(line, "declare") == 0) {
        if (sscanf(rest, "%63s %31s", script->declared_name, type) == 2) {
            script->declared = OBSERVED(tl_type_from_name(type)) | OBSERVED_DECLARED;
            return TL_OK;
        }
    } else if (strcmp(line, "rollback") == 0) {
        script->ops->rollback(script->destination);
        destination_contents_reset(&script->contents);
        return script->ops->load(script->destination, &script->contents, err);
    } else if (strcmp(line, "reopen") == 0) {
        script_close(script);
        return script_open(script, err);
    }
    return tl_fail(err, TL_USAGE, "not in the language: %s", line);
}

/* Runs a whole script, from open to close. */
static enum tl_status script_run(struct script *script, const char *text, struct tl_error *err)
{
    enum tl_status status;
    char *copy = strdup(text);
    char *next = NULL;

    if (script->table[0] == '\0') {
        strcpy(script->table, "t");
        strcpy(script->key, "id");
    }
    status = script_open(script, err);
    for (char *line = strtok_r(copy, "\n", &next); line != NULL && status == TL_OK;
         line = strtok_r(NULL, "\n", &next))
        status = script_line(script, line, err);
    script_close(script);
    free(copy);
    return status;
}

#endif
