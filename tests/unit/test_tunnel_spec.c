/* What -L and -R say. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "commands/tunnel_spec.h"

static void each_form_is_understood(void **state)
{
    static const struct {
        const char *text;
        struct tunnel_spec spec;
    } cases[] = {
        {"db:5432", {"", 0, "db", 5432}},
        {"0:db:5432", {"", 0, "db", 5432}},
        {"15432:db:5432", {"", 15432, "db", 5432}},
        {":15432:db:5432", {"", 15432, "db", 5432}},
        {"*:80:web.internal:8080", {"*", 80, "web.internal", 8080}},
        {"127.0.0.2:80:10.0.0.7:8080", {"127.0.0.2", 80, "10.0.0.7", 8080}},
        {"[::1]:80:[fe80::1%eth0]:65535", {"::1", 80, "fe80::1%eth0", 65535}},
        {"[::1]:22", {"", 0, "::1", 22}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tunnel_spec spec;
        struct tl_error err = {0};
        assert_int_equal(tunnel_spec_parse("-L", cases[i].text, &spec, &err), TL_OK);
        assert_string_equal(spec.bind, cases[i].spec.bind);
        assert_string_equal(spec.host, cases[i].spec.host);
        assert_int_equal(spec.port, cases[i].spec.port);
        assert_int_equal(spec.host_port, cases[i].spec.host_port);
    }
}

static void what_is_none_of_them_is_refused(void **state)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"", "no HOST:HOSTPORT"},          {"db", "no HOST:HOSTPORT"},
        {"a:b:c:d:e", "no HOST:HOSTPORT"}, {"[::1:80", "no HOST:HOSTPORT"},
        {"[::1]x:80", "no HOST:HOSTPORT"}, {"db:", "HOSTPORT is not"},
        {"db:0", "HOSTPORT is not"},       {"db:65536", "HOSTPORT is not"},
        {"db:5432x", "HOSTPORT is not"},   {"db:-1", "HOSTPORT is not"},
        {":5432", "HOST is not"},          {"a b:5432", "HOST is not"},
        {"x:db:5432", "PORT is not"},      {"99999:db:5432", "PORT is not"},
        {"a b:80:db:5432", "BIND is not"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tunnel_spec spec;
        struct tl_error err = {0};
        assert_int_equal(tunnel_spec_parse("-L", cases[i].text, &spec, &err), TL_USAGE);
        assert_non_null(strstr(err.message, cases[i].why));
        assert_true(err.remedy[0] != '\0');
    }
}

static void names_too_long_are_refused(void **state)
{
    char text[400];
    struct tunnel_spec spec;
    struct tl_error err = {0};

    (void)state;
    memset(text, 'a', sizeof(text));
    strcpy(text + 300, ":80");
    assert_int_equal(tunnel_spec_parse("-L", text, &spec, &err), TL_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_is_understood),
        cmocka_unit_test(what_is_none_of_them_is_refused),
        cmocka_unit_test(names_too_long_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
