/* The connector's own commands, made into commands of the front end. */
#include "frontends/cli/own.h"

#include <stdlib.h>

#include "base/log.h"
#include "frontends/cli/job.h"
#include "frontends/cli/prompt.h"
#include "frontends/output.h"
#include "frontends/signals.h"

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
    struct job job = {0};
    enum tl_status status = read_configuration(cli, &job, err);

    if (status == TL_OK) {
        struct tl_call call = {
            .words = cli->arguments.words,
            .n_words = cli->arguments.n_words,
            .options = cli->arguments.options,
            .config = job.config,
            .yes = cli->options.yes,
            .non_interactive = cli->options.non_interactive,
        };
        status = run_with(cli, &call, err);
    }
    job_reset(&job);
    return status;
}

static void add(struct cli_command *row, const struct tl_command *own)
{
    *row = (struct cli_command){
        .name = own->name,
        .arguments = own->arguments,
        .max_arguments = own->max_words,
        .summary = own->summary,
        .details = own->details,
        .own_tables = {cli_common_options},
        .options = row->own_tables,
        .examples = own->examples,
        .run = run,
        .own = own,
    };
    if (own->options != NULL) {
        row->own_tables[0] = own->options;
        row->own_tables[1] = cli_common_options;
    }
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
    for (; rows != NULL && own != NULL && own->name != NULL; own++)
        add(row++, own);
    while (rows != NULL && shared->name != NULL)
        *row++ = *shared++;
    *out = rows;
    return rows ? TL_OK : tl_fail(err, TL_MEMORY, "out of memory for the commands");
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
