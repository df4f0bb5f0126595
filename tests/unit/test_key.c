/* Keys: columns, pointers into nested values, the content hash. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "json/row.h"
#include "sync/key.h"

/* Parses rows, completes their keys, and keeps the key's text of the last one. */
struct probe {
    struct builder_sink sink;
    struct builder builder;
    struct key key;
    char last[128];
};

static enum tl_status probe_row(struct builder_sink *sink, struct tl_value *cells, uint64_t row,
                                struct tl_error *err)
{
    struct probe *probe = (struct probe *)sink;
    const struct tl_value *value;

    (void)row;
    if (key_find(&probe->key, &probe->builder, cells, err) != TL_OK ||
        key_hash(&probe->key, &probe->builder, cells, err) != TL_OK)
        return err->status;
    value = &cells[probe->key.parts[probe->key.n_parts - 1].index];
    if (value->type == TL_TYPE_LONG)
        snprintf(probe->last, sizeof(probe->last), "%lld", (long long)value->as.integer);
    else
        snprintf(probe->last, sizeof(probe->last), "%.*s", (int)value->size, value->as.text);
    return TL_OK;
}

static enum tl_status probe_block(struct builder_sink *sink, struct block *block,
                                  struct tl_error *err)
{
    (void)sink, (void)err;
    block_free(block);
    return TL_OK;
}

static void probe_open(struct probe *probe, const char *const *primary_key)
{
    static const struct builder_limits limits = {100, 1 << 16, 100};
    struct tl_error err = {0};

    *probe = (struct probe){.sink = {.row = probe_row, .block = probe_block}};
    builder_init(&probe->builder, &probe->sink, &limits);
    assert_int_equal(key_init(&probe->key, primary_key, NULL, &err), TL_OK);
    assert_int_equal(key_attach(&probe->key, &probe->builder, &err), TL_OK);
}

static void probe_close(struct probe *probe)
{
    builder_reset(&probe->builder);
    key_reset(&probe->key);
}

static enum tl_status probe_feed(struct probe *probe, const char *json, struct tl_error *err)
{
    struct json_reader_options options = {.max_row_bytes = 1 << 16, .max_depth = 100};
    struct json_row_limits limits = {.max_depth = 100, .max_name_bytes = 100};
    struct json_reader *reader = NULL;
    struct json_rows rows;
    enum tl_status status;

    json_rows_init(&rows, &probe->builder, &limits);
    status = json_reader_new(&options, &rows.sink, &reader, err);
    if (status == TL_OK)
        status = json_reader_feed(reader, json, strlen(json), err);
    if (status == TL_OK)
        status = json_reader_finish(reader, err);
    json_reader_free(reader);
    json_rows_reset(&rows);
    return status;
}

static void keys_are_found_where_they_are(void **state)
{
    static const char *const column[] = {"id", NULL}, *const pointer[] = {"/id", NULL};
    static const char *const nested[] = {"/meta/labels/a~1b", NULL};
    const struct {
        const char *const *key;
        const char *json, *value;
    } cases[] = {
        {column, "{\"x\":1,\"id\":7}", "7"},
        {pointer, "{\"id\":\"seven\"}", "seven"},
        {nested, "{\"meta\":{\"labels\":{\"a/b\":\"k\\u0041\"}}}", "kA"},
        {nested, "{\"meta\":{\"labels\":{\"a/b\":12345678901234567890}}}",
         "12345678901234567890"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tl_error err = {0};
        struct probe probe;
        probe_open(&probe, cases[i].key);
        assert_int_equal(probe_feed(&probe, cases[i].json, &err), TL_OK);
        assert_string_equal(probe.last, cases[i].value);
        probe_close(&probe);
    }
}

static void rows_without_their_key_fail_by_name(void **state)
{
    static const char *const column[] = {"id", NULL}, *const nested[] = {"/meta/id", NULL};
    const struct {
        const char *const *key;
        const char *json, *said;
    } cases[] = {
        {column, "{\"x\":1}", "missing"},
        {column, "{\"id\":null}", "null"},
        {column, "{\"id\":{}}", "object"},
        {column, "{\"id\":[1]}", "object"},
        {column, "{\"ID\":1}", "missing"},
        {nested, "{\"meta\":5}", "missing"},
        {nested, "{\"meta\":{\"id\":null}}", "null"},
        {nested, "{\"meta\":{\"id\":[]}}", "object"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tl_error err = {0};
        struct probe probe;
        probe_open(&probe, cases[i].key);
        assert_int_equal(probe_feed(&probe, cases[i].json, &err), TL_DATA);
        assert_non_null(strstr(err.message, cases[i].said));
        assert_non_null(strstr(err.message, "id"));
        probe_close(&probe);
    }
}

static void hash_of(const char *json, char out[128])
{
    struct tl_error err = {0};
    struct probe probe;

    probe_open(&probe, NULL);
    assert_int_equal(probe_feed(&probe, json, &err), TL_OK);
    strcpy(out, probe.last);
    probe_close(&probe);
}

static void equal_content_has_an_equal_hash(void **state)
{
    char first[128], second[128];
    static const char *const different[] = {
        "{\"a\":1,\"b\":\"x\"}",   "{\"a\":\"1\",\"b\":\"x\"}", "{\"a\":1,\"b\":\"y\"}",
        "{\"a\":1,\"bx\":\"\"}",   "{\"ab\":1,\"\":\"x\"}",     "{\"a\":true,\"b\":\"x\"}",
        "{\"a\":1.5,\"b\":\"x\"}", "{\"a\":[1],\"b\":\"x\"}",   "{}"};

    (void)state;
    hash_of("{\"a\":1,\"b\":\"x\"}", first);
    assert_int_equal(strlen(first), 32);
    hash_of("{ \"b\" : \"\\u0078\", \"c\":null, \"a\":1 }", second);
    assert_string_equal(first, second);
    for (size_t i = 1; i < sizeof(different) / sizeof(different[0]); i++)
        for (size_t j = 0; j < i; j++) {
            hash_of(different[i], first);
            hash_of(different[j], second);
            assert_string_not_equal(first, second);
        }
}

static void a_pointer_to_many_values_is_no_key(void **state)
{
    static const char *const many[] = {"/a/*/b", NULL};
    struct tl_error err = {0};
    struct key key;

    (void)state;
    assert_int_equal(key_init(&key, many, NULL, &err), TL_CONFIGURATION);
    key_reset(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_where_they_are),
        cmocka_unit_test(rows_without_their_key_fail_by_name),
        cmocka_unit_test(equal_content_has_an_equal_hash),
        cmocka_unit_test(a_pointer_to_many_values_is_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
