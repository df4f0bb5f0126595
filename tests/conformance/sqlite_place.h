/* A database in a folder of its own, with processes that hold it, are killed, or look on. */
#ifndef CONFORMANCE_SQLITE_PLACE_H
#define CONFORMANCE_SQLITE_PLACE_H

#include <dirent.h>
#include <ftw.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "adapter_sqlite.h"
#include "destinations/sqlite/sqlite.h"
#include "script.h"

struct place {
    char folder[64];
    char path[96];
    char url[160];
};

static inline int remove_entry(const char *path, const struct stat *status, int type,
                               struct FTW *at)
{
    (void)status, (void)type, (void)at;
    return remove(path);
}

static inline int place_open(void **state)
{
    struct place *place = calloc(1, sizeof(*place));

    strcpy(place->folder, "/tmp/towline-sqlite-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->path, sizeof(place->path), "%s/test.db", place->folder);
    snprintf(place->url, sizeof(place->url), "sqlite:%s", place->path);
    *state = place;
    return 0;
}

static inline int place_close(void **state)
{
    struct place *place = *state;

    nftw(place->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(place);
    return 0;
}

static inline struct script script_at(const struct place *place, enum destination_mode mode)
{
    return (struct script){
        .ops = &sqlite_destination, .url = place->url, .mode = mode, .table = "t", .key = "id"};
}

static inline enum tl_status run_mode(const struct place *place, enum destination_mode mode,
                                      const char *text, struct tl_error *err)
{
    struct script script = script_at(place, mode);

    *err = (struct tl_error){0};
    return script_run(&script, text, err);
}

static inline void run(const struct place *place, const char *text)
{
    struct tl_error err;

    if (run_mode(place, DESTINATION_WRITE, text, &err) != TL_OK)
        fail_msg("%s: %s", text, err.message);
}

static inline void refuses(const struct place *place, enum tl_status status, const char *text,
                           const char *message)
{
    struct tl_error err;

    assert_int_equal(run_mode(place, DESTINATION_WRITE, text, &err), status);
    if (strstr(err.message, message) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", err.message, message);
    assert_string_not_equal(err.remedy, "");
}

/* Runs SQL as a user would; the values of the first column, each followed by a space. */
static const char *ask(const struct place *place, const char *sql)
{
    static char answer[4096];
    struct buf out = BUF_INIT(sizeof(answer) - 1);
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;

    assert_int_equal(
        sqlite3_open_v2(place->path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    for (const char *rest = sql; *rest != '\0';) {
        if (sqlite3_prepare_v2(db, rest, -1, &statement, &rest) != SQLITE_OK)
            fail_msg("%s: %s", sql, sqlite3_errmsg(db));
        while (sqlite3_step(statement) == SQLITE_ROW) {
            const char *text = (const char *)sqlite3_column_text(statement, 0);
            buf_printf(&out, "%s ", text != NULL ? text : "null");
        }
        sqlite3_finalize(statement);
    }
    sqlite3_close(db);
    snprintf(answer, sizeof(answer), "%s", buf_text(&out));
    buf_free(&out);
    return answer;
}

/* Every file of the folder with its bytes. */
static inline char *fingerprint(const struct place *place)
{
    struct buf out = BUF_INIT(64 << 20);
    struct dirent **entries;
    int count = scandir(place->folder, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        char path[400];
        struct stat status;
        snprintf(path, sizeof(path), "%s/%s", place->folder, entries[i]->d_name);
        FILE *file =
            stat(path, &status) == 0 && S_ISREG(status.st_mode) ? fopen(path, "rb") : NULL;
        uint64_t hash = 14695981039346656037U;
        long size = 0;
        for (int c; file != NULL && (c = fgetc(file)) != EOF; size++)
            hash = (hash ^ (unsigned)c) * 1099511628211U;
        if (file != NULL)
            fclose(file);
        buf_printf(&out, "%s %ld %" PRIx64 "\n", entries[i]->d_name, size, hash);
        free(entries[i]);
    }
    free(entries);
    return buf_take(&out);
}

static inline void check_untouched(const struct place *place, char *before)
{
    char *after = fingerprint(place);

    assert_string_equal(after, before);
    free(before);
    free(after);
}

static inline void write_file(const struct place *place, const char *bytes, size_t size)
{
    FILE *file = fopen(place->path, "wb");
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Runs the script in a process of its own and kills that at its end, before it can close. */
static inline void run_and_be_killed(const struct place *place, const char *text)
{
    pid_t child = fork();

    if (child == 0) {
        struct script script = script_at(place, DESTINATION_WRITE);
        struct tl_error err = {0};
        char *copy = strdup(text), *next = NULL;
        if (script_open(&script, &err) == TL_OK)
            for (char *line = strtok_r(copy, "\n", &next); line != NULL;
                 line = strtok_r(NULL, "\n", &next))
                if (script_line(&script, line, &err) != TL_OK)
                    _exit(1);
        raise(SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
}

/* A process that has the database open for writing until its pipe is closed. */
struct holder {
    pid_t pid;
    int release;
};

static inline struct holder hold(const struct place *place, const char *text)
{
    int ready[2], release[2];
    char byte;

    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(release), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct script script = script_at(place, DESTINATION_WRITE);
        struct tl_error err = {0};
        char *copy = strdup(text), *next = NULL;
        bool fine = script_open(&script, &err) == TL_OK;
        for (char *line = strtok_r(copy, "\n", &next); fine && line != NULL;
             line = strtok_r(NULL, "\n", &next))
            fine = script_line(&script, line, &err) == TL_OK;
        close(release[1]);
        fine = write(ready[1], "r", 1) == 1 && fine;
        if (read(release[0], &byte, 1) < 0)
            fine = false;
        script_close(&script);
        _exit(fine ? 0 : 1);
    }
    close(ready[1]);
    close(release[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return (struct holder){.pid = pid, .release = release[1]};
}

static inline void let_go(struct holder *holder)
{
    int status;

    close(holder->release);
    waitpid(holder->pid, &status, 0);
    assert_int_equal(status, 0);
}

#endif
