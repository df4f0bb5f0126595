/* Commands of a connector's own, beside those that every program on the SDK has. */
#ifndef TOWLINE_COMMAND_H
#define TOWLINE_COMMAND_H

#include "towline/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a command is run with. Everything is borrowed until run returns. */
struct tl_call {
    const char *const *words; /* the arguments that are no options, NULL-terminated */
    size_t n_words;
    const struct tl_config *options; /* by the command's own table */
    const struct tl_config *config;  /* by the connector's table; NULL: there is none */
    int stop_fd;                     /* readable: stop, with TL_INTERRUPTED */
    bool yes;                        /* --yes: answer questions with yes */
    bool non_interactive;            /* --non-interactive: ask nothing, take the defaults */
};

/* What a command wants of the configuration. Of a command's configuration no option counts as
 * required: the command says itself what it cannot do without. */
enum tl_command_config {
    TL_COMMAND_CONFIG_NONE,     /* reads none, not even one that was named */
    TL_COMMAND_CONFIG_OPTIONAL, /* takes it where there is one */
    TL_COMMAND_CONFIG_REQUIRED
};

/* A table of these ends with a row whose name is NULL. */
struct tl_command {
    const char *name;
    const char *arguments; /* besides options, for the usage line; or NULL */
    size_t max_words;
    const char *summary; /* one sentence without a full stop, for the list of commands */
    const char *details; /* further sentences, or NULL */
    const char *const *examples; /* without the program's name; NULL-terminated, or NULL */

    /* Given as --name VALUE or --name=VALUE, a BOOLEAN as --name; a LIST gets one element each
     * time it is given, without regard to commas. NULL: none. */
    const struct tl_option *options;
    enum tl_command_config configuration;

    /* Options of the configuration that the command has no use for, NULL-terminated: they are
     * not read, so that what they name elsewhere need not be there. NULL: none. */
    const char *const *unread;

    /* Runs to the end; its status decides the exit code. May block, as long as it heeds
     * stop_fd. */
    enum tl_status (*run)(const struct tl_call *call, struct tl_error *err);
};

/* Asks on the terminal for a secret, which does not show while it is typed. TL_USAGE if there
 * is no terminal, or --non-interactive; TL_INTERRUPTED. */
TL_NODISCARD enum tl_status tl_ask_secret(const struct tl_call *call, const char *question,
                                          char *out, size_t out_size, struct tl_error *err);

/* Prints a result to standard output; text from elsewhere must have been made safe to show.
 * Secrets of the configuration are masked. TL_DESTINATION if it cannot be written. */
TL_NODISCARD enum tl_status tl_print(struct tl_error *err, const char *format, ...)
    TL_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
#endif
