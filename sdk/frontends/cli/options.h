/* Options of the command line: table-driven, never abbreviated. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "config/config.h"

/* What was given; everything else is NULL or false. Texts are borrowed from argv. */
struct cli_options {
    const char *configuration;
    const char *destination;
    const char **streams; /* NULL-terminated, or NULL */
    size_t n_streams;
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

    struct config_word *words; /* for options of the connector's own */
    size_t n_words;

    const char **arguments; /* those that are no options */
    size_t n_arguments;
};

enum { CLI_NUMBER_MAX = 1000 };

enum cli_option_kind {
    CLI_FLAG,
    CLI_TEXT,
    CLI_CHOICE, /* one of those in `value` */
    CLI_NUMBER, /* from 1 to CLI_NUMBER_MAX, a size_t; 0: not given */
    CLI_TEXTS,  /* may be repeated; kept in `streams` */
    CLI_WORD,   /* of the connector's own; kept in `words` */
    CLI_WORD_FLAG
};

/* A table of these ends with a row whose name is NULL. */
struct cli_option {
    const char *name;  /* without its dashes */
    const char *alias; /* another name, or NULL */
    char letter;       /* or 0 */
    enum cli_option_kind kind;
    const char *value; /* what stands for it in help: "FILE", "text|json" */
    const char *help;
    size_t offset; /* of its field in struct cli_options */
};

/* Reads the words that follow a command's name. `tables` is NULL-terminated, `command` is for
 * messages. TL_USAGE naming the word and what would be right; *out is then what was read so
 * far. The caller resets it in any case. */
TL_NODISCARD enum tl_status options_parse(const char *command,
                                          const struct cli_option *const *tables, int argc,
                                          char **argv, struct cli_options *out,
                                          struct tl_error *err);

void options_reset(struct cli_options *options);

#endif
