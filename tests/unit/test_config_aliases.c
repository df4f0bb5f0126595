/* Options under other names, as a platform's users know them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "config/config.h"

static const struct tl_option way_fields[] = {
    {.name = "way_host", .stands_for = "host", .only_for = "KEY|PASSWORD"},
    {.name = "way_port", .stands_for = "port", .only_for = "KEY|PASSWORD"},
    {.name = "way_password", .stands_for = "password", .only_for = "PASSWORD"},
    {.name = NULL},
};

static const struct tl_option options[] = {
    {.name = "host", .kind = TL_OPTION_TEXT, .help = "where", .flags = TL_OPTION_REQUIRED},
    {.name = "port", .kind = TL_OPTION_INTEGER, .fallback = "22", .help = "port", .max = 65535},
    {.name = "password", .kind = TL_OPTION_TEXT, .help = "x", .flags = TL_OPTION_SECRET},
    {.name = "way",
     .kind = TL_OPTION_ALIASES,
     .help = "x",
     .choices = "NONE|KEY|PASSWORD",
     .fields = way_fields},
    {.name = NULL},
};

static struct tl_config *config;
static struct tl_error err;

static enum tl_status parse(const char *json)
{
    static const struct tl_option *const tables[] = {options, NULL};
    config_free(config);
    config = NULL;
    err = (struct tl_error){0};
    return config_parse(json, strlen(json), tables, &config, &err);
}

static void refuse(const char *json, const char *message)
{
    assert_int_equal(parse(json), TL_CONFIGURATION);
    assert_string_equal(err.message, message);
}

static void values_have_their_own_names(void **state)
{
    struct buf masked = BUF_INIT(256);

    (void)state;
    log_forget_secrets();
    assert_int_equal(parse("{\"way\": {\"way\": \"PASSWORD\", \"way_host\": \"h\", "
                           "\"way_port\": 2222, \"way_password\": \"open sesame\"}}"),
                     TL_OK);
    assert_string_equal(tl_config_text(config, "host"), "h");
    assert_int_equal(tl_config_integer(config, "port"), 2222);
    assert_string_equal(tl_config_text(config, "password"), "open sesame");
    assert_true(config_holds_secret(config));
    log_append_masked(&masked, "open sesame!", 12);
    assert_string_equal(buf_text(&masked), "****!");
    buf_free(&masked);
    log_forget_secrets();
}

static void the_object_may_be_text_or_empty(void **state)
{
    (void)state;
    assert_int_equal(parse("{\"way\": \"{\\\"way\\\": \\\"KEY\\\", \\\"way_host\\\": "
                           "\\\"h\\\"}\", \"host\": \"\"}"),
                     TL_OK);
    assert_string_equal(tl_config_text(config, "host"), "h");
    assert_int_equal(parse("{\"way\": {\"way\": \"NONE\"}, \"host\": \"i\"}"), TL_OK);
    assert_string_equal(tl_config_text(config, "host"), "i");
    assert_int_equal(parse("{\"way\": null, \"host\": \"i\"}"), TL_OK);
    assert_int_equal(parse("{\"way\": \"\", \"host\": \"i\"}"), TL_OK);
}

/* A form hands over its defaults, too. */
static void a_default_under_its_own_name_gives_way(void **state)
{
    (void)state;
    for (const char *const *port = (const char *const[]){"22", "\"22\"", "\"\"", "null", NULL};
         *port != NULL; port++) {
        char json[160];
        (void)snprintf(json, sizeof(json),
                       "{\"port\": %s, \"way\": {\"way\": \"KEY\", \"way_host\": \"h\", "
                       "\"way_port\": 2222}}",
                       *port);
        assert_int_equal(parse(json), TL_OK);
        assert_int_equal(tl_config_integer(config, "port"), 2222);
    }
    refuse("{\"port\": 23, \"way\": {\"way\": \"KEY\", \"way_host\": \"h\", "
           "\"way_port\": 2222}}",
           "\"way.way_port\" and \"port\" are both given");
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    refuse("{\"way\": {\"way_host\": \"h\"}}",
           "\"way\" lacks its member \"way\": one of NONE|KEY|PASSWORD");
    refuse("{\"way\": {\"way\": \"TELEPATHY\"}}",
           "\"way.way\" is \"TELEPATHY\": not one of NONE|KEY|PASSWORD");
    refuse("{\"way\": {\"way\": \"KEY\", \"way_hots\": \"h\"}}",
           "unknown key \"way.way_hots\"; did you mean \"way_host\"?");
    refuse("{\"way\": {\"way\": \"KEY\", \"way_password\": \"p\"}}",
           "\"way.way_password\" does not belong to KEY");
    refuse("{\"way\": {\"way\": \"KEY\", \"way_host\": \"h\"}, \"host\": \"i\"}",
           "\"way.way_host\" and \"host\" are both given");
    refuse("{\"way\": [1]}", "\"way\" is an array: not an object");
    refuse("{\"way\": \"[1]\"}", "\"way\" is an array: not an object");
    refuse("{\"way_host\": \"h\"}", "\"way_host\" stands outside of \"way\"");
    refuse("{\"way\": {\"way\": \"NONE\"}}", "\"host\" is missing");
}

static int forget(void **state)
{
    (void)state;
    config_free(config);
    log_forget_secrets();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_have_their_own_names),
        cmocka_unit_test(the_object_may_be_text_or_empty),
        cmocka_unit_test(a_default_under_its_own_name_gives_way),
        cmocka_unit_test(what_does_not_fit_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
