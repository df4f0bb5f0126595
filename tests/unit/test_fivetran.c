/* The Fivetran front end's own formats: frames, timeouts, instants, messages, views of tables.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <inttypes.h>
#include <string.h>

#include "frontends/fivetran/grpc/frame.h"
#include "frontends/fivetran/proto.h"
#include "frontends/fivetran/timestamp.h"
#include "frontends/fivetran/view.h"
#include "rows/types.h"

static void timeouts_are_read(void **unused)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"5S", 5000}, {"100m", 100}, {"2H", 7200000},    {"3M", 180000},
        {"1u", 1},    {"9999n", 1},  {"2500000u", 2500}, {"99999999H", 359999996400000},
        {"", -1},     {"S", -1},     {"5", -1},          {"5s", -1},
        {"-5S", -1},  {"5 S", -1},   {"123456789S", -1}, {"0S", 1}};

    (void)unused;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(frame_timeout_ms(cases[i].text, strlen(cases[i].text)), cases[i].ms);
}

static void messages_of_a_status_are_percent_encoded(void **unused)
{
    struct buf out = BUF_INIT(1000);

    (void)unused;
    frame_append_message(&out, "50% of \xc3\xbc\n~");
    assert_string_equal(buf_text(&out), "50%25 of %C3%BC%0A~");
    buf_free(&out);
}

static void a_frame_has_its_length(void **unused)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES), message = BUF_INIT(FRAME_MAX_BYTES);

    (void)unused;
    frame_begin(&frame);
    for (int i = 0; i < 300; i++)
        buf_append_char(&frame, 'x');
    assert_true(frame_end(&frame));
    assert_memory_equal(frame.data, "\0\0\0\1\x2cx", 6);
    assert_int_equal(frame_unpack(&frame, FRAME_IDENTITY, &message).code, GRPC_OK);
    assert_int_equal(message.size, 300);
    buf_free(&frame);
    buf_free(&message);
}

static void check_instant(enum tl_type type, const char *text, int64_t seconds, int32_t nanos)
{
    struct tl_value value = tl_text(type, text, strlen(text));
    struct timestamp timestamp = {0};

    if (!timestamp_read(&value, &timestamp))
        fail_msg("%s is not read", text);
    assert_true(timestamp_fits(&value));
    assert_int_equal(timestamp.seconds, seconds);
    assert_int_equal(timestamp.nanos, nanos);
}

static void instants_are_counted(void **unused)
{
    (void)unused;
    check_instant(TL_TYPE_NAIVE_DATE, "1970-01-01", 0, 0);
    check_instant(TL_TYPE_NAIVE_DATE, "0001-01-01", INT64_C(-62135596800), 0);
    check_instant(TL_TYPE_NAIVE_DATE, "9999-12-31", INT64_C(253402214400), 0);
    check_instant(TL_TYPE_NAIVE_DATE, "2000-02-29", 951782400, 0);
    check_instant(TL_TYPE_NAIVE_DATE, "1900-03-01", INT64_C(-2203891200), 0);
    check_instant(TL_TYPE_NAIVE_DATETIME, "1969-12-31T23:59:59.25", -1, 250000000);
    check_instant(TL_TYPE_UTC_DATETIME, "2024-01-01T00:00:00.123456789Z", 1704067200,
                  123456789);
    check_instant(TL_TYPE_UTC_DATETIME, "2024-01-01T00:00:00.5000000000000Z", 1704067200,
                  500000000);
    check_instant(TL_TYPE_UTC_DATETIME, "2024-01-01 02:00:00+02:00", 1704067200, 0);
    check_instant(TL_TYPE_UTC_DATETIME, "2023-12-31T18:30:00-05:30", 1704067200, 0);
}

static void instants_that_cannot_be_counted_are_refused(void **unused)
{
    static const char *const texts[] = {
        "2024-01-01T00:00:00.1234567891Z", "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01", "2024-02-30T00:00:00Z", "2024-01-01T00:00:60Z"};
    struct timestamp ignored;

    (void)unused;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct tl_value value = tl_text(TL_TYPE_UTC_DATETIME, texts[i], strlen(texts[i]));
        assert_false(timestamp_read(&value, &ignored));
        if (types_string(texts[i], value.size) == TL_TYPE_UTC_DATETIME)
            assert_false(timestamp_fits(&value));
    }
}

/* Lengths of one, two and three bytes, around the guess that is left room for. */
static void messages_within_messages_have_their_length(void **unused)
{
    static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384, 70000};

    (void)unused;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct buf out = BUF_INIT(1 << 20);
        size_t begun = proto_begin(&out, 3), length = 0, at = 1;
        for (size_t n = 0; n < sizes[i]; n++)
            buf_append_char(&out, (char)n);
        proto_end(&out, begun);
        assert_int_equal((unsigned char)out.data[0], 3 << 3 | 2);
        for (unsigned shift = 0;; shift += 7) {
            unsigned char byte = (unsigned char)out.data[at++];
            length |= (size_t)(byte & 0x7f) << shift;
            if (byte < 0x80)
                break;
        }
        assert_int_equal(length, sizes[i]);
        assert_int_equal(out.size, at + sizes[i]);
        assert_int_equal(at - 1, proto_varint_size(sizes[i]));
        for (size_t n = 0; n < sizes[i]; n++)
            assert_int_equal(out.data[at + n], (char)n);
        buf_free(&out);
    }
}

static void texts_are_made_utf8(void **unused)
{
    struct buf out = BUF_INIT(1000);

    (void)unused;
    proto_text_always(&out, 1, "a\xff\xc3\xbc\xe2");
    assert_memory_equal(out.data,
                        "\x0a\x09"
                        "a\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd",
                        out.size);
    buf_reset(&out);
    proto_text(&out, 1, "", 0); /* a field without presence */
    assert_int_equal(out.size, 0);
    buf_free(&out);
}

/* A table of one DECIMAL column, and rows of these values. */
static void survey(struct view *view, const char *const *numbers, uint32_t count)
{
    struct tl_value cells[8];
    struct batch_row rows[8];
    uint32_t source = 0;
    struct block block = {.stride = 1, .n_rows = count, .cells = cells};
    struct batch_part part = {.block = &block, .source = &source};
    struct batch batch = {.parts = &part, .n_parts = 1, .rows = rows, .n_rows = count};
    struct tl_error err = {0};

    for (uint32_t i = 0; i < count; i++) {
        cells[i] = tl_text(TL_TYPE_DECIMAL, numbers[i], strlen(numbers[i]));
        rows[i] = (struct batch_row){.row = i};
    }
    assert_int_equal(view_survey(view_find(view, "t"), &batch, &err), TL_OK);
}

static void decimals_are_as_long_as_the_data(void **unused)
{
    static const char *const numbers[] = {"1.25", "-12345", "1e3", "1.5e-3", "0"};
    struct catalog_column column = {.source_name = "n",
                                    .source_size = 1,
                                    .name = "n",
                                    .observed = OBSERVED(TL_TYPE_DECIMAL),
                                    .type = TL_TYPE_DECIMAL};
    struct catalog_table table = {.name = "t", .columns = &column, .n_columns = 1};
    struct view view = {0}, copy = {0};
    struct tl_error err = {0};

    (void)unused;
    assert_int_equal(view_alter(&view, &table, &err), TL_OK);
    survey(&view, numbers, 5);
    assert_int_equal(view.tables[0].columns[0].integer_digits, 5);
    assert_int_equal(view.tables[0].columns[0].scale, 4);
    assert_true(view.tables[0].changed);
    view_told(&view);
    survey(&view, numbers, 5);
    assert_false(view.tables[0].changed);
    assert_int_equal(view_copy(&view, &copy, &err), TL_OK);
    assert_int_equal(copy.tables[0].columns[0].scale, 4);
    assert_int_equal(view_type(&copy.tables[0], 0), TL_TYPE_DECIMAL);
    view_reset(&view);
    view_reset(&copy);
}

static void declared_digits_are_not_measured(void **unused)
{
    static const char *const numbers[] = {"1.5"};
    struct catalog_column column = {.source_name = "n",
                                    .source_size = 1,
                                    .name = "n",
                                    .observed = OBSERVED(TL_TYPE_DECIMAL) | OBSERVED_DECLARED,
                                    .type = TL_TYPE_DECIMAL,
                                    .precision = 9,
                                    .scale = 3};
    struct catalog_table table = {.name = "t", .columns = &column, .n_columns = 1};
    struct selection everything = {.new_tables = true};
    struct buf told = BUF_INIT(64);
    struct view view = {0}, copy = {0};
    struct tl_error err = {0};

    (void)unused;
    assert_int_equal(view_alter(&view, &table, &err), TL_OK);
    view_told(&view);
    survey(&view, numbers, 1);
    assert_false(view.tables[0].changed);
    assert_int_equal(view_copy(&view, &copy, &err), TL_OK);
    view_write_table(&copy.tables[0], &everything, 1, &told);
    /* it ends with the params: a decimal, of precision 9 and scale 3 */
    assert_memory_equal(told.data + told.size - 6, "\x0a\x04\x08\x09\x10\x03", 6);
    buf_free(&told);
    view_reset(&view);
    view_reset(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timeouts_are_read),
        cmocka_unit_test(messages_of_a_status_are_percent_encoded),
        cmocka_unit_test(a_frame_has_its_length),
        cmocka_unit_test(instants_are_counted),
        cmocka_unit_test(instants_that_cannot_be_counted_are_refused),
        cmocka_unit_test(messages_within_messages_have_their_length),
        cmocka_unit_test(texts_are_made_utf8),
        cmocka_unit_test(decimals_are_as_long_as_the_data),
        cmocka_unit_test(declared_digits_are_not_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
