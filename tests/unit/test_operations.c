/* The operations as a connector calls them: runs of a made-up connector into SQLite, and the
 * tables that they leave. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "stage.h"

static enum tl_status all_verbs(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    const struct tl_field part[] = {{"id", tl_long(2)}, {"w", tl_string("only this")}};

    (void)attempt;
    tl_warn(sync, "%5000s", "longer than a line");
    if (put(tl_upsert, sync, 1, "a", err) != TL_OK ||
        put(tl_upsert, sync, 2, "b", err) != TL_OK ||
        put(tl_upsert, sync, 3, "c", err) != TL_OK ||
        put(tl_upsert, sync, 4, "d", err) != TL_OK || tl_update(sync, part, 2, err) != TL_OK ||
        put(tl_update, sync, 99, "nobody", err) != TL_OK ||
        put(tl_delete, sync, 3, NULL, err) != TL_OK ||
        put(tl_delete, sync, 98, NULL, err) != TL_OK ||
        tl_checkpoint(sync, "{\"at\":\"one\"}", err) != TL_OK ||
        put(tl_upsert, sync, 1, NULL, err) != TL_OK ||
        put(tl_update, sync, 4, "e", err) != TL_OK ||
        put(tl_upsert, sync, 4, "f", err) != TL_OK)
        return err->status;
    return TL_OK;
}

static void verbs_do_what_they_say(void **state)
{
    struct place *place = *state;

    assert_int_equal(run(place, all_verbs), TL_OK);
    assert_string_equal(ask(place, "SELECT id, v, w, _towline_deleted FROM t ORDER BY id"),
                        "1|null|null|0;2|b|only this|0;3|c|null|1;4|f|null|0;");
    assert_string_equal(ask(place, "SELECT state FROM _towline_state"), "{\"at\":\"one\"};");
    assert_int_equal(place->report.upserts, 6);
    assert_int_equal(place->report.updates, 3);
    assert_int_equal(place->report.deletes, 2);
    assert_int_equal(place->report.checkpoints, 2);
    assert_int_equal(place->report.streams[0].tally.inserted, 4);
    assert_int_equal(place->report.streams[0].tally.deleted, 1);
}

static enum tl_status truncate_first(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    if (put(tl_upsert, sync, 5, "new but before", err) != TL_OK ||
        tl_truncate(sync, err) != TL_OK || put(tl_upsert, sync, 2, "b", err) != TL_OK)
        return err->status;
    return put(tl_upsert, sync, 6, "after", err);
}

static void truncate_deletes_what_came_before(void **state)
{
    struct place *place = *state;

    assert_int_equal(run(place, all_verbs), TL_OK);
    assert_int_equal(run(place, truncate_first), TL_OK);
    assert_string_equal(ask(place, "SELECT id, _towline_deleted FROM t ORDER BY id"),
                        "1|1;2|0;3|1;4|1;5|1;6|0;");
    assert_int_equal(place->report.truncates, 1);
    assert_int_equal(place->report.streams[0].tally.deleted, 4);
}

static enum tl_status task_after_a_checkpoint(struct tl_sync *sync, int attempt,
                                              struct tl_error *err)
{
    (void)attempt;
    if (put(tl_upsert, sync, 1, "kept", err) != TL_OK ||
        tl_checkpoint(sync, " {\"at\": 1}", err) != TL_OK ||
        put(tl_upsert, sync, 2, "not kept", err) != TL_OK)
        return err->status;
    return tl_task(sync, err, "renew the %s", "licence");
}

static void a_task_stops_and_leaves_the_last_checkpoint(void **state)
{
    struct place *place = *state;

    assert_int_equal(run(place, task_after_a_checkpoint), TL_TASK);
    assert_string_equal(place->err.message, "stream t: renew the licence");
    assert_string_equal(ask(place, "SELECT id, v FROM t"), "1|kept;");
    assert_string_equal(ask(place, "SELECT state FROM _towline_state"), " {\"at\": 1};");
    assert_string_equal(ask(place, "SELECT status, inserted FROM _towline_runs"), "failed|1;");
}

/* Fails once after a checkpoint; the second attempt names its columns in another order. */
static enum tl_status in_two_attempts(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    if (attempt == 1) {
        if (feed(sync,
                 "{\"a\":1,\"b\":2,\"k\":{\"n\":1},"
                 "\"long\":\"what begins a stream is held back\"}\n",
                 err) != TL_OK ||
            tl_checkpoint(sync, "{\"page\":1}", err) != TL_OK ||
            feed(sync, "{\"a\":3,\"b\":4,\"c\":5,\"k\":{\"n\":2}}", err) != TL_OK)
            return err->status;
        return tl_fail(err, TL_LOST, "the connection was lost");
    }
    assert_string_equal(tl_sync_state_value(sync, "page"), "1");
    return feed(sync,
                "{\"k\":{\"n\":1},\"long\":\"what begins a stream is held "
                "back\",\"b\":2,\"a\":1}{\"c\":5,\"k\":{\"n\":2},\"b\":4,\"a\":3}",
                err);
}

static void check_two_attempts(struct place *place)
{
    const struct stream_report *report;

    assert_int_equal(run(place, in_two_attempts), TL_OK);
    report = &place->report.streams[0];
    assert_string_equal(ask(place, "SELECT a, b, c FROM t ORDER BY a"), "1|2|null;3|4|5;");
    assert_int_equal(report->attempts, 2);
    assert_int_equal(report->rows_read, 3);
    assert_int_equal(report->tally.inserted, 2);
    assert_int_equal(report->tally.unchanged, 1);
    assert_int_equal(report->schema_changes, 2);
    assert_int_equal(place->report.upserts, 3);
    assert_string_equal(ask(place, "SELECT rows_read FROM _towline_runs"), "3;");
}

static void a_retry_gives_rows_the_same_hash(void **state)
{
    stage.streams[0].primary_key = NULL;
    check_two_attempts(*state);
}

static void a_retry_finds_keys_within_other_columns(void **state)
{
    static const char *const pointer[] = {"/k/n", NULL};

    stage.streams[0].primary_key = pointer;
    check_two_attempts(*state);
    assert_string_equal(ask(*state, "SELECT k_n FROM t ORDER BY 1"), "1;2;");
}

/* Goes on after the checkpoint of the attempt before, as a connector with pages does. */
static enum tl_status second_page_later(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    if (attempt == 2)
        return put(tl_upsert, sync, 2, "second page", err);
    if (put(tl_upsert, sync, 1, "first page", err) != TL_OK ||
        tl_checkpoint(sync, "{\"page\":1}", err) != TL_OK)
        return err->status;
    return tl_fail(err, TL_LOST, "the connection was lost");
}

static void a_retry_does_not_sweep_what_was_committed(void **state)
{
    struct place *place = *state;

    stage.streams[0].deletes = TL_DELETES_HARD;
    assert_int_equal(run(place, second_page_later), TL_OK);
    assert_string_equal(ask(place, "SELECT id FROM t ORDER BY id"), "1;2;");
}

static enum tl_status one_row(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    return put(tl_upsert, sync, 7, "seven", err);
}

static void a_sweep_deletes_the_rest(void **state)
{
    struct place *place = *state;

    assert_int_equal(run(place, all_verbs), TL_OK);
    stage.streams[0].deletes = TL_DELETES_SOFT;
    assert_int_equal(run(place, one_row), TL_OK);
    assert_string_equal(ask(place, "SELECT id FROM t WHERE NOT _towline_deleted"), "7;");
    stage.streams[0].deletes = TL_DELETES_HARD;
    assert_int_equal(run(place, one_row), TL_OK);
    assert_string_equal(ask(place, "SELECT id FROM t"), "7;");
}

static enum tl_status feed_after_a_delete(struct tl_sync *sync, int attempt,
                                          struct tl_error *err)
{
    (void)attempt;
    if (put(tl_upsert, sync, 1, "a", err) != TL_OK ||
        put(tl_delete, sync, 1, NULL, err) != TL_OK)
        return err->status;
    return feed(sync, "[{\"id\":2,\"v\":\"fed\"}]", err);
}

static void fed_rows_are_upserts_whatever_came_before(void **state)
{
    struct place *place = *state;

    assert_int_equal(run(place, feed_after_a_delete), TL_OK);
    assert_string_equal(ask(place, "SELECT id, _towline_deleted FROM t ORDER BY id"),
                        "1|1;2|0;");
}

static enum tl_status one_key_twice(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    return feed(sync,
                "[{\"id\":\"x\"},{\"id\":7},{\"id\":5,\"v\":\"first\"},"
                "{\"id\":\"5\",\"v\":\"last\"},{\"id\":3}]",
                err);
}

static void of_equal_keys_the_last_wins_in_mixed_columns(void **state)
{
    assert_int_equal(run(*state, one_key_twice), TL_OK);
    assert_string_equal(ask(*state, "SELECT id, v FROM t WHERE id = '5'"), "5|last;");
}

static enum tl_status many_rows(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    for (int64_t id = 0; id < 200000; id++)
        if (put(tl_upsert, sync, (id * 7919) % 200003, "a row of some length", err) != TL_OK)
            return err->status;
    return TL_OK;
}

static enum tl_status fails_at_the_end(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    if (many_rows(sync, attempt, err) != TL_OK)
        return err->status;
    return tl_fail(err, TL_DATA, "the last row is bad");
}

static void a_stream_that_fails_leaves_the_others(void **state)
{
    struct place *place = *state;

    stage.streams[1] = (struct tl_stream){.table = "bad", .primary_key = key_id};
    stage.streams[2] = (struct tl_stream){.table = "u", .primary_key = key_id};
    stage.plays[1] = fails_at_the_end;
    stage.plays[2] = many_rows;
    assert_int_equal(run(place, many_rows), TL_PARTIAL);
    assert_string_equal(ask(place, "SELECT count(*), min(id), max(id) FROM t"),
                        "200000|0|200002;");
    assert_string_equal(ask(place, "SELECT count(*) FROM u"), "200000;");
    assert_string_equal(ask(place, "SELECT count(*) FROM sqlite_schema WHERE name = 'bad'"),
                        "0;");
    assert_string_equal(ask(place, "SELECT stream, status, inserted FROM _towline_runs "
                                   "ORDER BY stream"),
                        "bad|failed|0;t|done|200000;u|done|200000;");
}

/* The writer fails at the first block, while the source has many more to push. */
static void a_writer_that_fails_frees_the_source(void **state)
{
    struct place *place = *state;

    assert_int_equal(run(place, one_row), TL_OK);
    (void)ask(place, "CREATE TRIGGER few BEFORE INSERT ON t WHEN new.id > 1000 "
                     "BEGIN SELECT raise(ABORT, 'too many'); END");
    stage.streams[1] = (struct tl_stream){.table = "u", .primary_key = key_id};
    stage.plays[1] = one_row;
    assert_int_equal(run(place, many_rows), TL_PARTIAL);
    assert_int_equal(place->report.streams[0].error.status, TL_DESTINATION);
    assert_string_equal(ask(place, "SELECT id, v FROM t"), "7|seven;");
    assert_string_equal(ask(place, "SELECT id, v FROM u"), "7|seven;");
}

static enum tl_status text_in_v(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    return feed(sync, "[{\"id\":1,\"v\":\"12\"}]", err);
}

static enum tl_status word_in_v(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    return feed(sync, "[{\"id\":1,\"v\":\"twelve\"}]", err);
}

static void a_declared_column_holds_nothing_else(void **state)
{
    static const struct tl_column declared[] = {{.name = "v", .type = TL_TYPE_LONG}};
    static const struct tl_column otherwise[] = {{.name = "v", .type = TL_TYPE_DOUBLE}};
    struct place *place = *state;

    stage.streams[0].columns = declared;
    stage.streams[0].n_columns = 1;
    assert_int_equal(run(place, text_in_v), TL_OK);
    assert_int_equal(run(place, word_in_v), TL_DATA);
    stage.streams[0].columns = otherwise;
    assert_int_equal(run(place, text_in_v), TL_CONFIGURATION);
    assert_string_equal(ask(place, "SELECT id, v, typeof(v) FROM t"), "1|12|integer;");
    stage.streams[0].n_columns = 0; /* and when it is declared no more, all there is */
    assert_int_equal(run(place, word_in_v), TL_OK);
    assert_string_equal(ask(place, "SELECT id, v, typeof(v) FROM t"), "1|twelve|text;");
}

static const char *cursor_output;

static enum tl_status feed_cursor_output(struct tl_sync *sync, int attempt,
                                         struct tl_error *err)
{
    (void)attempt;
    return feed(sync, cursor_output, err);
}

static void a_cursor_never_goes_back(void **state)
{
    static const char *const outputs[] = {"[{\"id\":1,\"v\":90},{\"id\":2,\"v\":100}]",
                                          "[{\"id\":1,\"v\":90}]", "[]"};
    struct place *place = *state;

    stage.streams[0].cursor = "v";
    for (size_t i = 0; i < 3; i++) {
        cursor_output = outputs[i];
        assert_int_equal(run(place, feed_cursor_output), TL_OK);
        assert_string_equal(ask(place, "SELECT state FROM _towline_state"),
                            "{\"cursor\":\"100\"};");
    }
}

static void an_ordered_output_is_committed_every_so_many_rows(void **state)
{
    struct place *place = *state;
    struct buf output = BUF_INIT(4 << 20);

    stage.streams[0].cursor = "id";
    stage.streams[0].ordered = true;
    stage.streams[0].checkpoint_rows = 60;
    for (int id = 1; id <= 200; id++)
        buf_printf(&output, "{\"id\":%d%s}", id < 200 ? id : 5,
                   id == 61 || id == 99 ? ",\"more\":1" : "");
    cursor_output = buf_text(&output);
    assert_int_equal(run(place, feed_cursor_output), TL_DATA);
    assert_true(strstr(place->err.message, "row 200") != NULL);
    assert_string_equal(ask(place, "SELECT count(*), max(id) FROM t"), "180|180;");
    assert_string_equal(ask(place, "SELECT state ->> 'cursor' FROM _towline_state"), "180;");
    assert_int_equal(place->report.streams[0].tally.inserted, 180);
    buf_free(&output);
}

static enum tl_status two_lines(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    return feed(sync, "{\"id\":1}\n{\"id\":2}\n", err) == TL_OK
               ? tl_fail(err, TL_COMMAND, "cut short")
               : err->status;
}

static void the_first_rows_need_not_wait_for_others(void **state)
{
    struct place *place = *state;

    stage.streams[0].cursor = "id";
    stage.streams[0].ordered = true;
    stage.streams[0].checkpoint_rows = 1;
    assert_int_equal(run(place, two_lines), TL_COMMAND);
    assert_string_equal(ask(place, "SELECT state FROM _towline_state"), "{\"cursor\":\"2\"};");
}

static enum tl_status mute(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)sync, (void)attempt, (void)err;
    return TL_COMMAND;
}

static enum tl_status nothing(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)sync, (void)attempt, (void)err;
    return TL_OK;
}

static void a_failure_without_words_is_a_failure(void **state)
{
    struct place *place = *state;

    assert_int_equal(run(place, mute), TL_COMMAND);
    assert_string_equal(place->err.message, "stream t: stage failed without saying why");
    assert_int_equal(run(place, nothing), TL_OK);
    assert_int_equal(place->report.streams[0].rows_read, 0);
}

static enum tl_status own_hash(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    (void)attempt;
    return feed(sync, "[{\"_towline_id\":\"mine\",\"v\":1}]", err);
}

static enum tl_status named_as_a_pointer(struct tl_sync *sync, int attempt,
                                         struct tl_error *err)
{
    (void)attempt;
    return feed(sync, "[{\"/v/id\":1,\"v\":{\"id\":2}}]", err);
}

static void keys_overwrite_nothing(void **state)
{
    static const char *const twice[] = {"id", "v", "/id", NULL};
    static const char *const within[] = {"/v/id", NULL};
    struct place *place = *state;

    stage.streams[0].primary_key = NULL;
    assert_int_equal(run(place, own_hash), TL_DATA);
    stage.streams[0].primary_key = within;
    assert_int_equal(run(place, named_as_a_pointer), TL_DATA);
    stage.streams[0].primary_key = twice;
    assert_int_equal(run(place, one_row), TL_CONFIGURATION);
}

static enum tl_status above_4_gib(struct tl_sync *sync, int attempt, struct tl_error *err)
{
    struct tl_field row = {"v", tl_text(TL_TYPE_STRING, "x", ((size_t)1 << 32) + 1)};
    (void)attempt;
    return tl_upsert(sync, &row, 1, err);
}

static void a_text_is_never_cut(void **state)
{
    stage.streams[0].primary_key = NULL;
    assert_int_equal(run(*state, above_4_gib), TL_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(verbs_do_what_they_say),
        CASE(truncate_deletes_what_came_before),
        CASE(a_task_stops_and_leaves_the_last_checkpoint),
        CASE(a_retry_gives_rows_the_same_hash),
        CASE(a_retry_finds_keys_within_other_columns),
        CASE(a_retry_does_not_sweep_what_was_committed),
        CASE(a_sweep_deletes_the_rest),
        CASE(fed_rows_are_upserts_whatever_came_before),
        CASE(of_equal_keys_the_last_wins_in_mixed_columns),
        CASE(a_stream_that_fails_leaves_the_others),
        CASE(a_writer_that_fails_frees_the_source),
        CASE(a_declared_column_holds_nothing_else),
        CASE(a_cursor_never_goes_back),
        CASE(an_ordered_output_is_committed_every_so_many_rows),
        CASE(the_first_rows_need_not_wait_for_others),
        CASE(a_failure_without_words_is_a_failure),
        CASE(keys_overwrite_nothing),
        CASE(a_text_is_never_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
