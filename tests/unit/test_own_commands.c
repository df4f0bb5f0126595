/* Commands of a connector's own: found, parsed and run beside those of the front end. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "frontends/cli/own.h"

static const struct tl_option tow_options[] = {
    {.name = "line", .kind = TL_OPTION_LIST, .help = "a line", .letter = 'L', .value = "SPEC"},
    {.name = "speed",
     .kind = TL_OPTION_INTEGER,
     .fallback = "3",
     .help = "h",
     .min = 1,
     .max = 9},
    {.name = "rope", .kind = TL_OPTION_CHOICE, .help = "h", .choices = "hemp|steel"},
    {.name = "slack", .kind = TL_OPTION_BOOLEAN, .fallback = "false", .help = "h"},
    {.name = NULL},
};

static const struct tl_option demands[] = {
    {.name = "barge", .kind = TL_OPTION_TEXT, .help = "what", .flags = TL_OPTION_REQUIRED},
    {.name = NULL},
};

/* What the command saw of its call. */
static struct {
    size_t n_words;
    int64_t speed;
    bool slack, yes;
    char lines[64], rope[16];
    bool has_config;
} seen;

static enum tl_status tow(const struct tl_call *call, struct tl_error *err)
{
    const char *const *line = tl_config_list(call->options, "line");
    const char *rope = tl_config_text(call->options, "rope");

    memset(&seen, 0, sizeof(seen));
    for (; line != NULL && *line != NULL; line++) {
        (void)strcat(seen.lines, *line);
        (void)strcat(seen.lines, ";");
    }
    if (rope != NULL)
        (void)strcpy(seen.rope, rope);
    seen.n_words = call->n_words;
    seen.speed = tl_config_integer(call->options, "speed");
    seen.slack = tl_config_boolean(call->options, "slack");
    seen.yes = call->yes;
    seen.has_config = call->config != NULL;
    return call->n_words > 1 ? tl_fail(err, TL_HANDSHAKE, "too much") : TL_OK;
}

static const struct tl_command own[] = {
    {
        .name = "tow",
        .arguments = "[BARGE]",
        .max_words = 2,
        .summary = "Tow",
        .options = tow_options,
        .configuration = TL_COMMAND_CONFIG_OPTIONAL,
        .run = tow,
    },
    {.name = "moor", .summary = "Moor", .run = tow},
    {.name = "sink", .summary = "Sink", .options = demands, .run = tow},
    {.name = NULL},
};

static const struct tl_connector tug = {
    .name = "tug", .version = "1", .summary = "tows", .options = demands, .commands = own};

static struct cli_command *commands;
static struct tl_error err;

/* Runs the command with words separated by blanks. */
static enum tl_status run(const char *name, const char *words)
{
    char text[256], *argv[17];
    struct cli cli = {.connector = &tug, .commands = commands};
    enum tl_status status;
    int argc = 0;

    cli.command = cli_find_command(commands, name);
    assert_non_null(cli.command);
    err = (struct tl_error){0};
    (void)strcpy(text, words);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    status = cli_read_options(&cli, name, argv, &err);
    if (status == TL_OK)
        status = cli.command->run(&cli, &err);
    arguments_reset(&cli.arguments);
    return status;
}

static void test_stand_before_those_about_the_program(void **state)
{
    const char *const last[] = {"tow", "moor", "sink", "version", "help"};
    size_t count = 0;

    (void)state;
    while (commands[count].name != NULL)
        count++;
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(commands[count - 5 + i].name, last[i]);
    assert_non_null(cli_find_command(commands, "sync"));
}

static void test_options_reach_the_command(void **state)
{
    (void)state;
    assert_int_equal(run("tow", "-L a,b --line=c -Ld --speed 7 --rope steel x --slack --yes"),
                     TL_OK);
    assert_string_equal(seen.lines, "a,b;c;d;");
    assert_string_equal(seen.rope, "steel");
    assert_int_equal(seen.speed, 7);
    assert_int_equal(seen.n_words, 1);
    assert_true(seen.slack && seen.yes);
    assert_int_equal(run("tow", "--speed 1 --speed 2"), TL_OK);
    assert_int_equal(seen.speed, 2);
}

static void test_defaults(void **state)
{
    (void)state;
    assert_int_equal(run("tow", ""), TL_OK);
    assert_string_equal(seen.lines, "");
    assert_string_equal(seen.rope, "");
    assert_int_equal(seen.speed, 3);
    assert_false(seen.slack || seen.yes || seen.has_config);
    assert_int_equal(run("moor", ""), TL_OK);
}

static void refuse(const char *name, const char *words, const char *message)
{
    assert_int_equal(run(name, words), TL_USAGE);
    assert_string_equal(err.message, message);
}

static void test_mistakes(void **state)
{
    (void)state;
    refuse("tow", "--sped 3", "unknown option --sped for tow; did you mean --speed?");
    refuse("tow", "--speed ten", "\"--speed\" is \"ten\": not a whole number");
    refuse("tow", "--speed 10", "\"--speed\" is \"10\": not between 1 and 9");
    refuse("tow", "--rope silk", "\"--rope\" is \"silk\": not hemp or steel");
    refuse("tow", "--slack=x", "\"--slack\" is \"x\": not true or false");
    refuse("tow", "-L", "--line needs a value: SPEC");
    refuse("moor", "--line x", "unknown option --line for moor");
    assert_int_equal(run("tow", "a b"), TL_HANDSHAKE);
}

/* What is missing does not keep help from those who ask for it. */
static void test_an_option_that_is_required(void **state)
{
    char *words[] = {"-h", NULL};
    struct cli cli = {.command = cli_find_command(commands, "sink")};

    (void)state;
    refuse("sink", "", "\"--barge\" is missing");
    assert_int_equal(run("sink", "--barge x"), TL_OK);
    assert_int_equal(cli_read_options(&cli, "sink", words, &err), TL_USAGE);
    assert_true(cli.options.help);
    arguments_reset(&cli.arguments);
}

/* A command says itself what it cannot do without. */
static void test_nothing_of_the_configuration_is_required(void **state)
{
    (void)state;
    assert_int_equal(setenv("TOWLINE_CONFIGURATION", "{}", 1), 0);
    assert_int_equal(run("tow", ""), TL_OK);
    assert_true(seen.has_config);
    assert_int_equal(setenv("TOWLINE_CONFIGURATION", "{\"barg\": \"x\"}", 1), 0);
    assert_int_equal(run("tow", ""), TL_CONFIGURATION);
    assert_int_equal(run("moor", ""), TL_OK);
    assert_false(seen.has_config);
}

static int load(void **state)
{
    (void)state;
    return own_commands_new(&tug, &commands, &err) == TL_OK ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    free(commands);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stand_before_those_about_the_program),
        cmocka_unit_test(test_options_reach_the_command),
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_mistakes),
        cmocka_unit_test(test_an_option_that_is_required),
        cmocka_unit_test(test_nothing_of_the_configuration_is_required),
    };
    return cmocka_run_group_tests_name("own commands", tests, load, unload);
}
