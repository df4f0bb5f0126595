/* The commands and their options. */
#include <string.h>

#include "config/config.h"
#include "frontends/cli/cli.h"

enum { NAMES_MAX = 128 };

#define FLAG(its_name, its_help)                                                               \
    {                                                                                          \
        .name = its_name, .kind = TL_OPTION_BOOLEAN, .fallback = "false", .help = its_help     \
    }
#define HELP                                                                                   \
    {                                                                                          \
        .name = "help", .letter = 'h', .kind = TL_OPTION_BOOLEAN, .fallback = "false",         \
        .help = "show this help"                                                               \
    }

const struct tl_option cli_common_options[] = {
    {.name = "configuration",
     .alias = "config",
     .letter = 'c',
     .value = "FILE",
     .help = "the configuration, - for standard input; else $TOWLINE_CONFIGURATION, which "
             "holds the JSON itself; else configuration.json"},
    {.name = "log-format",
     .kind = TL_OPTION_CHOICE,
     .choices = "text|json",
     .fallback = "text",
     .help = "how log lines look"},
    {.name = "log-level",
     .kind = TL_OPTION_CHOICE,
     .choices = "debug|info|warning|error",
     .help = "what is logged (info)"},
    FLAG("yes", "answer questions with yes"),
    FLAG("non-interactive", "ask nothing: take the default answer to each question"),
    HELP,
    {.name = NULL},
};

/* In place of the first of the common ones. */
static const struct tl_option init_options[] = {
    {.name = "configuration",
     .alias = "config",
     .letter = 'c',
     .value = "FILE",
     .fallback = "configuration.json",
     .help = "the file to write, which must not exist"},
    {.name = NULL},
};

static const struct tl_option job_options[] = {
    {.name = "destination",
     .value = "URL",
     .help = "where the rows go (sqlite:warehouse.db); wins over the configuration"},
    {.name = "stream",
     .kind = TL_OPTION_LIST,
     .value = "NAME",
     .help = "only this stream; may be repeated"},
    {.name = "progress",
     .kind = TL_OPTION_CHOICE,
     .choices = "auto|always|never",
     .fallback = "auto",
     .help = "whether progress is shown, by commands that have any: auto on a terminal only"},
    {.name = NULL},
};

static const struct tl_option sync_options[] = {
    FLAG("dry-run", "do everything but the writing, and show what a sync would change"),
    FLAG("full-refresh", "start from an empty state, reading all rows"),
    {.name = "state",
     .value = "FILE",
     .help = "start from this state rather than the saved one; - for standard input"},
    {.name = "summary",
     .value = "FILE",
     .help = "write the summary as JSON, also after a failure; - prints it in place of the "
             "tables"},
    {.name = NULL},
};

static const struct tl_option check_options[] = {
    {.name = "approve",
     .value = "SHA256:...",
     .help = "record the host key if its fingerprint is this one"},
    FLAG("json", "print the steps as a JSON array"),
    {.name = NULL},
};

static const struct tl_option discover_options[] = {
    FLAG("json", "print the tables as a JSON array"),
    {.name = NULL},
};

static const struct tl_option report_options[] = {
    {.name = "output",
     .value = "FILE",
     .fallback = "-",
     .help = "where the page goes, - for standard output"},
    {.name = NULL},
};

static const struct tl_option partition_options[] = {
    {.name = "concurrency",
     .kind = TL_OPTION_INTEGER,
     .value = "N",
     .min = 1,
     .max = 1000,
     .help = "how many hosts at once, where the configuration lists several (8)"},
    {.name = NULL},
};

static const struct tl_option help_options[] = {HELP, {.name = NULL}};

static const struct tl_option *const for_init[] = {init_options, cli_common_options + 1, NULL};
static const struct tl_option *const for_sync[] = {sync_options, partition_options, job_options,
                                                   cli_common_options, NULL};
static const struct tl_option *const for_check[] = {check_options, partition_options,
                                                    job_options, cli_common_options, NULL};
static const struct tl_option *const for_discover[] = {discover_options, partition_options,
                                                       job_options, cli_common_options, NULL};
static const struct tl_option *const for_report[] = {report_options, job_options,
                                                     cli_common_options, NULL};
static const struct tl_option *const for_state[] = {job_options, cli_common_options, NULL};
static const struct tl_option *const for_help[] = {help_options, NULL};

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

enum tl_status cli_read_options(struct cli *cli, const char *word, char **argv,
                                struct tl_error *err)
{
    enum tl_status status =
        arguments_parse(&cli->arguments, cli->command->options, word, argv, err);
    const struct tl_config *given = cli->arguments.options;

    if (given == NULL)
        return status;
    cli->options = (struct cli_options){
        .configuration = tl_config_text(given, "configuration"),
        .destination = tl_config_text(given, "destination"),
        .streams = tl_config_list(given, "stream"),
        .log_format = tl_config_text(given, "log-format"),
        .log_level = tl_config_text(given, "log-level"),
        .progress = tl_config_text(given, "progress"),
        .yes = tl_config_boolean(given, "yes"),
        .non_interactive = tl_config_boolean(given, "non-interactive"),
        .help = tl_config_boolean(given, "help"),
        .dry_run = tl_config_boolean(given, "dry-run"),
        .full_refresh = tl_config_boolean(given, "full-refresh"),
        .state = tl_config_text(given, "state"),
        .summary = tl_config_text(given, "summary"),
        .output = tl_config_text(given, "output"),
        .concurrency = (size_t)tl_config_integer(given, "concurrency"),
        .approve = tl_config_text(given, "approve"),
        .json = tl_config_boolean(given, "json"),
    };
    return status;
}

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
