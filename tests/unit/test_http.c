/* The parts of http streams that need no server: places, links, settings. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "options.h"
#include "sources/http_expand.h"
#include "sources/http_link.h"
#include "sources/http_place.h"
#include "stream.h"

static struct tl_error err;

static void check_place(const char *url, bool tls, const char *host, uint16_t port)
{
    struct http_place place;

    if (http_place_of(url, &place, &err) != TL_OK)
        fail_msg("%s", err.message);
    assert_int_equal(place.tls, tls);
    assert_string_equal(place.host, host);
    assert_int_equal(place.port, port);
}

static void places(void **state)
{
    static const char *const wrong[] = {"",
                                        "example.com",
                                        "/path",
                                        "file:///etc/passwd",
                                        "ftp://example.com/",
                                        "http://",
                                        "http://example.com:99999/",
                                        "http://user@example.com/",
                                        "http://user:secret@example.com/",
                                        "http:"
                                        "//exa mple.com/"};
    struct http_place place;
    (void)state;
    check_place("http://Example.com", false, "Example.com", 80);
    check_place("https://example.com/a?b#c", true, "example.com", 443);
    check_place("http://127.0.0.1:5001/x", false, "127.0.0.1", 5001);
    check_place("http:"
                "//[fd00::5]:81/",
                false, "fd00::5", 81);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
        if (http_place_of(wrong[i], &place, &err) != TL_CONFIGURATION)
            fail_msg("%s was taken", wrong[i]);
}

static bool leads(const char *from, const char *to)
{
    struct http_place here, there;

    assert_int_equal(http_place_of(from, &here, &err), TL_OK);
    assert_int_equal(http_place_of(to, &there, &err), TL_OK);
    return http_place_may_lead(&here, &there);
}

static void what_may_be_followed(void **state)
{
    (void)state;
    assert_true(leads("http://a.example:81/x", "http://A.example:81/y"));
    assert_true(leads("http://a.example/x", "https://a.example/x"));
    assert_true(leads("https://a.example/x", "https://a.example:443/x"));
    assert_false(leads("https://a.example/x", "http://a.example/x"));
    assert_false(leads("https://a.example:81/x", "http://a.example:81/x"));
    assert_false(leads("http://a.example:81/x", "https://a.example:81/x"));
    assert_false(leads("http://a.example/x", "http://a.example:8080/x"));
    assert_false(leads("http://a.example/x", "http://b.example/x"));
}

static enum tl_status check_tls(enum http_tls tls, const char *url, const char *connect_to)
{
    struct http_settings settings = {.tls = tls, .connect_to = connect_to};
    struct http_place place;

    assert_int_equal(http_place_of(url, &place, &err), TL_OK);
    return http_place_check(&place, &settings, &err);
}

static enum tl_status check_clear(const char *url, const char *connect_to)
{
    return check_tls(HTTP_TLS_BEYOND_HOST, url, connect_to);
}

static void required_tls_is_required_everywhere(void **state)
{
    (void)state;
    assert_int_equal(check_tls(HTTP_TLS_ALWAYS, "http://localhost:1/", NULL), TL_CONFIGURATION);
    assert_non_null(strstr(err.message, "require_tls_through_tunnel"));
    assert_int_equal(check_tls(HTTP_TLS_ALWAYS, "https://localhost:1/", NULL), TL_OK);
    assert_int_equal(check_tls(HTTP_TLS_IF_SPOKEN, "http://db.example/", NULL), TL_OK);
}

static void a_password_in_a_url_is_not_shown(void **state)
{
    struct http_place place;

    (void)state;
    assert_int_equal(http_place_of("http://ann:canary@db.example/", &place, &err),
                     TL_CONFIGURATION);
    assert_null(strstr(err.message, "canary"));
    assert_null(strstr(err.remedy, "canary"));
}

static void clear_text_stays_on_the_host(void **state)
{
    (void)state;
    assert_int_equal(check_clear("http://localhost:1/", NULL), TL_OK);
    assert_int_equal(check_clear("http:"
                                 "//127.9.9.9:1/",
                                 NULL),
                     TL_OK);
    assert_int_equal(check_clear("http://[::1]:1/", NULL), TL_OK);
    assert_int_equal(check_clear("https://db.example/", NULL), TL_OK);
    assert_int_equal(check_clear("http://db.example/", "127.0.0.1:80"), TL_OK);
    assert_int_equal(check_clear("http://db.example/", NULL), TL_CONFIGURATION);
    assert_int_equal(check_clear("http://localhost/", "10.0.0.1:80"), TL_CONFIGURATION);
    assert_int_equal(check_clear("http://127.0.0.1.example.com/", NULL), TL_CONFIGURATION);
    assert_int_equal(check_clear("http:"
                                 "//10.127.0.1/",
                                 NULL),
                     TL_CONFIGURATION);
    assert_int_equal(check_clear("https://db.example/", "10.0.0.1"), TL_CONFIGURATION);
    assert_int_equal(check_clear("https://db.example/", "10.0.0.1:0"), TL_CONFIGURATION);
    assert_int_equal(check_clear("https://db.example/", ":443"), TL_CONFIGURATION);
}

static void urls(void **state)
{
    struct buf out = BUF_INIT(4096);
    (void)state;
    assert_int_equal(http_url_resolve("http://a.example:81/x/y?z", "../b?c=1", &out, &err),
                     TL_OK);
    assert_string_equal(buf_text(&out), "http://a.example:81/b?c=1");
    buf_reset(&out);
    assert_int_equal(http_url_resolve("http://a.example:81/x?y", "?page=2", &out, &err), TL_OK);
    assert_string_equal(buf_text(&out), "http://a.example:81/x?page=2");
    buf_reset(&out);
    assert_int_equal(http_url_resolve("http://a.example/x", "https://b.example/c", &out, &err),
                     TL_OK);
    assert_string_equal(buf_text(&out), "https://b.example/c");
    buf_reset(&out);
    assert_int_equal(http_url_with_tls("http://a.example/x?y=%20", true, &out, &err), TL_OK);
    assert_string_equal(buf_text(&out), "https://a.example:80/x?y=%20");
    buf_reset(&out);
    text_append_url_encoded(&out, "a b&c=\xc3\xa9/~", 10);
    assert_string_equal(buf_text(&out), "a%20b%26c%3D%C3%A9%2F~");
    buf_free(&out);
}

static void check_link(const char *header, const char *expected)
{
    struct buf out = BUF_INIT(4096);

    assert_int_equal(http_link_next(header, &out), expected != NULL);
    assert_string_equal(buf_text(&out), expected ? expected : "");
    buf_free(&out);
}

static void links(void **state)
{
    (void)state;
    check_link("<https://a.example/?p=2>; rel=\"next\", <https://a.example/?p=9>; rel=\"last\"",
               "https://a.example/?p=2");
    check_link("</1>; rel=prev , </3> ;rel=next", "/3");
    check_link("</3>; title=\"a, <b>; rel=next\"; rel=\"last next\"", "/3");
    check_link("</3>; title=\"a, <b>; rel=next\"; rel=last", NULL);
    check_link("</3>; title=\"quoted \\\" mark\"; REL=NEXT", "/3");
    check_link("</3>; rel=\"nextpage\"", NULL);
    check_link("</3>; relation=next", NULL);
    check_link("</3>;;; rel = \"next\"", "/3");
    check_link("", NULL);
    check_link("<", NULL);
    check_link("</3>; rel=\"next", "/3");
    check_link("no link; rel=next", NULL);
}

static void bodies(void **state)
{
    (void)state;
    assert_int_equal(http_body_encoding(" {\"a\": 1}"), HTTP_IN_JSON);
    assert_int_equal(http_body_encoding("[1]"), HTTP_IN_JSON);
    assert_int_equal(http_body_encoding("a={b}"), HTTP_IN_URL);
}

/* Reads a stream with these members of `http` after its url. */
static void refuse(const char *members, const char *message)
{
    static const struct tl_option *const tables[] = {connector_options, config_runtime_options,
                                                     NULL};
    struct tl_config *config = NULL;
    struct stream stream;
    char json[2048];

    (void)snprintf(json, sizeof(json),
                   "{\"ssh_host\": \"h\", \"table\": \"t\", \"http\": {\"url\": "
                   "\"http://127.0.0.1/\", %s}}",
                   members);
    if (config_parse(json, strlen(json), tables, &config, &err) != TL_OK)
        fail_msg("%s", err.message);
    assert_int_equal(stream_init(&stream, tl_config_item(config, "streams", 0), config, &err),
                     TL_CONFIGURATION);
    if (strstr(err.message, message) == NULL)
        fail_msg("%s", err.message);
    stream_reset(&stream);
    config_free(config);
}

static void settings_that_do_not_fit(void **state)
{
    (void)state;
    refuse("\"auth\": {\"type\": \"basic\", \"username\": \"u\"}", "\"password\"");
    refuse("\"auth\": {\"type\": \"bearer\"}", "\"token\"");
    refuse("\"auth\": {\"type\": \"apiKey\"}", "\"api_key\"");
    refuse("\"auth\": {\"type\": \"session\", \"username\": \"u\", \"password\": \"p\"}",
           "\"login_url\"");
    refuse("\"auth\": {\"login_token\": \"token\"}", "JSON Pointer \"token\"");
    refuse("\"pagination\": {\"type\": \"next_url\"}", "\"next\"");
    refuse("\"pagination\": {\"type\": \"next_url\", \"next\": \"next\"}", "JSON Pointer");
    refuse("\"pagination\": {\"type\": \"scroll\", \"next\": \"/n\"}", "\"parameter\"");
    refuse("\"pagination\": {\"type\": \"keyset\", \"parameter\": \"p\"}", "\"column\"");
    refuse("\"pagination\": {\"type\": \"keyset\", \"parameter\": \"p\", \"column\": \"c\", "
           "\"overlap\": \"1s\"}",
           "\"page_size\"");
    refuse("\"pagination\": {\"type\": \"page\", \"size_parameter\": \"n\"}", "\"page_size\"");
    refuse("\"query\": {\"since\": \"{{cursor}}\"}", "{{cursor}}");
    refuse("\"headers\": {\"X\": \"{{config.missing}}\"}", "missing");
    refuse("\"connect_to\": \"somewhere\"", "connect_to");
    refuse("\"query\": {\"of\": \"{{item.id}}\"}", "without for_each");
    refuse("\"for_each\": {\"url\": \"http://127.0.0.1/a\"}", "for_each without {{item.NAME}}");
    refuse("\"query\": {\"of\": \"{{item.id}}\"}, \"for_each\": {\"url\": "
           "\"http://127.0.0.1/{{item.id}}\"}",
           "in for_each itself");
    refuse("\"query\": {\"of\": \"{{item.id}}\"}, \"for_each\": {\"url\": "
           "\"http://127.0.0.1/a\", \"rows\": \"data\"}",
           "JSON Pointer");
    refuse("\"query\": {\"of\": \"{{item.id}}\"}, \"for_each\": {\"url\": "
           "\"http://127.0.0.1/a\", \"pagination\": {\"type\": \"keyset\", \"column\": \"c\", "
           "\"parameter\": \"p\"}}",
           "keyset");
    refuse("\"query\": {\"of\": \"{{item.id}}\"}, \"for_each\": {\"url\": "
           "\"http://127.0.0.1/{{config.missing}}\"}",
           "missing");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(what_may_be_followed),
        cmocka_unit_test(clear_text_stays_on_the_host),
        cmocka_unit_test(required_tls_is_required_everywhere),
        cmocka_unit_test(a_password_in_a_url_is_not_shown),
        cmocka_unit_test(urls),
        cmocka_unit_test(links),
        cmocka_unit_test(bodies),
        cmocka_unit_test(settings_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
