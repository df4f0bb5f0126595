/* The commands and their options. */
#include <string.h>

#include "config/config.h"
#include "frontends/cli/cli.h"

enum { NAMES_MAX = 128 };

#define FIELD(name) offsetof(struct cli_options, name)

const struct cli_option cli_common_options[] = {
    {"configuration", "config", 'c', CLI_TEXT, "FILE",
     "the configuration, - for standard input; else $TOWLINE_CONFIGURATION, which holds the "
     "JSON itself; else configuration.json",
     FIELD(configuration)},
    {"log-format", NULL, 0, CLI_CHOICE, "text|json", "how log lines look (text)",
     FIELD(log_format)},
    {"log-level", NULL, 0, CLI_CHOICE, "debug|info|warning|error", "what is logged (info)",
     FIELD(log_level)},
    {"yes", NULL, 0, CLI_FLAG, NULL, "answer questions with yes", FIELD(yes)},
    {"non-interactive", NULL, 0, CLI_FLAG, NULL,
     "ask nothing: take the default answer to each question", FIELD(non_interactive)},
    {"help", NULL, 'h', CLI_FLAG, NULL, "show this help", FIELD(help)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

/* In place of the first of the common ones. */
static const struct cli_option init_options[] = {
    {"configuration", "config", 'c', CLI_TEXT, "FILE",
     "the file to write (configuration.json), which must not exist", FIELD(configuration)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option job_options[] = {
    {"destination", NULL, 0, CLI_TEXT, "URL",
     "where the rows go (sqlite:warehouse.db); wins over the configuration",
     FIELD(destination)},
    {"stream", NULL, 0, CLI_TEXTS, "NAME", "only this stream; may be repeated", FIELD(streams)},
    {"progress", NULL, 0, CLI_CHOICE, "auto|always|never",
     "whether progress is shown, by commands that have any: auto on a terminal only (auto)",
     FIELD(progress)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option sync_options[] = {
    {"dry-run", NULL, 0, CLI_FLAG, NULL,
     "do everything but the writing, and show what a sync would change", FIELD(dry_run)},
    {"full-refresh", NULL, 0, CLI_FLAG, NULL, "start from an empty state, reading all rows",
     FIELD(full_refresh)},
    {"state", NULL, 0, CLI_TEXT, "FILE",
     "start from this state rather than the saved one; - for standard input", FIELD(state)},
    {"summary", NULL, 0, CLI_TEXT, "FILE",
     "write the summary as JSON, also after a failure; - prints it in place of the tables",
     FIELD(summary)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option check_options[] = {
    {"approve", NULL, 0, CLI_TEXT, "SHA256:...",
     "record the host key if its fingerprint is this one", FIELD(approve)},
    {"json", NULL, 0, CLI_FLAG, NULL, "print the steps as a JSON array", FIELD(json)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option discover_options[] = {
    {"json", NULL, 0, CLI_FLAG, NULL, "print the tables as a JSON array", FIELD(json)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option report_options[] = {
    {"output", NULL, 0, CLI_TEXT, "FILE", "where the page goes, - for standard output (-)",
     FIELD(output)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option partition_options[] = {
    {"concurrency", NULL, 0, CLI_NUMBER, "N",
     "how many hosts at once, where the configuration lists several (8)", FIELD(concurrency)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option help_options[] = {
    {"help", NULL, 'h', CLI_FLAG, NULL, "show this help", FIELD(help)},
    {NULL, NULL, 0, CLI_FLAG, NULL, NULL, 0},
};

static const struct cli_option *const for_init[] = {init_options, cli_common_options + 1, NULL};
static const struct cli_option *const for_sync[] = {sync_options, partition_options,
                                                    job_options, cli_common_options, NULL};
static const struct cli_option *const for_check[] = {check_options, partition_options,
                                                     job_options, cli_common_options, NULL};
static const struct cli_option *const for_discover[] = {discover_options, partition_options,
                                                        job_options, cli_common_options, NULL};
static const struct cli_option *const for_report[] = {report_options, job_options,
                                                      cli_common_options, NULL};
static const struct cli_option *const for_state[] = {job_options, cli_common_options, NULL};
static const struct cli_option *const for_help[] = {help_options, NULL};

const struct cli_command cli_commands[] = {
    {
        .name = "init",
        .summary = "Write a configuration: asks on a terminal, else a template",
        .details =
            "On a terminal it asks for what a first sync needs, tries the connection and "
            "the stream with the answers, and asks again for what does not work. "
            "Without a terminal, or with --non-interactive, it writes a template: all "
            "usual keys with their defaults, each explained by a comment, which is a key "
            "that begins with //. It goes to configuration.json or to -c FILE, which "
            "must not exist.",
        .options = for_init,
        .examples = (const char *const[]){"init", "init -c production.json", NULL},
        .run = cli_run_init,
    },
    {
        .name = "check",
        .summary = "Test the setup step by step, with the remedy for what fails",
        .details =
            "The steps lead from the configuration over the connection and each stream's "
            "command to the destination, to which nothing is written.",
        .options = for_check,
        .examples = (const char *const[]){"check", "check --approve SHA256:...",
                                          "check --json -c production.json", NULL},
        .run = cli_run_check,
    },
    {
        .name = "discover",
        .summary = "Run the streams and show the tables, columns and types they give",
        .details = "A suggested primary key is one that the configuration does not name. "
                   "Nothing is written to the destination.",
        .options = for_discover,
        .examples = (const char *const[]){"discover", "discover --stream users --json", NULL},
        .run = cli_run_discover,
    },
    {
        .name = "sync",
        .alias = "debug",
        .summary = "Bring the tables up to date; `debug` is the same with debug logs",
        .details = "Rows and the state that says how far the sync got are saved together: a "
                   "sync that ended anywhere can simply be run again. The exit code tells of "
                   "the sync: that the tables at its end could not be printed is a warning, "
                   "but a summary that was asked for and could not be written is exit 8.",
        .options = for_sync,
        .examples =
            (const char *const[]){"sync", "sync --dry-run",
                                  "sync --destination sqlite:/srv/warehouse.db",
                                  "sync --stream users --full-refresh",
                                  "sync -c <(decrypt secrets) --summary run.json", NULL},
        .run = cli_run_sync,
    },
    {
        .name = "state",
        .arguments = "show|set FILE|reset",
        .verbs = (const char *const[]){"show", "set", "reset", NULL},
        .max_arguments = 2,
        .summary = "Show, replace or clear the saved state",
        .details =
            "The whole state is one object with a member for each stream. With --stream "
            "NAME, show prints and set takes that stream's own object. A stream that set of "
            "the whole does not name is cleared. reset asks first.",
        .options = for_state,
        .examples =
            (const char *const[]){"state show", "state show --stream users > users.json",
                                  "state set --stream users users.json",
                                  "state reset --stream users --yes", NULL},
        .run = cli_run_state,
    },
    {
        .name = "explain",
        .summary = "Show the commands and the SQL that do the same by hand",
        .details = "For each stream what one would type into a POSIX shell to get the output "
                   "that the next sync would get, and what the destination runs. Secrets are "
                   "variables of the shell, to be set before. Nothing is connected to, and "
                   "nothing is written.",
        .options = for_state,
        .examples = (const char *const[]){"explain", "explain --stream users", NULL},
        .run = cli_run_explain,
    },
    {
        .name = "report",
        .summary = "Write a page about the runs, the streams and their tables",
        .details =
            "One HTML file without scripts, which fetches nothing: how the last run of "
            "each stream ended, the runs before it (up to 50), and the tables with their "
            "columns. The destination is only read; a sync may be running.",
        .options = for_report,
        .examples = (const char *const[]){"report --output runs.html",
                                          "report --stream users > users.html", NULL},
        .run = cli_run_report,
    },
    {
        .name = "reset",
        .summary = "Remove what was made in the destination for this configuration",
        .details = "The tables of the configuration's streams go with their rows, their state "
                   "and their log of runs, or those of --stream NAME alone, which may also be "
                   "a stream that the configuration dropped; what other configurations "
                   "made there stays. It asks first.",
        .options = for_state,
        .examples = (const char *const[]){"reset", "reset --stream users --yes", NULL},
        .run = cli_run_reset,
    },
    {
        .name = "version",
        .summary = "Show the version",
        .options = for_help,
        .run = cli_run_version,
    },
    {
        .name = "help",
        .arguments = "[COMMAND|configuration]",
        .max_arguments = 2,
        .summary = "Show help, on a command or on the keys of the configuration",
        .options = for_help,
        .examples = (const char *const[]){"help sync", "help configuration", NULL},
        .run = cli_run_help,
    },
    {.name = NULL},
};

const struct cli_command *cli_find_command(const struct cli_command *commands, const char *name)
{
    for (const struct cli_command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0 ||
            (command->alias != NULL && strcmp(command->alias, name) == 0))
            return command;
    return NULL;
}

enum tl_status cli_fail_unknown_command(const struct cli *cli, const char *word,
                                        struct tl_error *err)
{
    const char *names[NAMES_MAX + 1];
    const char *nearest;
    size_t count = 0;

    for (const struct cli_command *command = cli->commands; command->name != NULL; command++) {
        if (count < NAMES_MAX)
            names[count++] = command->name;
        if (command->alias != NULL && count < NAMES_MAX)
            names[count++] = command->alias;
    }
    names[count] = NULL;
    nearest = config_nearest(word, names);
    if (nearest != NULL)
        (void)tl_fail(err, TL_USAGE, "unknown command \"%s\"; did you mean \"%s\"?", word,
                      nearest);
    else
        (void)tl_fail(err, TL_USAGE, "unknown command \"%s\"", word);
    return tl_remedy(err, "See `%s --help` for the commands", cli->connector->name);
}

enum tl_status cli_check_verb(const struct cli *cli, const struct cli_command *command,
                              const char *word, size_t *index, struct tl_error *err)
{
    const char *nearest;

    for (*index = 0; word != NULL && command->verbs[*index] != NULL; ++*index)
        if (strcmp(word, command->verbs[*index]) == 0)
            return TL_OK;
    nearest = word != NULL ? config_nearest(word, command->verbs) : NULL;
    if (nearest != NULL)
        (void)tl_fail(err, TL_USAGE, "unknown command \"%s %s\"; did you mean \"%s %s\"?",
                      command->name, word, command->name, nearest);
    else if (word != NULL)
        (void)tl_fail(err, TL_USAGE, "unknown command \"%s %s\"", command->name, word);
    else
        (void)tl_fail(err, TL_USAGE, "%s needs one of %s", command->name, command->arguments);
    return tl_remedy(err, "See `%s help %s`", cli->connector->name, command->name);
}
