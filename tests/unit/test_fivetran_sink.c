/* The sink: what a connector's operations become on the wire, and in which order. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "frontends/fivetran/proto.h"
#include "frontends/fivetran/sink.h"
#include "sync/run.h"

static struct tl_stream things = {.table = "things",
                                  .primary_key = (const char *const[]){"id", NULL}};
static enum tl_status (*operations)(struct tl_sync *sync, struct tl_error *err);

static enum tl_status open_nothing(const struct tl_open *open, struct tl_instance **out,
                                   struct tl_error *err)
{
    (void)open, (void)err;
    *out = NULL;
    return TL_OK;
}

static enum tl_status declare(struct tl_instance *self, struct tl_schema *schema,
                              struct tl_error *err)
{
    (void)self;
    return tl_schema_add(schema, &things, err);
}

static enum tl_status update(struct tl_instance *self, size_t stream, struct tl_sync *sync,
                             struct tl_error *err)
{
    (void)self, (void)stream;
    return operations(sync, err);
}

static const struct tl_connector connector = {
    .name = "things", .open = open_nothing, .schema = declare, .update = update};

static uint64_t varint(const unsigned char **at)
{
    uint64_t number = 0;
    for (unsigned shift = 0;; shift += 7) {
        number |= (uint64_t)(**at & 0x7f) << shift;
        if (*(*at)++ < 0x80)
            return number;
    }
}

/* The letter of a record: its field `type`, which an upsert leaves out. */
static char record_letter(const unsigned char *at, const unsigned char *end)
{
    while (at < end) {
        uint64_t tag = varint(&at);
        if (tag == PROTO_TAG(RECORD_TYPE, PROTO_VARINT))
            return "updt"[varint(&at)];
        at += varint(&at);
    }
    return 'u';
}

/* Tells the messages in a few letters: S schema change, C checkpoint, u upsert, p update,
 * d delete, t truncate; records of one message in brackets. */
static void tell(const unsigned char *at, const unsigned char *end, char *out)
{
    while (at < end) {
        const unsigned char *message = at + FRAME_HEAD_BYTES;
        uint64_t tag = varint(&message), size = varint(&message);
        const unsigned char *last = message + size;
        size_t length = strlen(out);
        if (tag == PROTO_TAG(UPDATE_SCHEMA_CHANGE, PROTO_BYTES))
            out[length] = 'S';
        if (tag == PROTO_TAG(UPDATE_CHECKPOINT, PROTO_BYTES))
            out[length] = 'C';
        if (tag == PROTO_TAG(UPDATE_RECORD, PROTO_BYTES))
            out[length] = record_letter(message, last);
        if (tag == PROTO_TAG(UPDATE_RECORDS, PROTO_BYTES)) {
            out[length++] = '[';
            while (message < last) {
                (void)varint(&message);
                size = varint(&message);
                out[length++] = record_letter(message, message + size);
                message += size;
            }
            out[length] = ']';
        }
        at = last;
    }
}

static void run(enum tl_deletes deletes,
                enum tl_status (*calls)(struct tl_sync *sync, struct tl_error *err),
                const char *expected)
{
    static const struct selection all = {.new_tables = true};
    static unsigned char bytes[65536];
    struct grpc_hub hub = {.wake_fd = -1};
    struct grpc_call *call = grpc_call_new(&hub, NULL, FRAME_IDENTITY);
    struct sink sink;
    struct run_report report = {0};
    struct tl_error err = {0};
    struct run_options options = {
        .connector = &connector, .opened = &sink.base, .stop_fd = -1, .state = "{}"};
    char told[256] = "";

    assert_non_null(call);
    things.deletes = deletes;
    operations = calls;
    assert_int_equal(sink_init(&sink, call, &all, "{}", &err), TL_OK);
    sink.interval_ms = 60000;
    assert_int_equal(run_sync(&options, &report, &err), TL_OK);
    assert_int_equal(sink_checkpoint(&sink, true, &err), TL_OK);
    tell(bytes, bytes + grpc_call_read(call, bytes, sizeof(bytes)), told);
    assert_string_equal(told, expected);
    sink_reset(&sink);
    run_report_reset(&report);
    grpc_call_release(call);
}

static struct tl_field id(int64_t number)
{
    return (struct tl_field){"id", tl_long(number)};
}

static enum tl_status each_operation(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_field row[] = {id(1), {"name", tl_string("a")}}, key = id(1);

    if (tl_upsert(sync, row, 2, err) != TL_OK || tl_upsert(sync, row, 2, err) != TL_OK ||
        tl_update(sync, row, 2, err) != TL_OK || tl_delete(sync, &key, 1, err) != TL_OK ||
        tl_truncate(sync, err) != TL_OK)
        return err->status;
    return tl_upsert(sync, row, 2, err);
}

static void operations_keep_their_order(void **unused)
{
    (void)unused;
    run(TL_DELETES_IGNORE, each_operation, "S[uu][p][d]t[u]C");
}

static enum tl_status changes_alone(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_field row[] = {id(1), {"name", tl_string("a")}}, key = id(1);

    if (tl_update(sync, row, 2, err) != TL_OK)
        return err->status;
    return tl_delete(sync, &key, 1, err);
}

/* The platform may have the table from long ago. */
static void tables_that_nobody_listed_are_changed(void **unused)
{
    (void)unused;
    run(TL_DELETES_IGNORE, changes_alone, "S[p][d]C");
}

static enum tl_status one_row(struct tl_sync *sync, struct tl_error *err)
{
    return tl_feed(sync, "{\"id\":1}", 8, err);
}

static enum tl_status no_row(struct tl_sync *sync, struct tl_error *err)
{
    return tl_feed(sync, "[]", 2, err);
}

static enum tl_status nothing(struct tl_sync *sync, struct tl_error *err)
{
    return tl_feed(sync, "", 0, err);
}

static void a_full_load_truncates_once_it_is_known_to_be_one(void **unused)
{
    (void)unused;
    run(TL_DELETES_SOFT, one_row, "St[u]C");
    run(TL_DELETES_HARD, no_row, "tC");
    run(TL_DELETES_SOFT, nothing, "C");
    run(TL_DELETES_IGNORE, one_row, "S[u]C");
}

static enum tl_status many_rows(struct tl_sync *sync, struct tl_error *err)
{
    for (int64_t i = 0; i < 101; i++) {
        const struct tl_field row = id(i);
        if (tl_upsert(sync, &row, 1, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

static void a_message_has_a_hundred_rows_at_most(void **unused)
{
    char expected[128] = "S[";

    (void)unused;
    memset(expected + 2, 'u', 100);
    memcpy(expected + 102, "][u]C", 6);
    run(TL_DELETES_IGNORE, many_rows, expected);
}

static enum tl_status not_utf8(struct tl_sync *sync, struct tl_error *err)
{
    const struct tl_field row[] = {id(1), {"name", tl_string("\xff")}};
    return tl_upsert(sync, row, 2, err);
}

static void text_that_is_not_utf8_is_not_sent(void **unused)
{
    static const struct selection all = {.new_tables = true};
    struct grpc_hub hub = {.wake_fd = -1};
    struct grpc_call *call = grpc_call_new(&hub, NULL, FRAME_IDENTITY);
    struct sink sink;
    struct run_report report = {0};
    struct tl_error err = {0};
    struct run_options options = {
        .connector = &connector, .opened = &sink.base, .stop_fd = -1, .state = "{}"};

    (void)unused;
    things.deletes = TL_DELETES_IGNORE;
    operations = not_utf8;
    assert_int_equal(sink_init(&sink, call, &all, "{}", &err), TL_OK);
    assert_int_equal(run_sync(&options, &report, &err), TL_DATA);
    assert_non_null(strstr(err.message, "\"name\""));
    assert_int_equal(sink.n_states, 0);
    sink_reset(&sink);
    run_report_reset(&report);
    grpc_call_release(call);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations_keep_their_order),
        cmocka_unit_test(tables_that_nobody_listed_are_changed),
        cmocka_unit_test(a_full_load_truncates_once_it_is_known_to_be_one),
        cmocka_unit_test(a_message_has_a_hundred_rows_at_most),
        cmocka_unit_test(text_that_is_not_utf8_is_not_sent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
