/* Placeholders: which text is one, and what becomes of it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "placeholder.h"

static const char *fake_value(struct placeholder_source *self, const char *name)
{
    (void)self;
    if (strcmp(name, "cursor") == 0)
        return "42";
    if (strcmp(name, "state.page-token") == 0)
        return "{{cursor}}";
    return strcmp(name, "config.api_key") == 0 ? "s3cret" : NULL;
}

static enum tl_status fake_write(struct placeholder_source *self, const char *value,
                                 struct buf *out, struct tl_error *err)
{
    (void)self, (void)err;
    buf_printf(out, "<%s>", value);
    return TL_OK;
}

static void placeholders_are_replaced_and_other_braces_left(void **state)
{
    static const struct {
        const char *text, *expanded;
    } cases[] = {
        {"", ""},
        {"plain", "plain"},
        {"a {{cursor}} b", "a <42> b"},
        {"{{cursor}}{{ cursor }}", "<42><42>"},
        {"{{config.api_key}}", "<s3cret>"},
        {"{{state.none}}", "<>"},
        {"docker ps --format '{{json .}}'", "docker ps --format '{{json .}}'"},
        {"{{.Names}} {{cursor", "{{.Names}} {{cursor"},
        {"{{{cursor}}}", "{<42>}"},
        {"{{curser}} {{config}} {{CURSOR}}", "{{curser}} {{config}} {{CURSOR}}"},
        {"{{state.page-token}}", "<{{cursor}}>"}, /* a value is never expanded again */
    };
    struct placeholder_source source = {.value = fake_value, .write = fake_write};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct buf out = BUF_INIT(4096);
        struct tl_error err = {0};
        assert_int_equal(placeholder_expand(cases[i].text, &source, &out, &err), TL_OK);
        assert_string_equal(buf_text(&out), cases[i].expanded);
        buf_free(&out);
    }
}

/* Collects the names with a blank after each. */
struct collector {
    struct placeholder_visitor base;
    struct buf names;
};

static enum tl_status collect(struct placeholder_visitor *visitor, const char *name,
                              struct tl_error *err)
{
    struct collector *self = (struct collector *)visitor;
    buf_printf(&self->names, "%s ", name);
    return strcmp(name, "state.stop") == 0 ? tl_fail(err, TL_CONFIGURATION, "stop") : TL_OK;
}

static void a_visitor_sees_each_name_until_it_fails(void **state)
{
    struct collector collector = {.base = {.found = collect}, .names = BUF_INIT(256)};
    struct tl_error err = {0};

    (void)state;
    assert_int_equal(
        placeholder_visit("{{cursor}} {{.Go}} {{{config.a-b}}", &collector.base, &err), TL_OK);
    assert_int_equal(placeholder_visit("{{state.stop}}{{cursor}}", &collector.base, &err),
                     TL_CONFIGURATION);
    assert_string_equal(buf_text(&collector.names), "cursor config.a-b state.stop ");
    buf_free(&collector.names);
}

static void more_names_are_placeholders_where_they_are_asked_for(void **state)
{
    static const char *const extra[] = {"next", "item.", NULL};
    struct collector collector = {.base = {.extra = extra, .found = collect},
                                  .names = BUF_INIT(256)};
    struct tl_error err = {0};

    (void)state;
    assert_int_equal(
        placeholder_visit("{{next}}{{item.id}}{{item.}}{{items}}{{item.a.b}}{{nex}}",
                          &collector.base, &err),
        TL_OK);
    assert_string_equal(buf_text(&collector.names), "next item.id item.a.b ");
    buf_free(&collector.names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(placeholders_are_replaced_and_other_braces_left),
        cmocka_unit_test(a_visitor_sees_each_name_until_it_fails),
        cmocka_unit_test(more_names_are_placeholders_where_they_are_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
