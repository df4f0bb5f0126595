/* A platform in a destination's place, and what its user selects. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "frontends/platform/selection.h"
#include "sync/run.h"

/* A platform that writes down what it is told. */
struct recorder {
    struct destination base;
    struct buf told;
    size_t fail_at; /* fails the row with that number, from 1; 0: none */
    size_t rows;
};

static enum tl_status recorder_load(struct destination *self, struct destination_contents *out,
                                    struct tl_error *err)
{
    (void)err;
    out->next_run = 1;
    buf_append_string(&((struct recorder *)self)->told, "load ");
    return TL_OK;
}

static enum tl_status recorder_alter(struct destination *self,
                                     const struct catalog_table *table,
                                     const struct catalog_change *changes, size_t n_changes,
                                     struct tl_error *err)
{
    (void)changes, (void)n_changes, (void)err;
    buf_printf(&((struct recorder *)self)->told, "alter:%u ", table->n_columns);
    return TL_OK;
}

static enum tl_status recorder_upsert(struct destination *self, const struct batch *batch,
                                      struct tally *tally, struct tl_error *err)
{
    struct recorder *recorder = (struct recorder *)self;

    for (size_t i = 0; i < batch->n_rows; i++) {
        const struct batch_part *part = &batch->parts[batch->rows[i].part];
        const struct tl_value *row = block_row(part->block, batch->rows[i].row);
        if (++recorder->rows == recorder->fail_at)
            return tl_fail(err, TL_DESTINATION, "hung up");
        buf_printf(&recorder->told, "%" PRId64 " ", row[part->source[0]].as.integer);
        tally->inserted++;
    }
    return TL_OK;
}

static enum tl_status recorder_commit(struct destination *self, const char *stream,
                                      const char *state, const struct run_record *run,
                                      struct tl_error *err)
{
    (void)err, (void)run;
    if (state != NULL)
        buf_printf(&((struct recorder *)self)->told, "%s=%s ", stream, state);
    return TL_OK;
}

static void recorder_rollback(struct destination *self)
{
    buf_append_string(&((struct recorder *)self)->told, "rollback ");
}

static const struct destination_ops recorder_ops = {
    .scheme = "recorder",
    .traits = {.max_columns = 100, .any_order = true},
    .load = recorder_load,
    .alter = recorder_alter,
    .upsert = recorder_upsert,
    .commit = recorder_commit,
    .rollback = recorder_rollback,
};

static const char *const key_id[] = {"id", NULL};
static const struct tl_stream streams[] = {
    {.table = "first", .primary_key = key_id, .cursor = "id"},
    {.table = "second", .primary_key = key_id},
};

static enum tl_status made_up_open(const struct tl_open *open, struct tl_instance **out,
                                   struct tl_error *err)
{
    (void)open, (void)out, (void)err;
    return TL_OK;
}

static enum tl_status made_up_schema(struct tl_instance *self, struct tl_schema *schema,
                                     struct tl_error *err)
{
    (void)self;
    return tl_schema_add(schema, &streams[0], err) == TL_OK
               ? tl_schema_add(schema, &streams[1], err)
               : err->status;
}

static enum tl_status made_up_update(struct tl_instance *self, size_t stream,
                                     struct tl_sync *sync, struct tl_error *err)
{
    static const char *const outputs[] = {"[{\"id\":3},{\"id\":1},{\"id\":2}]",
                                          "[{\"id\":9,\"x\":1}]"};
    (void)self;
    return tl_feed(sync, outputs[stream], strlen(outputs[stream]), err);
}

static const struct tl_connector made_up = {.name = "made up",
                                            .open = made_up_open,
                                            .schema = made_up_schema,
                                            .update = made_up_update};

/* Who asks for the end of each stream is told in order, when rows and states are settled. */
static void take_end(struct run_observer *observer, const struct stream_report *stream)
{
    (void)observer, (void)stream;
}

static enum tl_status run_into(struct recorder *recorder, uint64_t enough_rows,
                               struct run_report *report)
{
    struct run_observer observer = {.ended = take_end};
    const struct run_options options = {.connector = &made_up,
                                        .opened = &recorder->base,
                                        .stop_fd = -1,
                                        .enough_rows = enough_rows,
                                        .observer = &observer};
    struct tl_error err = {0};

    recorder->base.ops = &recorder_ops;
    recorder->told = BUF_INIT(4096);
    return run_sync(&options, report, &err);
}

static void a_platform_hears_rows_as_they_come_then_the_state(void **state)
{
    struct recorder recorder = {0};
    struct run_report report = {0};

    (void)state;
    assert_int_equal(run_into(&recorder, 0, &report), TL_OK);
    assert_string_equal(buf_text(&recorder.told),
                        "load alter:1 3 1 2 first={\"cursor\":\"3\"} alter:2 9 second={} ");
    assert_int_equal(report.streams[0].tally.inserted, 3);
    run_report_reset(&report);
    buf_free(&recorder.told);
}

static void a_stream_whose_rows_were_not_heard_keeps_its_state(void **state)
{
    struct recorder recorder = {.fail_at = 2};
    struct run_report report = {0};

    (void)state;
    assert_int_equal(run_into(&recorder, 0, &report), TL_PARTIAL);
    assert_string_equal(buf_text(&recorder.told),
                        "load alter:1 3 rollback load alter:2 9 second={} ");
    run_report_reset(&report);
    buf_free(&recorder.told);
}

static void enough_rows_end_a_stream_well(void **state)
{
    struct recorder recorder = {0};
    struct run_report report = {0};

    (void)state;
    assert_int_equal(run_into(&recorder, 2, &report), TL_OK);
    assert_string_equal(buf_text(&recorder.told),
                        "load alter:1 3 1 first={\"cursor\":\"3\"} alter:2 9 second={} ");
    assert_int_equal(report.streams[0].rows_read, 2);
    run_report_reset(&report);
    buf_free(&recorder.told);
}

static enum tl_status two_places(const struct tl_config *config, struct tl_partitions *out,
                                 struct tl_error *err)
{
    (void)config;
    return tl_partitions_add(out, "a", err) == TL_OK ? tl_partitions_add(out, "b", err)
                                                     : err->status;
}

static enum tl_status sweeping_schema(struct tl_instance *self, struct tl_schema *schema,
                                      struct tl_error *err)
{
    static const struct tl_stream stream = {
        .table = "first", .primary_key = key_id, .deletes = TL_DELETES_SOFT};
    (void)self;
    return tl_schema_add(schema, &stream, err);
}

static void deletes_of_one_place_never_empty_the_table_of_all(void **state)
{
    struct recorder recorder = {0};
    struct destination_ops ops = recorder_ops;
    struct tl_connector places = made_up;
    struct run_report report = {0};
    struct tl_error err = {0};
    const struct run_options options = {
        .connector = &places, .opened = &recorder.base, .stop_fd = -1};

    (void)state;
    ops.traits.whole_tables = true;
    recorder.base.ops = &ops;
    recorder.told = BUF_INIT(4096);
    places.partition = "place";
    places.partitions = two_places;
    places.schema = sweeping_schema;
    assert_int_equal(run_sync(&options, &report, &err), TL_CONFIGURATION);
    assert_non_null(strstr(err.message, "deletes"));
    assert_int_equal(recorder.rows, 0);
    run_report_reset(&report);
    buf_free(&recorder.told);
}

static void what_is_not_listed_is_new(void **state)
{
    struct selection selection = SELECT_ALL;
    struct selection_table *table;
    struct tl_error err = {0};
    struct catalog_column column = {.name = "a"};

    (void)state;
    assert_true(selection_has_table(&selection, "users"));
    assert_true(selection_has_column(selection_find(&selection, "users"), &column));
    assert_int_equal(selection_add_table(&selection, "users", true, &table, &err), TL_OK);
    assert_int_equal(selection_add_column(table, &(struct selection_column){.name = "a"}, &err),
                     TL_OK);
    assert_int_equal(selection_add_table(&selection, "logs", false, NULL, &err), TL_OK);
    assert_false(selection_has_table(&selection, "logs"));
    assert_false(selection_has_column(selection_find(&selection, "users"), &column));
    column.key = 1;
    assert_true(selection_has_column(selection_find(&selection, "users"), &column));
    column = (struct catalog_column){.name = "b"};
    assert_true(selection_has_column(selection_find(&selection, "users"), &column));
    selection.tables[0].new_columns = selection.new_tables = false;
    assert_false(selection_has_column(selection_find(&selection, "users"), &column));
    assert_false(selection_has_table(&selection, "orders"));
    selection_reset(&selection);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_platform_hears_rows_as_they_come_then_the_state),
        cmocka_unit_test(a_stream_whose_rows_were_not_heard_keeps_its_state),
        cmocka_unit_test(enough_rows_end_a_stream_well),
        cmocka_unit_test(deletes_of_one_place_never_empty_the_table_of_all),
        cmocka_unit_test(what_is_not_listed_is_new),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
