/* The command line: commands, their options, and what they share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "frontends/arguments.h"
#include "frontends/cli/terminal_log.h"
#include "frontends/frontend.h"

/* What was given of the options in the tables of cli_commands; everything else is NULL, 0 or
 * false, but for defaults. Borrowed from the arguments. */
struct cli_options {
    const char *configuration;
    const char *destination;
    const char *const *streams; /* NULL-terminated, or NULL */
    const char *log_format;
    const char *log_level;
    const char *progress;
    bool yes;
    bool non_interactive;
    bool help;

    bool dry_run;
    bool full_refresh;
    const char *state;
    const char *summary;
    const char *output;
    size_t concurrency;

    const char *approve;
    bool json;
};

/* What each command is run with. */
struct cli {
    const struct tl_connector *connector;
    const struct cli_command *commands; /* those of the front end and the connector's own */
    const struct cli_command *command;  /* NULL: none was named */
    struct arguments arguments;
    struct cli_options options;
    struct terminal_log log;
};

struct cli_command {
    const char *name;
    const char *alias;        /* another name, which means debug logs; or NULL */
    const char *arguments;    /* besides options, for the usage line; or NULL */
    const char *const *verbs; /* what the first argument must be, NULL-terminated; or NULL */
    size_t max_arguments;
    const char *summary;                    /* one sentence for the list of commands */
    const char *details;                    /* further sentences, or NULL */
    const struct tl_option *const *options; /* tables, NULL-terminated; its own first */
    const char *const *examples;            /* without the program's name; NULL-terminated */
    enum tl_status (*run)(struct cli *cli, struct tl_error *err);
    const struct tl_command *own;          /* the connector's; NULL: the front end's */
    const struct tl_option *own_tables[3]; /* what `options` are then */
};

/* The options that every command takes which may read a configuration. */
extern const struct tl_option cli_common_options[];

/* Reads words that follow a command's name: cli->arguments and cli->options. TL_USAGE as of
 * arguments_parse; both are then what was read so far. */
TL_NODISCARD enum tl_status cli_read_options(struct cli *cli, const char *word, char **argv,
                                             struct tl_error *err);

/* Those of the front end, ended by a row whose name is NULL. */
extern const struct cli_command cli_commands[];

/* Finds by name or alias in such a table; NULL if there is none. */
const struct cli_command *cli_find_command(const struct cli_command *commands,
                                           const char *name);

/* TL_USAGE, naming the command nearest to the word. */
TL_NODISCARD enum tl_status cli_fail_unknown_command(const struct cli *cli, const char *word,
                                                     struct tl_error *err);

/* Finds which of the command's verbs the word (NULL: none was given) is. TL_USAGE, naming the
 * nearest, if it is none of them. */
TL_NODISCARD enum tl_status cli_check_verb(const struct cli *cli,
                                           const struct cli_command *command, const char *word,
                                           size_t *index, struct tl_error *err);

extern const struct frontend cli_frontend;

/* The commands. */
enum tl_status cli_run_init(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_sync(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_check(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_discover(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_state(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_explain(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_report(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_reset(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_version(struct cli *cli, struct tl_error *err);
enum tl_status cli_run_help(struct cli *cli, struct tl_error *err);

#endif
