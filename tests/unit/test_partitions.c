/* Partitions: the same streams from several places at once, into the same tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <ftw.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "destinations/sqlite/sqlite.h"
#include "sync/partition_states.h"
#include "sync/run.h"

enum { PLACES_MAX = 40 };

/* What each place prints in the streams t and u, and how it fails. */
struct script {
    const char *name;
    const char *outputs[2];
    enum tl_status opens;   /* how opening ends */
    enum tl_status updates; /* how each update ends, after the output */
};

static const struct script *scripts;
static size_t n_scripts;
static struct tl_stream streams[2];
static atomic_int at_work, most_at_work, n_updates;

struct tl_instance {
    const struct script *script;
};

static enum tl_status places(const struct tl_config *config, struct tl_partitions *out,
                             struct tl_error *err)
{
    (void)config;
    for (size_t i = 0; i < n_scripts; i++)
        if (tl_partitions_add(out, scripts[i].name, err) != TL_OK)
            return err->status;
    return TL_OK;
}

static enum tl_status place_open(const struct tl_open *open, struct tl_instance **out,
                                 struct tl_error *err)
{
    const struct script *script = &scripts[open->partition_index];

    if (script->opens != TL_OK)
        return tl_fail(err, script->opens, "no way in");
    assert_string_equal(open->partition, script->name);
    *out = calloc(1, sizeof(**out));
    assert_non_null(*out);
    (*out)->script = script;
    return TL_OK;
}

static void place_close(struct tl_instance *self)
{
    free(self);
}

static enum tl_status place_schema(struct tl_instance *self, struct tl_schema *schema,
                                   struct tl_error *err)
{
    (void)self;
    for (size_t i = 0; i < 2 && streams[i].table != NULL; i++)
        if (tl_schema_add(schema, &streams[i], err) != TL_OK)
            return err->status;
    return TL_OK;
}

static enum tl_status place_update(struct tl_instance *self, size_t stream,
                                   struct tl_sync *sync, struct tl_error *err)
{
    const char *output = self->script->outputs[stream];
    int working = atomic_fetch_add(&at_work, 1) + 1;
    enum tl_status status = TL_OK;

    if (working > atomic_load(&most_at_work))
        atomic_store(&most_at_work, working);
    atomic_fetch_add(&n_updates, 1);
    if (output != NULL)
        status = tl_feed(sync, output, strlen(output), err);
    if (status == TL_OK && self->script->updates != TL_OK)
        status = tl_fail(err, self->script->updates, "it broke off");
    atomic_fetch_sub(&at_work, 1);
    return status;
}

static const struct tl_connector connector = {.name = "places",
                                              .partition = "place",
                                              .partitions = places,
                                              .open = place_open,
                                              .close = place_close,
                                              .schema = place_schema,
                                              .update = place_update};

static const char *const key_id[] = {"id", NULL};

/* A folder with a database. */
struct scene {
    char folder[64];
    char url[96];
    struct run_options options;
    struct run_report report;
    struct tl_error err;
};

static int scene_open(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    strcpy(scene->folder, "/tmp/towline-partitions-XXXXXX");
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->url, sizeof(scene->url), "sqlite:%s/test.db", scene->folder);
    scene->options = (struct run_options){.connector = &connector,
                                          .destination = &sqlite_destination,
                                          .url = scene->url,
                                          .mode = DESTINATION_WRITE,
                                          .stop_fd = -1};
    streams[0] = (struct tl_stream){.table = "t", .primary_key = key_id};
    streams[1] = (struct tl_stream){0};
    atomic_store(&most_at_work, 0);
    atomic_store(&n_updates, 0);
    *state = scene;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static int scene_close(void **state)
{
    struct scene *scene = *state;

    nftw(scene->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    run_report_reset(&scene->report);
    free(scene);
    return 0;
}

static enum tl_status play(struct scene *scene, const struct script *list, size_t count)
{
    scripts = list;
    n_scripts = count;
    run_report_reset(&scene->report);
    scene->err = (struct tl_error){0};
    return run_sync(&scene->options, &scene->report, &scene->err);
}

/* A place that prints so and does well. */
#define SAYS(place, ...)                                                                       \
    {                                                                                          \
        .name = (place), .outputs = { __VA_ARGS__ }                                            \
    }

#define PLAY(scene, ...)                                                                       \
    play(scene, (const struct script[]){__VA_ARGS__},                                          \
         sizeof((const struct script[]){__VA_ARGS__}) / sizeof(struct script))

/* The result of a query, columns joined by ",", rows ended by ";". */
static const char *ask(const struct scene *scene, const char *sql)
{
    static char answer[4096];
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    size_t size = 0;

    assert_int_equal(sqlite3_open(strchr(scene->url, ':') + 1, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    answer[0] = '\0';
    while (sqlite3_step(statement) == SQLITE_ROW) {
        int columns = sqlite3_column_count(statement);
        for (int i = 0; i < columns; i++)
            size += (size_t)snprintf(answer + size, sizeof(answer) - size, "%s%c",
                                     sqlite3_column_text(statement, i),
                                     i + 1 < columns ? ',' : ';');
    }
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return answer;
}

static void the_partition_joins_the_key(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        PLAY(scene, SAYS("a", "[{\"id\":1,\"v\":1},{\"id\":2}]"), SAYS("b", "[{\"id\":1}]")),
        TL_OK);
    assert_string_equal(ask(scene, "SELECT _towline_place, id, v FROM t ORDER BY 1, 2"),
                        "a,1,1;a,2,(null);b,1,(null);");
    assert_string_equal(ask(scene, "SELECT name, pk FROM pragma_table_info('t') WHERE pk"),
                        "_towline_place,1;id,2;");
    assert_int_equal(scene->report.n_streams, 2);
    assert_int_equal(scene->report.upserts, 3);
    assert_string_equal(scene->report.streams[1].name, "t@b");
    assert_string_equal(scene->report.streams[1].partition, "b");
    assert_int_equal(scene->report.streams[1].tally.inserted, 1);
    assert_string_equal(ask(scene, "SELECT stream, rows_read, status FROM _towline_runs"),
                        "t@a,2,done;t@b,1,done;");
}

static void equal_rows_without_a_key_are_told_apart(void **state)
{
    struct scene *scene = *state;

    streams[0].primary_key = NULL;
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            PLAY(scene, SAYS("a", "[{\"v\":1},{\"v\":1}]"), SAYS("b", "[{\"v\":1}]")), TL_OK);
    assert_string_equal(ask(scene, "SELECT _towline_place, v FROM t ORDER BY 1"), "a,1;b,1;");
    assert_string_equal(ask(scene, "SELECT count(DISTINCT _towline_id) FROM t"), "2;");
}

static void each_has_its_own_state_in_one(void **state)
{
    struct scene *scene = *state;

    streams[0].cursor = "id";
    assert_int_equal(PLAY(scene, SAYS("a", "[{\"id\":7}]"), SAYS("b", "[{\"id\":3}]")), TL_OK);
    assert_string_equal(scene->report.streams[0].state, "{\"cursor\":\"7\"}");
    assert_string_equal(
        ask(scene, "SELECT stream, json_extract(state, '$.a.cursor', '$.b.cursor') FROM "
                   "_towline_state"),
        "t,[\"7\",\"3\"];");
    /* b is gone and c is new: a goes on from its own, b's is kept. */
    assert_int_equal(PLAY(scene, SAYS("a", "[{\"id\":5}]"), SAYS("c", "[{\"id\":1}]")), TL_OK);
    assert_string_equal(ask(scene, "SELECT json_extract(state, '$.a.cursor', '$.b.cursor', "
                                   "'$.c.cursor') FROM _towline_state"),
                        "[\"7\",\"3\",\"1\"];");
}

static void a_state_that_is_given_is_taken_apart(void **state)
{
    struct scene *scene = *state;

    streams[0].cursor = "id";
    scene->options.state = "{\"t\":{\"a\":{\"cursor\":\"9\"}}}";
    assert_int_equal(PLAY(scene, SAYS("a", "[{\"id\":7}]"), SAYS("b", "[{\"id\":3}]")), TL_OK);
    assert_string_equal(scene->report.streams[0].state, "{\"cursor\":\"9\"}");
    assert_string_equal(scene->report.streams[1].state, "{\"cursor\":\"3\"}");
    scene->options.state = "{\"t\":{\"a\":5}}";
    assert_int_equal(PLAY(scene, SAYS("a", "[]"), SAYS("b", "[]")), TL_PARTIAL);
    assert_int_equal(scene->report.streams[0].error.status, TL_CONFIGURATION);
}

static void a_state_of_before_there_were_partitions_is_refused(void **state)
{
    struct scene *scene = *state;
    struct partition_states states = {0};

    assert_int_equal(partition_states_load(&states, "{\"cursor\":\"5\"}", &scene->err),
                     TL_CONFIGURATION);
    partition_states_reset(&states);
}

static void one_that_fails_leaves_the_others_committed(void **state)
{
    struct scene *scene = *state;

    streams[1] = (struct tl_stream){.table = "u", .primary_key = key_id};
    assert_int_equal(PLAY(scene, SAYS("a", "[{\"id\":1}]", "[{\"id\":1}]"),
                          {.name = "b", .outputs = {"[{\"id\":1}]"}, .updates = TL_COMMAND},
                          SAYS("c", "[{\"id\":1}]", "[{\"id\":1}]")),
                     TL_PARTIAL);
    assert_non_null(strstr(scene->err.message, "1 of 3 places failed: b"));
    assert_string_equal(ask(scene, "SELECT _towline_place FROM t ORDER BY 1"), "a;c;");
    assert_string_equal(ask(scene, "SELECT stream FROM _towline_runs WHERE status = 'failed'"),
                        "t@b;u@b;");
    assert_string_equal(scene->report.streams[2].error.message, "stream t@b: it broke off");
}

static void when_all_fail_the_first_says_how(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(
        PLAY(scene, {.name = "a", .updates = TL_COMMAND}, {.name = "b", .updates = TL_DATA}),
        TL_COMMAND);
    assert_string_equal(scene->err.message, "all 2 places failed; the first says: stream t@a: "
                                            "it broke off");
    assert_int_equal(
        PLAY(scene, {.name = "a", .updates = TL_DATA}, {.name = "b", .updates = TL_DATA}),
        TL_DATA);
    assert_string_equal(scene->err.message,
                        "all 2 places failed alike; the first says: stream t@a: it broke off");
}

static void of_one_that_fails_all_streams_do(void **state)
{
    struct scene *scene = *state;

    streams[1] = (struct tl_stream){.table = "u", .primary_key = key_id};
    assert_int_equal(PLAY(scene, {.name = "a", .updates = TL_DATA}), TL_DATA);
    assert_string_equal(scene->err.message,
                        "all 2 streams failed alike; the first says: stream t@a: it broke off");
}

static void one_that_cannot_be_opened_fails_each_of_its_streams(void **state)
{
    struct scene *scene = *state;

    streams[1] = (struct tl_stream){.table = "u", .primary_key = key_id};
    assert_int_equal(
        PLAY(scene, SAYS("a", "[{\"id\":1}]"), {.name = "b", .opens = TL_CONFIGURATION}),
        TL_PARTIAL);
    assert_string_equal(scene->report.streams[2].error.message, "stream t@b: no way in");
    assert_string_equal(scene->report.streams[3].error.message, "stream u@b: no way in");
    assert_int_equal(atomic_load(&n_updates), 2);
}

static void one_that_cannot_be_reached_is_not_tried_for_each_stream(void **state)
{
    struct scene *scene = *state;

    streams[1] = (struct tl_stream){.table = "u", .primary_key = key_id};
    assert_int_equal(PLAY(scene, {.name = "a", .updates = TL_CONNECT}, SAYS("b", "[]", "[]")),
                     TL_PARTIAL);
    assert_int_equal(atomic_load(&n_updates), 3);
    assert_int_equal(scene->report.streams[1].error.status, TL_CONNECT);
}

static void deletes_are_of_one_partition(void **state)
{
    struct scene *scene = *state;
    const char *both = "[{\"id\":1},{\"id\":2}]";

    streams[0].deletes = TL_DELETES_HARD;
    assert_int_equal(PLAY(scene, SAYS("a", both), SAYS("b", both), SAYS("c", both)), TL_OK);
    assert_int_equal(PLAY(scene, SAYS("a", "[{\"id\":2}]"),
                          {.name = "b", .outputs = {"[{\"id\":1}]"}, .updates = TL_COMMAND}),
                     TL_PARTIAL);
    assert_string_equal(ask(scene, "SELECT _towline_place, id FROM t ORDER BY 1, 2"),
                        "a,2;b,1;b,2;c,1;c,2;");
    assert_int_equal(scene->report.streams[0].tally.deleted, 1);
    streams[0].deletes = TL_DELETES_SOFT;
    assert_int_equal(PLAY(scene, SAYS("c", "[{\"id\":1}]")), TL_OK);
    assert_string_equal(ask(scene, "SELECT _towline_place, id FROM t WHERE _towline_deleted"),
                        "c,2;");
}

static void a_column_of_that_name_is_refused(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(PLAY(scene, SAYS("a", "[{\"id\":1,\"_towline_place\":\"x\"}]")), TL_DATA);
}

static void as_many_at_once_as_wanted(void **state)
{
    struct scene *scene = *state;
    static struct script many[PLACES_MAX];
    static char names[PLACES_MAX][8];

    for (size_t i = 0; i < PLACES_MAX; i++) {
        snprintf(names[i], sizeof(names[i]), "p%zu", i);
        many[i] = (struct script){.name = names[i], .outputs = {"[{\"id\":1},{\"id\":2}]"}};
    }
    scene->options.concurrency = 5;
    assert_int_equal(play(scene, many, PLACES_MAX), TL_OK);
    assert_true(atomic_load(&most_at_work) <= 5);
    assert_string_equal(ask(scene, "SELECT count(*), count(DISTINCT _towline_place) FROM t"),
                        "80,40;");
    scene->options.concurrency = 1;
    atomic_store(&most_at_work, 0);
    assert_int_equal(play(scene, many, PLACES_MAX), TL_OK);
    assert_int_equal(atomic_load(&most_at_work), 1);
    assert_int_equal(scene->report.streams[39].tally.unchanged, 2);
}

static void names_are_told_once(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(PLAY(scene, {.name = "a"}, {.name = "a"}), TL_CONFIGURATION);
    assert_non_null(strstr(scene->err.message, "\"a\" is named twice"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, scene_open, scene_close)
    const struct CMUnitTest tests[] = {
        TEST(the_partition_joins_the_key),
        TEST(equal_rows_without_a_key_are_told_apart),
        TEST(each_has_its_own_state_in_one),
        TEST(a_state_that_is_given_is_taken_apart),
        TEST(a_state_of_before_there_were_partitions_is_refused),
        TEST(one_that_fails_leaves_the_others_committed),
        TEST(when_all_fail_the_first_says_how),
        TEST(of_one_that_fails_all_streams_do),
        TEST(one_that_cannot_be_opened_fails_each_of_its_streams),
        TEST(one_that_cannot_be_reached_is_not_tried_for_each_stream),
        TEST(deletes_are_of_one_partition),
        TEST(a_column_of_that_name_is_refused),
        TEST(as_many_at_once_as_wanted),
        TEST(names_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
