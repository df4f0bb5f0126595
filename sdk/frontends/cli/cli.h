/* The command line: commands, their options, and what they share. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "frontends/cli/options.h"
#include "frontends/cli/terminal_log.h"
#include "frontends/frontend.h"

/* What each command is run with. */
struct cli {
    const struct tl_connector *connector;
    const struct cli_command *commands; /* those of the front end and the connector's own */
    const struct cli_command *command;  /* NULL: none was named */
    struct cli_options options;
    struct terminal_log log;
};

struct cli_command {
    const char *name;
    const char *alias;        /* another name, which means debug logs; or NULL */
    const char *arguments;    /* besides options, for the usage line; or NULL */
    const char *const *verbs; /* what the first argument must be, NULL-terminated; or NULL */
    size_t max_arguments;
    const char *summary;                     /* one sentence for the list of commands */
    const char *details;                     /* further sentences, or NULL */
    const struct cli_option *const *options; /* tables, NULL-terminated; own ones first */
    const char *const *examples;             /* without the program's name; NULL-terminated */
    enum tl_status (*run)(struct cli *cli, struct tl_error *err);
    const struct tl_command *own;   /* the connector's; NULL: the front end's */
    struct own_options *own_tables; /* memory of `options` */
};

/* The options that every command takes which may read a configuration. */
extern const struct cli_option cli_common_options[];

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
