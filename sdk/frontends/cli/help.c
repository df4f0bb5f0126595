/* Help on the program and its commands. */
#include "frontends/cli/help.h"

#include <string.h>

#include "frontends/output.h"
#include "frontends/usage.h"

/* The exit codes of the contract; the statuses behind them are in towline/error.h. */
static const struct {
    const char *code, *meaning;
} exit_codes[] = {
    {"0", "done"},
    {"1", "internal error (a bug)"},
    {"2", "wrong usage or configuration"},
    {"3", "cannot connect: name lookup, TCP, SSH handshake; or the connection was lost"},
    {"4", "host key not trusted"},
    {"5", "authentication refused, or the private key is not usable"},
    {"6", "the remote command failed: non-zero exit, signal, timeout, forbidden stderr"},
    {"7", "its output is not what was configured"},
    {"8", "the destination, or standard output, failed: cannot open, disk full, constraint"},
    {"9", "another sync holds this destination"},
    {"10", "partly done: some streams failed, the others are committed"},
    {"130, 143", "stopped by SIGINT; by SIGTERM or SIGHUP"},
};

static void append_exit_codes(struct buf *out)
{
    buf_append_string(out, "\nExit codes:\n");
    for (size_t i = 0; i < sizeof(exit_codes) / sizeof(exit_codes[0]); i++)
        usage_append_entry(out, 2, exit_codes[i].code, 12, exit_codes[i].meaning);
}

/* The protocols of those who run the program by themselves: all front ends but this one. */
static void append_platforms(struct buf *out)
{
    buf_append_string(out, "\nFor platforms:\n");
    for (const struct frontend *const *frontend = frontend_list; *frontend != &cli_frontend;
         frontend++)
        usage_append_entry(out, 2, (*frontend)->name, 14, (*frontend)->summary);
}

enum tl_status help_print_program(const struct cli *cli, struct tl_error *err)
{
    const struct tl_connector *connector = cli->connector;
    struct buf about = BUF_INIT(1024), out = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status;

    buf_printf(&about, "%s %s: %s.", connector->name, connector->version, connector->summary);
    buf_printf(&out, "Usage: %s <command> [options]\n\n", connector->name);
    usage_append_wrapped(&out, buf_text(&about), 0);
    buf_append_string(&out, "\nCommands:\n");
    for (const struct cli_command *command = cli->commands; command->name != NULL; command++)
        usage_append_entry(&out, 2, command->name, 14, command->summary);
    append_platforms(&out);
    buf_printf(&out,
               "\n`%s <command> --help` shows a command's options and examples,\n"
               "`%s help configuration` the keys of the configuration.\n",
               connector->name, connector->name);
    append_exit_codes(&out);
    buf_printf(&out, "\nExamples:\n  %s check\n  %s sync --dry-run\n  %s sync\n",
               connector->name, connector->name, connector->name);
    status = output_print(&out, err);
    buf_free(&about);
    buf_free(&out);
    return status;
}

enum tl_status help_print_command(const struct tl_connector *connector,
                                  const struct cli_command *command, struct tl_error *err)
{
    struct buf out = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status;

    buf_printf(&out, "Usage: %s %s%s%s [options]\n\n", connector->name, command->name,
               command->arguments ? " " : "", command->arguments ? command->arguments : "");
    buf_printf(&out, "%s.\n", command->summary);
    if (command->details != NULL)
        usage_append_wrapped(&out, command->details, 0);
    for (size_t t = 0; command->options[t] != NULL; t++) {
        bool last = command->options[t + 1] == NULL;
        if (t == 0 || last)
            buf_printf(&out, "\n%s:\n", t > 0 ? "Common options" : "Options");
        usage_append_options(&out, command->options[t]);
    }
    if (command->run == cli_run_sync)
        append_exit_codes(&out);
    if (command->examples != NULL)
        buf_append_string(&out, "\nExamples:\n");
    for (size_t i = 0; command->examples != NULL && command->examples[i] != NULL; i++)
        buf_printf(&out, "  %s %s\n", connector->name, command->examples[i]);
    status = output_print(&out, err);
    buf_free(&out);
    return status;
}

/* `help state set` is help on `state`; no other command has words of its own. */
static enum tl_status check_second(const struct cli *cli, const struct cli_command *command,
                                   struct tl_error *err)
{
    const char *word = cli->arguments.n_words > 1 ? cli->arguments.words[1] : NULL;
    size_t ignored;

    if (word == NULL)
        return TL_OK;
    if (command != NULL && command->verbs != NULL)
        return cli_check_verb(cli, command, word, &ignored, err);
    (void)tl_fail(err, TL_USAGE, "help: unexpected \"%s\"", word);
    return tl_remedy(err, "Leave it out");
}

enum tl_status cli_run_help(struct cli *cli, struct tl_error *err)
{
    const char *topic = cli->arguments.words[0];
    const struct cli_command *command;

    if (topic == NULL)
        return help_print_program(cli, err);
    command = cli_find_command(cli->commands, topic);
    if (check_second(cli, command, err) != TL_OK)
        return err->status;
    if (strcmp(topic, "configuration") == 0)
        return help_print_configuration(cli->connector, err);
    if (command == NULL)
        return cli_fail_unknown_command(cli, topic, err);
    return help_print_command(cli->connector, command, err);
}

enum tl_status cli_run_version(struct cli *cli, struct tl_error *err)
{
    struct buf out = BUF_INIT(1024);
    enum tl_status status;

    buf_printf(&out, "%s %s\n", cli->connector->name, cli->connector->version);
    status = output_print(&out, err);
    buf_free(&out);
    return status;
}
