/* The marks around a command's output, in every chunking. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sources/exec_marker.h"

#define NONCE "00112233445566778899aabbccddeeff"
#define BEGIN "\036" NONCE "b\n"
#define END   "\036" NONCE "e"

struct outcome {
    struct buf output;
    struct exec_marker marker;
};

static void run(struct outcome *outcome, const char *text, size_t size, size_t chunk)
{
    *outcome = (struct outcome){.output = BUF_INIT(1 << 20)};
    exec_marker_init(&outcome->marker, NONCE, 'b');
    while (size > 0) {
        size_t now = chunk < size ? chunk : size, left = now, piece_size;
        /* memory of exactly that size, so that a sanitizer sees reading beyond it */
        char *copy = malloc(now);
        const char *data = copy, *piece;

        assert_non_null(copy);
        memcpy(copy, text, now);
        while (exec_marker_next(&outcome->marker, &data, &left, &piece, &piece_size))
            buf_append(&outcome->output, piece, piece_size);
        free(copy);
        text += now;
        size -= now;
    }
}

static void reset(struct outcome *outcome)
{
    buf_free(&outcome->output);
    exec_marker_free(&outcome->marker);
}

static void test_cases(void **state)
{
    static const struct {
        const char *text;
        const char *output;
        int place;
        int status;
    } cases[] = {
        {BEGIN "[1]\n" END "0\n", "[1]\n", EXEC_AFTER, 0},
        {BEGIN END "0\n", "", EXEC_AFTER, 0},
        {"\036" NONCE "b4711\nx" END "0\n", "x", EXEC_AFTER, 0},
        {"\036" NONCE "b47y\n" BEGIN "x" END "0\n", "x", EXEC_AFTER, 0},
        {BEGIN "x" END "255\n", "x", EXEC_AFTER, 255},
        {BEGIN "no newline" END "3\n"
               "late child",
         "no newline", EXEC_AFTER, 3},
        {"motd\nnoise" BEGIN "x" END "0\n", "x", EXEC_AFTER, 0},
        {"\036\036 \036" NONCE "\036" NONCE "b" BEGIN "x" END "0\n", "x", EXEC_AFTER, 0},
        {BEGIN "a\036b\036\036c" END "0\n", "a\036b\036\036c", EXEC_AFTER, 0},
        {BEGIN "\036" NONCE "x" END "1\n", "\036" NONCE "x", EXEC_AFTER, 1},
        {BEGIN END "\n" END "1\n", END "\n", EXEC_AFTER, 1},
        {BEGIN END "12x" END "1\n", END "12x", EXEC_AFTER, 1},
        {BEGIN END "1234567890\n" END "1\n", END "1234567890\n", EXEC_AFTER, 1},
        {BEGIN END END "1\n", END, EXEC_AFTER, 1},
        {BEGIN BEGIN "x" END "0\n", BEGIN "x", EXEC_AFTER, 0},
        {"\036" NONCE "e0\n", "", EXEC_BEFORE, 0},
        {"[1,2]", "", EXEC_BEFORE, 0},
        {BEGIN "[1,2", "[1,2", EXEC_INSIDE, 0},
        {BEGIN "[1]" END "0", "[1]", EXEC_INSIDE, 0},
        {"", "", EXEC_BEFORE, 0},
    };
    static const size_t chunks[] = {1, 2, 3, 7, 33, 36, 997};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
            struct outcome outcome;
            run(&outcome, cases[i].text, strlen(cases[i].text), chunks[c]);
            assert_string_equal(buf_text(&outcome.output), cases[i].output);
            assert_int_equal(outcome.marker.place, cases[i].place);
            assert_int_equal(outcome.marker.status, cases[i].status);
            reset(&outcome);
        }
    }
}

/* No prefix of a whole run counts as one. */
static void test_every_cut(void **state)
{
    static const char text[] = "noise\n" BEGIN "{\"a\": 1}\n" END "0\n";

    (void)state;
    for (size_t size = 0; size < sizeof(text) - 1; size++) {
        struct outcome outcome;
        run(&outcome, text, size, 5);
        assert_int_not_equal(outcome.marker.place, EXEC_AFTER);
        reset(&outcome);
    }
}

static void test_noise_is_kept_and_bounded(void **state)
{
    struct buf text = BUF_INIT(1 << 20);
    struct outcome outcome;

    (void)state;
    buf_append_string(&text, "welcome\n");
    for (int i = 0; i < 20000; i++)
        buf_append_string(&text, "0123456789");
    buf_append_string(&text, BEGIN "x" END "0\n");
    run(&outcome, text.data, text.size, 4096);
    assert_string_equal(buf_text(&outcome.output), "x");
    assert_memory_equal(outcome.marker.noise.data, "welcome\n0123", 12);
    assert_true(outcome.marker.noise.size < EXEC_NOISE_MAX_BYTES);
    assert_false(outcome.marker.noise.failed);
    reset(&outcome);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_noise_is_kept_and_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
