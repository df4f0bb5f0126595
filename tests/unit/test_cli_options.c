/* Options of the command line: arguments_parse, on the tables of the real commands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "frontends/cli/cli.h"

enum { WORDS_MAX = 16 };

static struct cli cli;
static const struct cli_options *const options = &cli.options;
static struct tl_error err;

/* Parses words separated by blanks; "_" stands for an empty word. */
static enum tl_status parse(const char *command, const char *words)
{
    static char text[512];
    static char *argv[WORDS_MAX + 1];
    int argc = 0;

    arguments_reset(&cli.arguments);
    cli.command = cli_find_command(cli_commands, command);
    err = (struct tl_error){0};
    (void)strcpy(text, words);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        if (strcmp(word, "_") == 0)
            *word = '\0';
        argv[argc++] = word;
    }
    argv[argc] = NULL;
    assert_non_null(cli.command);
    return cli_read_options(&cli, command, argv, &err);
}

static void accept(const char *words)
{
    if (parse("sync", words) != TL_OK)
        fail_msg("%s: %s", words, err.message);
}

static void refuse(const char *words, const char *message)
{
    assert_int_equal(parse("sync", words), TL_USAGE);
    assert_string_equal(err.message, message);
}

static void test_nothing(void **state)
{
    (void)state;
    accept("");
    assert_null(options->configuration);
    assert_null(options->streams);
    assert_false(options->dry_run || options->yes || options->help);
    assert_int_equal(cli.arguments.n_words, 0);
}

static void test_values_in_every_form(void **state)
{
    static const char *const forms[] = {
        "--configuration a.json",
        "--configuration=a.json",
        "--config a.json",
        "--config=a.json",
        "-c a.json",
        "-ca.json",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        accept(forms[i]);
        assert_string_equal(options->configuration, "a.json");
    }
    accept("-c -");
    assert_string_equal(options->configuration, "-");
    accept("--destination=sqlite:a=b.db");
    assert_string_equal(options->destination, "sqlite:a=b.db");
    accept("--state --summary");
    assert_string_equal(options->state, "--summary");
}

static void test_flags_and_repetition(void **state)
{
    (void)state;
    accept("--dry-run --yes --stream a --stream=b --full-refresh --non-interactive -h");
    assert_true(options->dry_run && options->yes && options->full_refresh);
    assert_true(options->non_interactive && options->help);
    assert_string_equal(options->streams[0], "a");
    assert_string_equal(options->streams[1], "b");
    assert_null(options->streams[2]);
    accept("--summary a --summary b");
    assert_string_equal(options->summary, "b");
}

static void test_arguments(void **state)
{
    (void)state;
    assert_int_equal(parse("state", "set --yes - -- --yes"), TL_OK);
    assert_int_equal(cli.arguments.n_words, 3);
    assert_string_equal(cli.arguments.words[0], "set");
    assert_string_equal(cli.arguments.words[1], "-");
    assert_string_equal(cli.arguments.words[2], "--yes");
    assert_true(options->yes);
}

static void test_choices(void **state)
{
    (void)state;
    accept("--log-format json --log-level debug --progress never");
    assert_string_equal(options->log_format, "json");
    assert_string_equal(options->log_level, "debug");
    assert_string_equal(options->progress, "never");
    refuse("--log-format xml", "\"--log-format\" is \"xml\": not text or json");
    refuse("--log-level info|debug",
           "\"--log-level\" is \"info|debug\": not debug, info, warning or error");
    refuse("--progress=au", "\"--progress\" is \"au\": not auto, always or never");
}

static void test_mistakes(void **state)
{
    (void)state;
    refuse("--dry-rnu", "unknown option --dry-rnu for sync; did you mean --dry-run?");
    refuse("--destnation=x",
           "unknown option --destnation for sync; did you mean --destination?");
    refuse("--dry_run", "unknown option --dry_run for sync; did you mean --dry-run?");
    refuse("--dry", "unknown option --dry for sync; did you mean --dry-run?");
    refuse("--zzz", "unknown option --zzz for sync");
    refuse("-x", "unknown option -x for sync");
    refuse("-hx", "unknown option -hx for sync");
    refuse("--approve x", "unknown option --approve for sync");
    refuse("--=x", "unknown option -- for sync");
    refuse("--destination", "--destination needs a value: URL");
    refuse("--destination=", "--destination needs a value: URL");
    refuse("--destination _", "--destination needs a value: URL");
    refuse("-c", "--configuration needs a value: FILE");
    refuse("--dry-run=maybe", "\"--dry-run\" is \"maybe\": not true or false");
    refuse("--dry-run=", "\"--dry-run\" is \"\": not true or false");
    refuse("--concurrency 0", "\"--concurrency\" is \"0\": not between 1 and 1000");
}

static void test_what_came_before_a_mistake_counts(void **state)
{
    (void)state;
    refuse("--log-format json --zzz", "unknown option --zzz for sync");
    assert_string_equal(options->log_format, "json");
    refuse("--log-format json --concurrency x",
           "\"--concurrency\" is \"x\": not a whole number");
    assert_string_equal(options->log_format, "json");
}

static void test_every_row_is_complete(void **state)
{
    (void)state;
    for (const struct cli_command *command = cli_commands; command->name != NULL; command++) {
        assert_non_null(command->summary);
        assert_non_null(command->run);
        for (size_t t = 0; command->options[t] != NULL; t++)
            for (const struct tl_option *row = command->options[t]; row->name; row++) {
                assert_non_null(row->help);
                assert_true(row->value != NULL || row->kind == TL_OPTION_BOOLEAN ||
                            row->kind == TL_OPTION_CHOICE);
            }
    }
    assert_ptr_equal(cli_find_command(cli_commands, "debug"),
                     cli_find_command(cli_commands, "sync"));
    assert_null(cli_find_command(cli_commands, "syn"));
}

static int forget(void **state)
{
    (void)state;
    arguments_reset(&cli.arguments);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_values_in_every_form),
        cmocka_unit_test(test_flags_and_repetition),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_what_came_before_a_mistake_counts),
        cmocka_unit_test(test_every_row_is_complete),
    };
    return cmocka_run_group_tests_name("cli options", tests, NULL, forget);
}
