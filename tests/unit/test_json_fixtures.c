/* Every file of fixtures/json: accepted or refused as its folder says, in any chunking, and
 * alike as output, as a value within a row, and as a value outside rows. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>

#include "rows_text.h"

#define MAX_BYTES ((size_t)1 << 20)

static void load(const char *folder, const char *name, struct buf *out)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof(path), "%s/json/%s/%s", FIXTURES_DIR, folder, name);
    file = fopen(path, "rb");
    assert_non_null(file);
    buf_commit(out, fread(buf_reserve(out, MAX_BYTES), 1, MAX_BYTES, file));
    fclose(file);
}

/* Reads the text in each chunking; all must agree, and agree with `accept`. */
static void check(const struct buf *text, const char *rows, uint32_t max_depth, bool accept,
                  const char *name)
{
    static const size_t pieces[] = {0, 1, 997, 3};
    struct json_reader_options options = {
        .rows = rows, .max_row_bytes = MAX_BYTES, .max_depth = max_depth};
    struct buf first = BUF_INIT(4 * MAX_BYTES), other = BUF_INIT(4 * MAX_BYTES);

    rows_text_read(&options, buf_text(text), text->size, &pieces[0], 1, &first);
    if ((strstr(buf_text(&first), "! ") == NULL) != accept)
        fail_msg("%s: %s", name, buf_text(&first));
    for (size_t i = 1; i < sizeof(pieces) / sizeof(*pieces); i++) {
        const char *was = buf_text(&first), *is;
        buf_reset(&other);
        rows_text_read(&options, buf_text(text), text->size, &pieces[i], 1, &other);
        is = buf_text(&other);
        /* What a message shows of the text behind the fault depends on what had come. */
        if (strcspn(was, "!") != strcspn(is, "!") || memcmp(was, is, strcspn(was, "!")) != 0 ||
            (strchr(was, '!') == NULL) != (strchr(is, '!') == NULL))
            fail_msg("%s in pieces of %zu: %s", name, pieces[i], is);
    }
    buf_free(&first);
    buf_free(&other);
}

/* The text as a value elsewhere: between `before` and `after`. */
static void check_within(const struct buf *text, const char *before, const char *after,
                         const char *rows, bool accept, const char *name)
{
    struct buf whole = BUF_INIT(2 * MAX_BYTES);

    buf_append_string(&whole, before);
    buf_append(&whole, buf_text(text), text->size);
    buf_append_string(&whole, after);
    check(&whole, rows, 1001, accept, name);
    buf_free(&whole);
}

static void check_folder(const char *folder, bool accept, int at_least)
{
    char path[1024];
    struct dirent *entry;
    DIR *files;
    int count = 0;

    snprintf(path, sizeof(path), "%s/json/%s", FIXTURES_DIR, folder);
    files = opendir(path);
    assert_non_null(files);
    while ((entry = readdir(files)) != NULL) {
        struct buf text = BUF_INIT(2 * MAX_BYTES);
        if (entry->d_name[0] == '.')
            continue;
        load(folder, entry->d_name, &text);
        check(&text, NULL, 1000, accept, entry->d_name);
        if (strncmp(entry->d_name, "stream_", 7) != 0) {
            check_within(&text, "[{\"v\":", "}]", NULL, accept, entry->d_name);
            check_within(&text, "{\"skip\":", ",\"rows\":[]}", "/rows", accept, entry->d_name);
        }
        buf_free(&text);
        count++;
    }
    closedir(files);
    assert_true(count >= at_least);
}

static void test_accept(void **state)
{
    (void)state;
    check_folder("accept", true, 100);
}

static void test_reject(void **state)
{
    (void)state;
    check_folder("reject", false, 150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_reject),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
