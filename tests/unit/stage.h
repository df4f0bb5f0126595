/* A made-up connector, whose streams do what a test wants, and its runs into SQLite. */
#ifndef TESTS_UNIT_STAGE_H
#define TESTS_UNIT_STAGE_H

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "destinations/sqlite/sqlite.h"
#include "sync/run.h"

enum { STREAMS_MAX = 3 };

typedef enum tl_status play(struct tl_sync *sync, int attempt, struct tl_error *err);

/* What the connector is to do. */
struct tl_instance {
    struct tl_stream streams[STREAMS_MAX];
    play *plays[STREAMS_MAX];
    int attempts[STREAMS_MAX];
};

static struct tl_instance stage;

static inline enum tl_status stage_open(const struct tl_open *open, struct tl_instance **out,
                                        struct tl_error *err)
{
    (void)open, (void)err;
    *out = &stage;
    return TL_OK;
}

static inline enum tl_status stage_schema(struct tl_instance *self, struct tl_schema *schema,
                                          struct tl_error *err)
{
    for (size_t i = 0; i < STREAMS_MAX && self->streams[i].table != NULL; i++)
        if (tl_schema_add(schema, &self->streams[i], err) != TL_OK)
            return err->status;
    return TL_OK;
}

static inline enum tl_status stage_update(struct tl_instance *self, size_t stream,
                                          struct tl_sync *sync, struct tl_error *err)
{
    return self->plays[stream](sync, ++self->attempts[stream], err);
}

static const struct tl_connector connector = {
    .name = "stage", .open = stage_open, .schema = stage_schema, .update = stage_update};

static const char *const key_id[] = {"id", NULL};

/* A run and the folder of its database. */
struct place {
    char folder[64];
    char path[96];
    char url[128];
    int stop[2];
    struct run_report report;
    struct tl_error err;
};

static inline int place_open(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    assert_non_null(place);
    strcpy(place->folder, "/tmp/towline-operations-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/test.db", place->folder);
    snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
    assert_int_equal(pipe(place->stop), 0);
    stage = (struct tl_instance){0};
    stage.streams[0] = (struct tl_stream){.table = "t", .primary_key = key_id};
    *state = place;
    return 0;
}

static inline int place_close(void **state)
{
    struct place *place = *state;
    DIR *folder = opendir(place->folder);
    struct dirent *entry;

    while ((entry = readdir(folder)) != NULL)
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(place->folder);
    close(place->stop[0]);
    close(place->stop[1]);
    run_report_reset(&place->report);
    free(place);
    return 0;
}

static inline enum tl_status run(struct place *place, play *first)
{
    struct run_options options = {.connector = &connector,
                                  .destination = &sqlite_destination,
                                  .url = place->url,
                                  .mode = DESTINATION_WRITE,
                                  .stop_fd = place->stop[0],
                                  .retry_attempts = 2};

    stage.plays[0] = first;
    memset(stage.attempts, 0, sizeof(stage.attempts));
    run_report_reset(&place->report);
    place->err = (struct tl_error){0};
    return run_sync(&options, &place->report, &place->err);
}

/* What a query gives, as rows of "a|b;". Lent until the next call. */
static inline const char *ask(const struct place *place, const char *query)
{
    static struct buf text = {.max_size = 4096};
    sqlite3 *db;
    sqlite3_stmt *row;

    buf_reset(&text);
    assert_int_equal(sqlite3_open(place->path, &db), SQLITE_OK);
    if (sqlite3_prepare_v2(db, query, -1, &row, NULL) != SQLITE_OK)
        fail_msg("%s: %s", query, sqlite3_errmsg(db));
    while (sqlite3_step(row) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(row); i++) {
            const unsigned char *value = sqlite3_column_text(row, i);
            buf_printf(&text, "%s%s", i ? "|" : "", value ? (const char *)value : "null");
        }
        buf_append_char(&text, ';');
    }
    sqlite3_finalize(row);
    sqlite3_close(db);
    return buf_text(&text);
}

/* Operations on rows of an id and a text v, NULL for a row without it. */
typedef enum tl_status verb(struct tl_sync *, const struct tl_field *, size_t,
                            struct tl_error *);

static inline enum tl_status put(verb *operation, struct tl_sync *sync, int64_t id,
                                 const char *v, struct tl_error *err)
{
    struct tl_field row[] = {{"id", tl_long(id)}, {"v", v ? tl_string(v) : tl_null()}};
    return operation(sync, row, v ? 2 : 1, err);
}

static inline enum tl_status feed(struct tl_sync *sync, const char *json, struct tl_error *err)
{
    return tl_feed(sync, json, strlen(json), err);
}

/* A test with a place of its own. */
#define CASE(test) cmocka_unit_test_setup_teardown(test, place_open, place_close)

#endif
