/* The catalog, and the names that columns get. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "destinations/destination.h"
#include "sync/schema.h"

static const char *const reserved[] = {"_rowid_", NULL};
static const struct destination_traits folding = {.folds_case = true, .reserved = reserved};
static const struct destination_traits exact = {.max_name_bytes = 8};

/* Names a column and adds it. */
static void add(struct catalog_table *table, const struct destination_traits *traits,
                const char *source, size_t size, const char *expected)
{
    struct catalog_column column = {.source_name = (char *)(uintptr_t)source,
                                    .source_size = (uint32_t)size};
    struct tl_error err = {0};

    assert_int_equal(catalog_name(traits, table, source, size, &column.name, &err), TL_OK);
    assert_string_equal(column.name, expected);
    assert_int_equal(catalog_add_column(table, &column, &err), TL_OK);
    free(column.name);
}

static void test_names(void **state)
{
    struct catalog catalog = {0};
    struct catalog_table *table = catalog_add(&catalog, "t");

    (void)state;
    add(table, &folding, "id", 2, "id");
    add(table, &folding, "ID", 2, "ID_2");
    add(table, &folding, "Id", 2, "Id_3");
    add(table, &folding, "", 0, "_empty");
    add(table, &folding, "_empty", 6, "_empty_2");
    add(table, &folding, "a\0b", 3, "a_b");
    add(table, &folding, "a_b", 3, "a_b_2");
    add(table, &folding, "_ROWID_", 7, "_ROWID__2");
    add(table, &folding, "_towline_synced", 15, "_towline_synced_2");
    add(table, &folding, "_towline_id", 11, "_towline_id");
    assert_int_equal(catalog_column_find(table, "a\0b", 3), 5);
    assert_int_equal(catalog_column_find(table, "a_b", 3), 6);
    assert_int_equal(catalog_column_find(table, "a", 1), COLUMNS_NONE);
    assert_ptr_equal(catalog_find(&catalog, "t"), table);
    assert_null(catalog_find(&catalog, "T"));
    catalog_reset(&catalog);
}

static void test_names_are_cut_between_characters(void **state)
{
    struct catalog catalog = {0};
    struct catalog_table *table = catalog_add(&catalog, "t");

    (void)state;
    add(table, &exact, "id", 2, "id");
    add(table, &exact, "ID", 2, "ID");
    add(table, &exact, "1234567890", 10, "12345678");
    add(table, &exact, "12345678", 8, "123456_2");
    add(table, &exact, "1234567\xc3\xa4", 9, "1234567");
    catalog_reset(&catalog);
}

static void test_urls(void **state)
{
    const struct destination_ops *ops = NULL;
    struct tl_error err = {0};

    (void)state;
    assert_int_equal(destination_find("sqlite:x.db", &ops, &err), TL_OK);
    assert_string_equal(ops->scheme, "sqlite");
    assert_int_equal(destination_find("SQLite:x.db", &ops, &err), TL_OK);
    assert_int_equal(destination_find("oracle:user:secret@x", &ops, &err), TL_CONFIGURATION);
    assert_null(ops);
    assert_non_null(strstr(err.message, "oracle"));
    assert_null(strstr(err.message, "secret"));
    assert_non_null(strstr(err.remedy, "sqlite:"));
    assert_int_equal(destination_find("warehouse.db", &ops, &err), TL_CONFIGURATION);
    assert_int_equal(destination_find("", &ops, &err), TL_CONFIGURATION);
}

static enum tl_status declare(const char *table, struct tl_error *err)
{
    const struct tl_stream stream = {.table = table};
    struct tl_schema schema = {0};
    enum tl_status status = tl_schema_add(&schema, &stream, err);

    schema_reset(&schema);
    return status;
}

static void test_reserved_tables(void **state)
{
    static const char *const refused[] = {"_towline_state", "_Towline_x", "sqlite_stat1",
                                          "SQLITE_"};
    static const char *const taken[] = {"towline_state", "_towline", "sqlite", "my_sqlite_t"};
    struct tl_error err;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        err = (struct tl_error){0};
        assert_int_equal(declare(refused[i], &err), TL_CONFIGURATION);
        assert_non_null(strstr(err.message, refused[i]));
        assert_string_not_equal(err.remedy, "");
        assert_int_equal(declare(taken[i], &err), TL_OK);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_names_are_cut_between_characters),
        cmocka_unit_test(test_urls),
        cmocka_unit_test(test_reserved_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
