/* The command line: which command, with which options, and how it ended. */
#include "frontends/cli/cli.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "frontends/cli/help.h"
#include "frontends/cli/own.h"

/* The level asked for; a command's other name asks for debug. */
static enum tl_log_level level_of(const struct cli *cli, const char *word)
{
    bool other_name = strcmp(word, cli->command->name) != 0;
    return log_level_of(cli->options.log_level, other_name ? TL_LOG_DEBUG : TL_LOG_INFO);
}

static enum tl_status run_command(struct cli *cli, const char *word, char **argv,
                                  struct tl_error *err)
{
    const struct cli_command *command = cli->command;
    enum tl_status status = cli_read_options(cli, word, argv, err);

    terminal_log_init(&cli->log,
                      cli->options.log_format != NULL &&
                          strcmp(cli->options.log_format, "json") == 0,
                      level_of(cli, word));
    if (cli->options.help) { /* whatever else is wrong or missing */
        *err = (struct tl_error){0};
        return help_print_command(cli->connector, command, err);
    }
    if (status == TL_OK &&
        arguments_check_words(&cli->arguments, command->max_arguments, err) != TL_OK)
        status = tl_context(err, "%s", word);
    if (status != TL_OK)
        return tl_remedy(err, "See `%s %s --help` for what there is", cli->connector->name,
                         command->name);
    return command->run(cli, err);
}

/* A program without a command: --help, --version, or a mistake. */
static enum tl_status run_bare(struct cli *cli, const char *word, struct tl_error *err)
{
    static const char *const words[] = {"--help", "--version", NULL};
    const char *nearest = config_nearest(word, words);

    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return help_print_program(cli, err);
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
        return cli_run_version(cli, err);
    if (nearest != NULL)
        (void)tl_fail(err, TL_USAGE, "unknown option %s; did you mean %s?", word, nearest);
    else
        (void)tl_fail(err, TL_USAGE, "there must be a command before %s", word);
    return tl_remedy(err, "See `%s --help` for the commands", cli->connector->name);
}

static enum tl_status dispatch(struct cli *cli, char **argv, struct tl_error *err)
{
    if (argv[1] == NULL)
        return help_print_program(cli, err) == TL_OK ? TL_USAGE : err->status;
    if (argv[1][0] == '-')
        return run_bare(cli, argv[1], err);
    cli->command = cli_find_command(cli->commands, argv[1]);
    if (cli->command == NULL)
        return cli_fail_unknown_command(cli, argv[1], err);
    return run_command(cli, argv[1], argv + 2, err);
}

static int cli_run(int argc, char **argv, const struct tl_connector *connector)
{
    struct cli cli = {.connector = connector};
    struct cli_command *commands = NULL;
    struct tl_error err = {0};
    enum tl_status status;

    (void)argc;
    terminal_log_init(&cli.log, false, TL_LOG_INFO);
    status = own_commands_new(connector, &commands, &err);
    cli.commands = commands;
    if (status == TL_OK)
        status = dispatch(&cli, argv, &err);
    if (err.status != TL_OK)
        terminal_log_error(&cli.log, &err);
    log_set_sink(NULL);
    arguments_reset(&cli.arguments);
    free(commands);
    return tl_status_exit_code(status);
}

const struct frontend cli_frontend = {
    .name = "cli",
    .summary = "commands for people and scripts",
    .run = cli_run,
};
