/* The command `init`: a configuration made by asking, or one to be filled in. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"
#include "config/config.h"
#include "frontends/cli/discover.h"
#include "frontends/cli/job.h"
#include "frontends/cli/prompt.h"
#include "frontends/cli/template.h"
#include "frontends/output.h"
#include "frontends/probe.h"
#include "frontends/rehearsal.h"
#include "frontends/signals.h"
#include "towline/log.h"

enum { ANSWERS_MAX = 32, ANSWER_BYTES = 4096 };

/* What was asked, and what the answer is; a secret one is wiped at the end. */
struct answer {
    const struct tl_option *option;
    bool of_stream;
    char text[ANSWER_BYTES];
};

struct init {
    const struct cli *cli;
    int stop_fd;
    struct answer answers[ANSWERS_MAX];
    size_t n_answers;
    char approve[128];
};

/* The configuration as JSON. */

static void append_members(struct buf *out, const struct init *init, bool of_stream,
                           const char *indent)
{
    const char *separator = "";

    for (size_t i = 0; i < init->n_answers; i++) {
        const struct answer *answer = &init->answers[i];
        const char *fallback = answer->option->fallback;
        if (answer->of_stream != of_stream || answer->text[0] == '\0' ||
            (fallback != NULL && strcmp(answer->text, fallback) == 0))
            continue;
        buf_printf(out, "%s%s", separator, indent);
        text_append_json(out, answer->option->name, strlen(answer->option->name));
        buf_append_string(out, ": ");
        text_append_json(out, answer->text, strlen(answer->text));
        separator = ",\n";
    }
}

static void append_configuration(struct buf *out, const struct init *init, bool with_stream)
{
    buf_append_string(out, "{\n");
    append_members(out, init, false, "  ");
    if (with_stream) {
        buf_append_string(out, ",\n  \"streams\": [\n    {\n");
        append_members(out, init, true, "      ");
        buf_append_string(out, "\n    }\n  ]");
    }
    buf_append_string(out, "\n}\n");
}

static enum tl_status parse_answers(const struct init *init, bool with_stream,
                                    struct tl_config **out, struct tl_error *err)
{
    const struct tl_option *const tables[] = {init->cli->connector->options,
                                              config_runtime_options, NULL};
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status;

    append_configuration(&text, init, with_stream);
    status = config_parse_part(buf_text(&text), text.size, tables, NULL, out, err);
    buf_wipe(&text);
    return status;
}

/* Asking. */

static void tell(const struct tl_error *err)
{
    char text[ERROR_TEXT_SIZE];

    tl_log(TL_LOG_WARNING, "%s", error_text(err, text));
}

static struct answer *answer_to(struct init *init, const struct tl_option *option,
                                bool of_stream)
{
    struct answer *answer = init->answers;

    for (size_t i = 0; i < init->n_answers; i++, answer++)
        if (answer->option == option)
            return answer;
    if (init->n_answers == ANSWERS_MAX)
        return NULL;
    init->n_answers++;
    *answer = (struct answer){.option = option, .of_stream = of_stream};
    if (option->fallback != NULL)
        (void)snprintf(answer->text, sizeof(answer->text), "%s", option->fallback);
    return answer;
}

/* Whether the answers about the connection can be what they are to be; says why not. */
static bool can_be(const struct init *init)
{
    struct tl_config *config = NULL;
    struct tl_error unfit = {0};
    enum tl_status status = parse_answers(init, false, &config, &unfit);

    if (status != TL_OK)
        tell(&unfit);
    config_free(config);
    return status == TL_OK;
}

/* Asks until the answer is one; what was answered before is the fallback. */
static enum tl_status ask(struct init *init, const struct tl_option *option, bool of_stream,
                          struct tl_error *err)
{
    const struct cli_options *options = &init->cli->options;
    struct answer *answer = answer_to(init, option, of_stream);
    bool secret = (option->flags & TL_OPTION_SECRET) != 0, unfit = false;
    char question[256], before[ANSWER_BYTES];
    enum tl_status status;

    if (answer == NULL)
        return tl_fail(err, TL_INTERNAL, "there are too many questions");
    (void)snprintf(question, sizeof(question), "%s:", option->ask);
    (void)strcpy(before, answer->text);
    do {
        status = secret ? prompt_secret(options, question, init->stop_fd, answer->text,
                                        sizeof(answer->text), err)
                        : prompt_text(options, question, before, init->stop_fd, answer->text,
                                      sizeof(answer->text), err);
        unfit = status == TL_OK && !can_be(init);
    } while (unfit || (status == TL_OK && answer->text[0] == '\0' &&
                       (option->flags & TL_OPTION_REQUIRED) != 0));
    text_wipe(before, sizeof(before));
    return status;
}

/* Asks what the rows from *row to the next that is to be tried ask; *row is then behind that,
 * at the end of the table where nothing more is asked. */
static enum tl_status ask_some(struct init *init, const struct tl_option **row, bool of_stream,
                               struct tl_error *err)
{
    enum tl_status status = TL_OK;
    bool tried = false;

    for (; status == TL_OK && !tried && (*row)->name != NULL; ++*row) {
        if ((*row)->ask == NULL)
            continue;
        status = ask(init, *row, of_stream, err);
        tried = ((*row)->flags & TL_OPTION_TRY) != 0;
    }
    return status;
}

static bool asks_more(const struct tl_option *row)
{
    while (row->name != NULL && row->ask == NULL)
        row++;
    return row->name != NULL;
}

/* Trying the connection. */

struct attempt {
    struct tl_probe probe;
    bool reached; /* the host answered to its name at least */
};

static void step_ended(struct tl_probe *probe, const struct probe_step *step)
{
    struct attempt *attempt = (struct attempt *)probe;

    attempt->reached = attempt->reached || step->result == PROBE_PASSED;
    if (step->result == PROBE_PASSED)
        tl_log(TL_LOG_INFO, "%s: %" PRId64 " ms%s%s", step->name, step->duration_ms,
               step->detail != NULL ? ", " : "", step->detail != NULL ? step->detail : "");
}

static enum tl_status try_connection(const struct init *init, bool *reached,
                                     struct tl_error *err)
{
    const struct tl_connector *connector = init->cli->connector;
    struct attempt attempt = {.probe = {.ended = step_ended}};
    struct tl_instance *instance = NULL;
    struct tl_config *config = NULL;
    struct tl_open open = {.stop_fd = init->stop_fd,
                           .approve = init->approve[0] != '\0' ? init->approve : NULL,
                           .connection_only = true};
    enum tl_status status = parse_answers(init, false, &config, err);

    open.config = config;
    if (status == TL_OK)
        status = connector->open(&open, &instance, err);
    if (status == TL_OK && connector->check != NULL)
        status = connector->check(instance, &attempt.probe, err);
    if (connector->close != NULL)
        connector->close(instance);
    config_free(config);
    *reached = attempt.reached;
    return status;
}

/* What later answers may mend. */
static bool is_about_login(enum tl_status status)
{
    return status == TL_AUTHENTICATION || status == TL_KEY || status == TL_CONFIGURATION;
}

static enum tl_status approve(struct init *init, struct tl_error *err)
{
    return prompt_text(&init->cli->options,
                       "The fingerprint, once you know from the server's administrator that it "
                       "is right (empty: ask for the host again):",
                       "", init->stop_fd, init->approve, sizeof(init->approve), err);
}

/* A host key that is not known, or an answer to that which is no fingerprint. */
static bool is_about_host_key(enum tl_status status)
{
    return status == TL_HOST_KEY || status == TL_USAGE;
}

/* *good: the answers so far hold. */
static enum tl_status try_answers(struct init *init, bool more, bool *good,
                                  struct tl_error *err)
{
    struct tl_error failure = {0};
    bool reached = false;
    enum tl_status status = try_connection(init, &reached, &failure);

    while (is_about_host_key(status)) {
        tell(&failure);
        if (approve(init, err) != TL_OK)
            return err->status;
        if (init->approve[0] == '\0')
            break;
        status = try_connection(init, &reached, &failure);
    }
    init->approve[0] = '\0'; /* it is recorded now, or was wrong */
    if (status == TL_INTERRUPTED) {
        *err = failure;
        return status;
    }
    *good = status == TL_OK || (more && reached && is_about_login(status));
    if (!*good && !is_about_host_key(status))
        tell(&failure);
    return TL_OK;
}

static enum tl_status ask_connection(struct init *init, struct tl_error *err)
{
    const struct tl_option *row = init->cli->connector->options;
    enum tl_status status = TL_OK;

    while (status == TL_OK && asks_more(row)) {
        const struct tl_option *begin = row;
        bool good = false;
        status = ask_some(init, &row, false, err);
        if (status == TL_OK)
            status = try_answers(init, asks_more(row), &good, err);
        if (status == TL_OK && !good)
            row = begin;
    }
    return status;
}

/* Trying the stream. */

static enum tl_status try_stream(const struct init *init, struct run_report *report,
                                 struct tl_error *err)
{
    struct tl_config *config = NULL;
    struct run_options options = {
        .connector = init->cli->connector, .stop_fd = init->stop_fd, .stopped = signals_status};
    enum tl_status status = parse_answers(init, true, &config, err);

    options.config = config;
    if (status == TL_OK)
        status = rehearsal_run(&options, report, err);
    config_free(config);
    return status;
}

/* Shows what came, and makes the column that looks like a key the answer to the next question.
 */
static void show_tables(struct init *init, const struct run_report *report,
                        const struct tl_option *key)
{
    struct buf out = BUF_INIT(OUTPUT_MAX_BYTES);
    struct answer *answer = key->name != NULL ? answer_to(init, key, true) : NULL;

    for (size_t i = 0; i < report->n_streams; i++) {
        const struct stream_report *stream = &report->streams[i];
        const struct catalog_table *table = catalog_find(&report->catalog, stream->table);
        const struct catalog_column *suggested = table ? discover_suggest_key(table) : NULL;
        if (table == NULL)
            continue;
        discover_append_table(&out, table, stream->rows_read);
        if (suggested != NULL && answer != NULL && answer->text[0] == '\0')
            (void)snprintf(answer->text, sizeof(answer->text), "%s", suggested->name);
    }
    (void)output_write(STDERR_FILENO, buf_text(&out), out.size);
    buf_free(&out);
}

static const struct tl_option *next_asked(const struct tl_option *row)
{
    while (row->name != NULL && row->ask == NULL)
        row++;
    return row;
}

static enum tl_status ask_stream(struct init *init, const struct tl_option *fields,
                                 struct tl_error *err)
{
    const struct tl_option *row = fields;
    enum tl_status status = TL_OK;

    while (status == TL_OK && asks_more(row)) {
        const struct tl_option *begin = row;
        struct run_report report = {0};
        struct tl_error failure = {0};
        status = ask_some(init, &row, true, err);
        if (status == TL_OK && try_stream(init, &report, &failure) == TL_OK) {
            show_tables(init, &report, next_asked(row));
        } else if (status == TL_OK && failure.status == TL_INTERRUPTED) {
            *err = failure;
            status = err->status;
        } else if (status == TL_OK) {
            tell(&failure);
            row = begin;
        }
        run_report_reset(&report);
    }
    return status;
}

static enum tl_status ask_all(struct init *init, struct tl_error *err)
{
    enum tl_status status = signals_open(&init->stop_fd, err);

    if (status == TL_OK)
        status = ask_connection(init, err);
    for (const struct tl_option *row = init->cli->connector->options; row->name != NULL; row++)
        if (status == TL_OK && row->kind == TL_OPTION_OBJECTS && asks_more(row->fields) &&
            strcmp(row->name, "streams") == 0)
            status = ask_stream(init, row->fields, err);
    return status;
}

/* The file. */

static enum tl_status fail_write(const char *path, int error, struct tl_error *err)
{
    if (error == EEXIST) {
        (void)tl_fail(err, TL_USAGE, "%s exists already and is not overwritten", path);
        return tl_remedy(err, "Name another with -c FILE");
    }
    (void)tl_fail(err, TL_USAGE, "cannot write %s: %s", path, strerror(error));
    return tl_remedy(err, "Name a file that can be written with -c FILE");
}

/* It may come to hold secrets, so it is its owner's alone. */
static enum tl_status write_file(const char *path, const struct buf *text, struct tl_error *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), error = 0;

    if (fd < 0)
        return fail_write(path, errno, err);
    if (!output_write(fd, buf_text(text), text->size) || fsync(fd) != 0)
        error = errno;
    (void)close(fd);
    if (error == 0)
        return TL_OK;
    (void)unlink(path);
    return fail_write(path, error, err);
}

static enum tl_status make(struct init *init, struct buf *text, struct tl_error *err)
{
    if (!prompt_has_terminal(&init->cli->options)) {
        template_append(text, init->cli->connector);
        return buf_check(text, "the configuration", err);
    }
    if (ask_all(init, err) != TL_OK)
        return err->status;
    append_configuration(text, init, true);
    return buf_check(text, "the configuration", err);
}

enum tl_status cli_run_init(struct cli *cli, struct tl_error *err)
{
    const char *path = cli->options.configuration;
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    struct init *init = calloc(1, sizeof(*init));
    enum tl_status status;

    if (init == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the answers");
    init->cli = cli;
    init->stop_fd = -1;
    status = access(path, F_OK) == 0 ? fail_write(path, EEXIST, err) : make(init, &text, err);
    if (status == TL_INTERRUPTED && signals_status() != TL_OK)
        status = err->status = signals_status();
    if (status == TL_OK)
        status = write_file(path, &text, err);
    if (status == TL_OK)
        tl_log(TL_LOG_INFO,
               init->n_answers > 0 ? "%s written: see what `%s sync --dry-run` says"
                                   : "%s written: fill it in, then run `%s check`",
               path, cli->connector->name);
    text_wipe(init, sizeof(*init));
    free(init);
    buf_wipe(&text);
    return status;
}
