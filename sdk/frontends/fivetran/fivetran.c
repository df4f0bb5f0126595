/* The front end for Fivetran: command line, log, methods. */
#include "frontends/fivetran/fivetran.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "frontends/arguments.h"
#include "frontends/fivetran/fields.h"
#include "frontends/fivetran/grpc/server.h"
#include "frontends/output.h"
#include "frontends/signals.h"
#include "frontends/usage.h"

enum { LINE_MAX_BYTES = 512 * 1024 };

static const struct tl_option server_options[] = {
    {
        .name = "port",
        .kind = TL_OPTION_INTEGER,
        .fallback = "50051",
        .help = "the port to listen on; 0 for any that is free",
        .max = 65535,
    },
    {
        .name = "checkpoint-interval",
        .kind = TL_OPTION_SECONDS,
        .fallback = "60",
        .help = "how much time lies between two checkpoints at least; one is sent after ten "
                "times this in any case; 0: at every commit",
        .max = 360,
    },
    {
        .name = "drain",
        .kind = TL_OPTION_SECONDS,
        .fallback = "10",
        .help = "how long calls that run may go on after SIGTERM, before they are stopped",
        .max = 86400,
    },
    {
        .name = "help",
        .kind = TL_OPTION_BOOLEAN,
        .fallback = "false",
        .help = "show this help",
        .letter = 'h',
    },
    {.name = NULL},
};

/* The log, as the platform reads it on standard output. */

/* The sink may not block: a platform that reads no log still wants its rows. */
struct platform_log {
    struct log_sink sink;
    unsigned n_lost; /* lines since the last that was written */
};

static void append_line(struct buf *out, enum tl_log_level level, const char *message,
                        size_t size)
{
    static const char *const levels[] = {"INFO", "INFO", "WARNING", "SEVERE"};

    buf_printf(out, "{\"level\":\"%s\",\"message\":", levels[level]);
    text_append_json(out, message, size);
    buf_append_string(out, ",\"message-origin\":\"sdk_connector\"}\n");
}

/* A pipe that is writable takes PIPE_BUF bytes at once and unmixed with others'. */
static bool write_line(enum tl_log_level level, const char *message)
{
    struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
    struct buf line = BUF_INIT(LINE_MAX_BYTES);
    bool written;

    for (size_t size = strlen(message);; size = text_valid_utf8(message, size / 2)) {
        buf_reset(&line);
        append_line(&line, level, message, size);
        if (line.size <= PIPE_BUF || size == 0)
            break;
    }
    written = poll(&out, 1, 0) > 0 && write(STDOUT_FILENO, line.data, line.size) > 0;
    buf_free(&line);
    return written;
}

static void log_line(struct log_sink *sink, enum tl_log_level level, int64_t utc_us,
                     const char *message)
{
    struct platform_log *log = (struct platform_log *)sink;
    char lost[64];

    (void)utc_us;
    (void)snprintf(lost, sizeof(lost), "%u lines of the log were not read and are lost",
                   log->n_lost);
    if (log->n_lost > 0 && write_line(TL_LOG_WARNING, lost))
        log->n_lost = 0;
    if (log->n_lost > 0 || !write_line(level, message))
        log->n_lost++;
}

/* Methods. */

void fivetran_answer(struct grpc_call *call, struct buf *frame)
{
    struct tl_error err = {0};

    if (!frame_end(frame)) {
        buf_free(frame);
        grpc_call_end(call, GRPC_RESOURCE_EXHAUSTED, "the answer is larger than 128 MiB");
    } else if (grpc_call_send(call, frame, &err) == TL_OK) {
        grpc_call_end(call, GRPC_OK, NULL);
    } else {
        order_fail(call, &err);
    }
}

static void answer_form(struct grpc_service *service, struct grpc_call *call)
{
    struct buf frame = BUF_INIT(FRAME_MAX_BYTES);

    frame_begin(&frame);
    fields_append(((struct fivetran *)service)->connector, &frame);
    fivetran_answer(call, &frame);
}

#define SERVICE "/fivetran_sdk.v2.SourceConnector/"

static const struct grpc_method methods[] = {
    {SERVICE "ConfigurationForm", answer_form},
    {SERVICE "Test", fivetran_test},
    {SERVICE "Schema", fivetran_schema},
    {SERVICE "Update", fivetran_update},
    {.path = NULL},
};

/* The program. */

static enum tl_status serve(const struct tl_connector *connector,
                            const struct tl_config *options, struct tl_error *err)
{
    struct fivetran fivetran = {.base = {.methods = methods},
                                .connector = connector,
                                .checkpoint_ms = tl_config_ms(options, "checkpoint-interval")};
    struct grpc_server_options server_setup = {
        .service = &fivetran.base,
        .port = (uint16_t)tl_config_integer(options, "port"),
        .drain_ms = (int)tl_config_ms(options, "drain"),
    };
    struct grpc_server *server = NULL;
    uint16_t port;
    enum tl_status status;

    if (signals_open(&server_setup.stop_fd, err) != TL_OK ||
        grpc_server_open(&server_setup, &server, &port, err) != TL_OK)
        return err->status;
    memory_init(&fivetran.memory);
    tl_log(TL_LOG_INFO, "%s %s: listening on port %u", connector->name, connector->version,
           port);
    status = grpc_server_run(server, err);
    if (status == TL_INTERRUPTED)
        status = err->status = signals_status();
    tl_log(TL_LOG_INFO, "stopped");
    grpc_server_close(server);
    memory_reset(&fivetran.memory);
    return status;
}

static enum tl_status print_help(const struct tl_connector *connector, struct tl_error *err)
{
    struct buf out = BUF_INIT(OUTPUT_MAX_BYTES);
    enum tl_status status;

    buf_printf(&out,
               "Usage: %s fivetran [options]\n\n"
               "Serves Fivetran's source connector protocol (gRPC, fivetran_sdk.v2) until it\n"
               "is told to stop; `%s --port N` is the same. Logs go to standard output.\n",
               connector->name, connector->name);
    buf_append_string(&out, "\nOptions:\n");
    usage_append_options(&out, server_options);
    status = output_print(&out, err);
    buf_free(&out);
    return status;
}

static enum tl_status run_words(char **words, const struct tl_connector *connector,
                                struct arguments *arguments, struct tl_error *err)
{
    const struct tl_option *const tables[] = {server_options, NULL};

    if (arguments_parse(arguments, tables, NULL, words, err) != TL_OK ||
        arguments_check_words(arguments, 0, err) != TL_OK)
        return tl_remedy(err, "See `%s fivetran --help`", connector->name);
    if (tl_config_boolean(arguments->options, "help"))
        return print_help(connector, err);
    return serve(connector, arguments->options, err);
}

static int run(int argc, char **argv, const struct tl_connector *connector)
{
    struct platform_log log = {.sink = {.line = log_line, .level = TL_LOG_INFO}};
    struct arguments arguments = {0};
    struct tl_error err = {0};
    char **words = argv + 1, text[ERROR_TEXT_SIZE];
    enum tl_status status;

    (void)argc;
    if (*words != NULL && strcmp(*words, fivetran_frontend.name) == 0)
        words++;
    log_set_sink(&log.sink);
    status = run_words(words, connector, &arguments, &err);
    log_set_sink(NULL);
    if (status != TL_OK)
        fprintf(stderr, "%s: %s\n", connector->name, error_text(&err, text));
    arguments_reset(&arguments);
    return tl_status_exit_code(status);
}

/* The platform starts the program as `PROGRAM --port N`. */
static bool claims(int argc, char **argv)
{
    return argc > 1 && (strcmp(argv[1], "--port") == 0 || strncmp(argv[1], "--port=", 7) == 0);
}

const struct frontend fivetran_frontend = {
    .name = "fivetran",
    .summary = "Fivetran's source connector protocol, as a gRPC server",
    .claims = claims,
    .run = run,
};
