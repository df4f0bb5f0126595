/* The connector's own commands, made into commands of the front end. */
#include "frontends/cli/own.h"

#include <stdlib.h>

#include "base/log.h"
#include "frontends/cli/job.h"
#include "frontends/cli/prompt.h"
#include "frontends/output.h"
#include "frontends/signals.h"
#include "frontends/usage.h"

/* Memory of a command's options: its own, those of all, and the list of these. */
struct own_options {
    const struct cli_option *tables[3];
    struct cli_option rows[];
};

static size_t count_options(const struct tl_option *table)
{
    size_t count = 0;

    while (table != NULL && table[count].name != NULL)
        count++;
    return count;
}

static struct own_options *options_new(const struct tl_option *table)
{
    size_t count = count_options(table);
    struct own_options *options =
        calloc(1, sizeof(*options) + (count + 1) * sizeof(options->rows[0]));

    if (options == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++)
        options->rows[i] = (struct cli_option){
            .name = table[i].name,
            .letter = table[i].letter,
            .kind = table[i].kind == TL_OPTION_BOOLEAN ? CLI_WORD_FLAG : CLI_WORD,
            .value = usage_value(&table[i]),
            .help = table[i].help,
        };
    options->tables[0] = count > 0 ? options->rows : cli_common_options;
    options->tables[1] = count > 0 ? cli_common_options : NULL;
    return options;
}

static enum tl_status read_configuration(struct cli *cli, struct job *job, struct tl_error *err)
{
    enum tl_command_config wanted = cli->command->own->configuration;

    if (wanted == TL_COMMAND_CONFIG_NONE)
        return TL_OK;
    return job_init_part(job, cli, wanted == TL_COMMAND_CONFIG_REQUIRED, err);
}

/* That it was told to end is how a command ends which runs until then. */
static enum tl_status stopped(struct tl_error *err)
{
    tl_log(TL_LOG_INFO, "%s", err->message);
    *err = (struct tl_error){0};
    return signals_status();
}

static enum tl_status run_with(const struct cli *cli, struct tl_call *call,
                               struct tl_error *err)
{
    enum tl_status status = signals_open(&call->stop_fd, err);

    if (status == TL_OK)
        status = cli->command->own->run(call, err);
    if (status == TL_INTERRUPTED && signals_status() != TL_OK)
        return stopped(err);
    return status;
}

static enum tl_status run(struct cli *cli, struct tl_error *err)
{
    static const struct tl_option no_options[] = {{.name = NULL}};
    const struct tl_command *own = cli->command->own;
    struct tl_config *options = NULL;
    struct job job = {0};
    enum tl_status status =
        config_from_words(own->options != NULL ? own->options : no_options, cli->options.words,
                          cli->options.n_words, &options, err);

    if (status != TL_OK)
        return tl_remedy(err, "See `%s %s --help`", cli->connector->name, own->name);
    status = read_configuration(cli, &job, err);
    if (status == TL_OK) {
        struct tl_call call = {
            .words = cli->options.arguments,
            .n_words = cli->options.n_arguments,
            .options = options,
            .config = job.config,
            .yes = cli->options.yes,
            .non_interactive = cli->options.non_interactive,
        };
        status = run_with(cli, &call, err);
    }
    job_reset(&job);
    config_free(options);
    return status;
}

static bool add(struct cli_command *row, const struct tl_command *own)
{
    struct own_options *options = options_new(own->options);

    if (options == NULL)
        return false;
    *row = (struct cli_command){
        .name = own->name,
        .arguments = own->arguments,
        .max_arguments = own->max_words,
        .summary = own->summary,
        .details = own->details,
        .options = options->tables,
        .examples = own->examples,
        .run = run,
        .own = own,
        .own_tables = options,
    };
    return true;
}

static size_t count_commands(const struct tl_connector *connector)
{
    const struct tl_command *own = connector->commands;
    size_t count = 0;

    while (cli_commands[count].name != NULL)
        count++;
    for (; own != NULL && own->name != NULL; own++)
        count++;
    return count;
}

static bool is_about_program(const struct cli_command *command)
{
    return command->run == cli_run_version || command->run == cli_run_help;
}

enum tl_status own_commands_new(const struct tl_connector *connector, struct cli_command **out,
                                struct tl_error *err)
{
    const struct cli_command *shared = cli_commands;
    const struct tl_command *own = connector->commands;
    struct cli_command *rows = calloc(count_commands(connector) + 1, sizeof(*rows));
    struct cli_command *row = rows;

    while (rows != NULL && shared->name != NULL && !is_about_program(shared))
        *row++ = *shared++;
    for (; rows != NULL && own != NULL && own->name != NULL; own++, row++)
        if (!add(row, own)) {
            own_commands_free(rows);
            rows = NULL;
        }
    while (rows != NULL && shared->name != NULL)
        *row++ = *shared++;
    *out = rows;
    return rows ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the commands");
}

void own_commands_free(struct cli_command *commands)
{
    for (struct cli_command *row = commands; row != NULL && row->name != NULL; row++)
        free(row->own_tables);
    free(commands);
}

enum tl_status tl_ask_secret(const struct tl_call *call, const char *question, char *out,
                             size_t out_size, struct tl_error *err)
{
    const struct cli_options options = {.non_interactive = call->non_interactive};
    return prompt_secret(&options, question, call->stop_fd, out, out_size, err);
}

enum tl_status tl_print(struct tl_error *err, const char *format, ...)
{
    struct buf text = BUF_INIT(OUTPUT_MAX_BYTES), masked = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status;
    va_list arguments;

    va_start(arguments, format);
    buf_vprintf(&text, format, arguments);
    va_end(arguments);
    log_append_masked(&masked, buf_text(&text), text.size);
    masked.failed = masked.failed || text.failed;
    status = output_print(&masked, err);
    buf_free(&masked);
    buf_wipe(&text);
    return status;
}
