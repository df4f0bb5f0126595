/* What the platform has been told of the tables. */
#include "frontends/fivetran/view.h"

#include <stdlib.h>
#include <string.h>

#include "frontends/fivetran/timestamp.h"
#include "frontends/fivetran/proto.h"
#include "rows/number.h"

/* Beyond this a DECIMAL's size says nothing that a platform could use. */
enum { DIGITS_MAX = 100000 };

/* The platform's numbers for the types; our names are its names. */
static const unsigned data_types[TL_TYPE_COUNT] = {
    [TL_TYPE_BOOLEAN] = 1,       [TL_TYPE_SHORT] = 2,      [TL_TYPE_INT] = 3,
    [TL_TYPE_LONG] = 4,          [TL_TYPE_DECIMAL] = 5,    [TL_TYPE_FLOAT] = 6,
    [TL_TYPE_DOUBLE] = 7,        [TL_TYPE_NAIVE_DATE] = 8, [TL_TYPE_NAIVE_DATETIME] = 9,
    [TL_TYPE_UTC_DATETIME] = 10, [TL_TYPE_BINARY] = 11,    [TL_TYPE_XML] = 12,
    [TL_TYPE_STRING] = 13,       [TL_TYPE_JSON] = 14,
};

void view_reset(struct view *view)
{
    for (size_t i = 0; i < view->n_tables; i++)
        free(view->tables[i].columns);
    free(view->tables);
    catalog_reset(&view->catalog);
    *view = (struct view){0};
}

struct view_table *view_find(const struct view *view, const char *name)
{
    for (size_t i = 0; i < view->n_tables; i++)
        if (strcmp(view->tables[i].table->name, name) == 0)
            return &view->tables[i];
    return NULL;
}

static enum tl_status add_table(struct view *view, const char *name, struct view_table **out,
                                struct tl_error *err)
{
    struct view_table *tables =
        realloc(view->tables, (view->n_tables + 1) * sizeof(*view->tables));
    struct catalog_table *table;

    if (tables != NULL)
        view->tables = tables;
    table = tables != NULL ? catalog_add(&view->catalog, name) : NULL;
    if (table == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for table %s", name);
    table->exists = true;
    *out = &tables[view->n_tables++];
    **out = (struct view_table){.table = table};
    return TL_OK;
}

/* Makes the copy what the table is: columns are added and widened, never taken away. */
static enum tl_status match_columns(struct catalog_table *copy,
                                    const struct catalog_table *table, struct tl_error *err)
{
    for (uint32_t i = 0; i < table->n_columns; i++) {
        const struct catalog_column *column = &table->columns[i];
        if (i == copy->n_columns && catalog_add_column(copy, column, err) != TL_OK)
            return err->status;
        copy->columns[i].observed = column->observed;
        copy->columns[i].type = column->type;
    }
    return TL_OK;
}

static enum tl_status grow_columns(struct view_table *table, uint32_t count,
                                   struct tl_error *err)
{
    uint32_t known = table->table->n_columns;
    struct view_column *columns = realloc(table->columns, (count + 1) * sizeof(*columns));

    if (columns == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for table %s", table->table->name);
    table->columns = columns;
    for (uint32_t i = known; i < count; i++)
        columns[i] = (struct view_column){0};
    return TL_OK;
}

enum tl_status view_alter(struct view *view, const struct catalog_table *table,
                          struct tl_error *err)
{
    struct view_table *known = view_find(view, table->name);

    if (known == NULL && add_table(view, table->name, &known, err) != TL_OK)
        return err->status;
    known->changed = true;
    known->version++;
    if (grow_columns(known, table->n_columns, err) != TL_OK)
        return err->status;
    return match_columns(known->table, table, err);
}

enum tl_status view_copy(const struct view *view, struct view *out, struct tl_error *err)
{
    for (size_t i = 0; i < view->n_tables; i++) {
        const struct view_table *table = &view->tables[i];
        if (view_alter(out, table->table, err) != TL_OK)
            return err->status;
        memcpy(out->tables[i].columns, table->columns,
               table->table->n_columns * sizeof(*table->columns));
        out->tables[i].changed = table->changed;
    }
    return TL_OK;
}

enum tl_status view_copy_catalog(const struct view *view, struct catalog *out,
                                 struct tl_error *err)
{
    for (size_t i = 0; i < view->n_tables; i++) {
        const struct catalog_table *table = view->tables[i].table;
        struct catalog_table *copy = catalog_add(out, table->name);
        if (copy == NULL)
            return tl_fail(err, TL_MEMORY, "out of memory for table %s", table->name);
        copy->exists = true;
        if (match_columns(copy, table, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

enum tl_type view_type(const struct view_table *table, uint32_t column)
{
    return table->columns[column].as_text ? TL_TYPE_STRING : table->table->columns[column].type;
}

void view_told(struct view *view)
{
    for (size_t i = 0; i < view->n_tables; i++)
        view->tables[i].changed = false;
}

static uint32_t at_most(int64_t digits)
{
    return (uint32_t)(digits < DIGITS_MAX ? digits : DIGITS_MAX);
}

static enum tl_status survey_decimal(struct view_table *table, uint32_t index,
                                     const struct tl_value *value, struct tl_error *err)
{
    enum { DIGITS_BYTES = 64 };
    struct view_column *column = &table->columns[index];
    struct buf scratch = BUF_INIT(DIGITS_BYTES);
    struct tl_value decimal = types_fit(value, table->table->columns[index].observed, &scratch);
    struct number_places places = number_written_places(decimal.as.text, decimal.size);
    uint32_t before = at_most(places.whole > 0 ? places.whole : 1);
    uint32_t after = at_most(places.fraction);

    (void)err;
    buf_free(&scratch);
    if (before > column->integer_digits || after > column->scale)
        table->changed = true;
    if (before > column->integer_digits)
        column->integer_digits = before;
    if (after > column->scale)
        column->scale = after;
    return TL_OK;
}

/* Inferred, the column becomes text, as it stood in the source; declared, it must hold. */
static enum tl_status survey_date(struct view_table *table, uint32_t index,
                                  const struct tl_value *value, struct tl_error *err)
{
    const struct catalog_column *column = &table->table->columns[index];

    if (timestamp_fits(value))
        return TL_OK;
    if (column->observed & OBSERVED_DECLARED) {
        (void)tl_fail(err, TL_DATA, "column \"%s\" holds a time that the platform cannot: %.*s",
                      column->name, (int)(value->size < 64 ? value->size : 64), value->as.text);
        return tl_remedy(err, "Declare \"%s\" as STRING in `columns`", column->name);
    }
    table->columns[index].as_text = true;
    table->changed = true;
    table->version++;
    return TL_OK;
}

static enum tl_status survey_column(struct view_table *table, uint32_t index,
                                    const struct batch *batch, struct tl_error *err)
{
    bool decimal = table->table->columns[index].type == TL_TYPE_DECIMAL;

    if (table->table->columns[index].precision > 0)
        return TL_OK;
    for (size_t row = 0; row < batch->n_rows; row++) {
        const struct tl_value *value = view_value(batch, row, index);
        if (value->type <= TL_TYPE_NULL)
            continue;
        if ((decimal ? survey_decimal : survey_date)(table, index, value, err) != TL_OK)
            return tl_context(err, "table %s", table->table->name);
        if (table->columns[index].as_text)
            break;
    }
    return TL_OK;
}

enum tl_status view_survey(struct view_table *table, const struct batch *batch,
                           struct tl_error *err)
{
    for (uint32_t i = 0; i < table->table->n_columns; i++)
        switch (view_type(table, i)) {
        case TL_TYPE_DECIMAL:
        case TL_TYPE_NAIVE_DATE:
        case TL_TYPE_NAIVE_DATETIME:
        case TL_TYPE_UTC_DATETIME:
            if (survey_column(table, i, batch, err) != TL_OK)
                return err->status;
            break;
        default:
            break;
        }
    return TL_OK;
}

void view_write_column(const struct tl_column *column, bool is_key, struct buf *out)
{
    size_t begun = proto_begin(out, TABLE_COLUMNS);

    proto_text(out, COLUMN_NAME, column->name, strlen(column->name));
    proto_number(out, COLUMN_TYPE, data_types[column->type]);
    proto_number(out, COLUMN_PRIMARY_KEY, is_key);
    if (column->precision > 0) {
        size_t params = proto_begin(out, COLUMN_PARAMS);
        size_t decimal = proto_begin(out, PARAMS_DECIMAL);
        proto_number(out, DECIMAL_PRECISION, column->precision);
        proto_number(out, DECIMAL_SCALE, column->scale);
        proto_end(out, decimal);
        proto_end(out, params);
    }
    proto_end(out, begun);
}

/* Digits are told as they were declared, else as they have been seen. */
static void write_column(const struct view_table *table, uint32_t index, struct buf *out)
{
    const struct catalog_column *column = &table->table->columns[index];
    const struct view_column *seen = &table->columns[index];
    struct tl_column told = {.name = column->name,
                             .type = view_type(table, index),
                             .precision = column->precision,
                             .scale = column->scale};

    if (told.type == TL_TYPE_DECIMAL && told.precision == 0 && seen->integer_digits > 0) {
        told.precision = seen->integer_digits + seen->scale;
        told.scale = seen->scale;
    }
    view_write_column(&told, column->key > 0, out);
}

void view_write_table(const struct view_table *table, const struct selection *selection,
                      unsigned field, struct buf *out)
{
    const char *name = table->table->name;
    const struct selection_table *columns = selection_find(selection, name);
    size_t begun = proto_begin(out, field);

    proto_text(out, TABLE_NAME, name, strlen(name));
    for (uint32_t i = 0; i < table->table->n_columns; i++)
        if (view_type(table, i) != TL_TYPE_NULL &&
            selection_has_column(columns, &table->table->columns[i]))
            write_column(table, i, out);
    proto_end(out, begun);
}
