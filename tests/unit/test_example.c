/* configuration.example.json: it loads, and it has every key that there is; docs/http.md has
 * every field of http. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "connector.h"
#include "options.h"
#include "sources/http_settings.h"
#include "stream.h"

static char text[64 * 1024];
static size_t text_size;

static size_t read_text(const char *path)
{
    FILE *file = fopen(path, "r");

    assert_non_null(file);
    text_size = fread(text, 1, sizeof(text) - 1, file);
    text[text_size] = '\0';
    fclose(file);
    return text_size;
}

static struct tl_config *load(void)
{
    const struct tl_option *const tables[] = {connector_options, config_runtime_options, NULL};
    struct tl_config *config = NULL;
    struct tl_error err = {0};

    (void)read_text(FIXTURES_DIR "/../configuration.example.json");
    if (config_parse(text, text_size, tables, &config, &err) != TL_OK)
        fail_msg("%s", err.message);
    return config;
}

static void the_connector_takes_it(void **state)
{
    struct tl_config *config = load();
    struct tl_open open = {.config = config, .stop_fd = -1};
    struct tl_instance *instance = NULL;
    struct tl_error err = {0};

    (void)state;
    if (connector.open(&open, &instance, &err) != TL_OK)
        fail_msg("%s", err.message);
    connector.close(instance);
    config_free(config);
}

static void check_names(const struct tl_option *options)
{
    for (; options->name != NULL; options++) {
        char quoted[128];
        if (options->kind == TL_OPTION_ALIASES)
            continue; /* other names for what is in it */
        snprintf(quoted, sizeof(quoted), "\"%s\":", options->name);
        if (strstr(text, quoted) == NULL)
            fail_msg("the example lacks %s", options->name);
        if (options->fields != NULL)
            check_names(options->fields);
    }
}

static void every_option_is_in_it(void **state)
{
    struct tl_config *config = load();

    (void)state;
    check_names(connector_options);
    check_names(config_runtime_options);
    config_free(config);
}

static void check_rows(const struct tl_option *options)
{
    for (; options->name != NULL; options++) {
        char row[128];
        snprintf(row, sizeof(row), "\n| `%s` |", options->name);
        if (strstr(text, row) == NULL)
            fail_msg("docs/http.md has no row for %s", options->name);
        if (options->fields != NULL)
            check_rows(options->fields);
    }
}

static void every_field_of_http_is_explained(void **state)
{
    (void)state;
    (void)read_text(FIXTURES_DIR "/../docs/http.md");
    check_rows(http_options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connector_takes_it),
        cmocka_unit_test(every_option_is_in_it),
        cmocka_unit_test(every_field_of_http_is_explained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
