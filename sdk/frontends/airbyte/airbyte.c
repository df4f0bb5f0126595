/* Airbyte's protocol: messages on standard output, one JSON object a line. */
#include "frontends/airbyte/airbyte.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "config/config.h"
#include "frontends/airbyte/catalog.h"
#include "frontends/airbyte/messages.h"
#include "frontends/airbyte/read.h"
#include "frontends/arguments.h"
#include "frontends/checks.h"
#include "frontends/platform/form.h"
#include "frontends/platform/heartbeat.h"
#include "frontends/usage.h"

/* The platform kills a source that is silent for maxSecondsBetweenMessages of its metadata. */
enum { HEARTBEAT_MS = 60000, CHECK_ROWS = 1000, DISCOVER_ROWS = 1000000 };

static const char prefix[] = "source-";

static const struct tl_option arguments_table[] = {
    {.name = "config",
     .kind = TL_OPTION_TEXT,
     .value = "FILE",
     .help = "the configuration, by the spec"},
    {.name = "catalog",
     .kind = TL_OPTION_TEXT,
     .value = "FILE",
     .help = "the configured catalog"},
    {.name = "state",
     .kind = TL_OPTION_TEXT,
     .value = "FILE",
     .help = "the states of an earlier read"},
    {.name = "debug", .kind = TL_OPTION_BOOLEAN, .fallback = "false", .help = "log more"},
    {.name = "help",
     .kind = TL_OPTION_BOOLEAN,
     .fallback = "false",
     .letter = 'h',
     .help = "show this help"},
    {.name = NULL},
};

struct airbyte {
    struct platform platform;
    struct airbyte_log log;
    struct arguments arguments;
    bool told; /* the error that ends the program was told already */
};

static enum tl_status run_spec(struct airbyte *self, struct tl_error *err)
{
    const struct tl_option *const tables[] = {self->platform.connector->options,
                                              platform_runtime_options(), NULL};
    struct buf *out = emitter_begin(&self->platform.emitter);

    buf_append_string(out, "{\"type\":\"SPEC\",\"spec\":{\"protocol_version\":\"0.5.2\","
                           "\"supportsIncremental\":true,\"connectionSpecification\":{"
                           "\"$schema\":\"http://json-schema.org/draft-07/schema#\","
                           "\"title\":");
    text_append_json(out, self->platform.name, strlen(self->platform.name));
    buf_append_char(out, ',');
    form_append(out, tables, FORM_AIRBYTE);
    buf_append_string(out, "}}}\n");
    return emitter_end(&self->platform.emitter, true, err);
}

static enum tl_status configure(struct airbyte *self, struct tl_error *err)
{
    const char *const paths[] = {tl_config_text(self->arguments.options, "config"), NULL};

    if (paths[0] == NULL) {
        self->told = false;
        return tl_fail(err, TL_USAGE, "%s needs --config FILE", self->arguments.words[0]);
    }
    return platform_configure(&self->platform, paths, err);
}

/* A fault that is not the user's, nor the host's: no verdict on the connection. */
static bool says_nothing(enum tl_status status)
{
    return status == TL_INTERNAL || status == TL_MEMORY || status == TL_USAGE ||
           tl_status_actor(status) == TL_ACTOR_NOBODY;
}

static void take_step(struct tl_probe *probe, const struct probe_step *step)
{
    static const char *const results[] = {"passed", "FAILED", "skipped"};
    const char *what = step->error ? step->error->message : step->detail;

    (void)probe;
    tl_log(TL_LOG_INFO, "%s: %s%s%s", step->name, results[step->result], what ? ": " : "",
           what ? what : "");
}

static enum tl_status check_streams(struct airbyte *self, struct tl_error *err)
{
    struct selection all = SELECT_ALL;
    struct lines nowhere;
    struct run_options run = platform_run_options(&self->platform, &nowhere.base, NULL);
    const struct checks_options options = {.run = &run};
    struct tl_probe probe = {.ended = take_step};
    enum tl_status status;

    lines_init(&nowhere, NULL, NULL, &all, NULL, 0);
    run.enough_rows = CHECK_ROWS;
    status = checks_run(&options, &probe, err);
    lines_reset(&nowhere);
    return status;
}

/* A verdict that the connection does not work is a good answer: exit code 0. */
static enum tl_status run_check(struct airbyte *self, struct tl_error *err)
{
    struct buf verdict = BUF_INIT(AIRBYTE_ERROR_BYTES);
    struct buf *out;
    enum tl_status status = configure(self, err);

    if (status == TL_OK)
        status = check_streams(self, err);
    if (status != TL_OK && says_nothing(status))
        return status;
    airbyte_append_connection(&verdict, err);
    out = emitter_begin(&self->platform.emitter);
    buf_append(out, verdict.data, verdict.size);
    buf_free(&verdict);
    *err = (struct tl_error){0};
    return emitter_end(&self->platform.emitter, true, err);
}

static enum tl_status run_discover(struct airbyte *self, struct tl_error *err)
{
    struct declared declared = {0};
    struct discovery discovery = {0};
    enum tl_status status = configure(self, err);

    if (status == TL_OK)
        status = declared_open(&declared, self->platform.connector, self->platform.config, err);
    if (status == TL_OK)
        status = discovery_run(&discovery, &self->platform, NULL, DISCOVER_ROWS, err);
    if (status == TL_OK)
        status = declared_expand(&declared, &discovery.report, err);
    if (status == TL_OK) {
        airbyte_append_catalog(emitter_begin(&self->platform.emitter), &declared, &discovery);
        status = emitter_end(&self->platform.emitter, true, err);
    }
    discovery_reset(&discovery);
    declared_reset(&declared);
    return status;
}

static enum tl_status run_read(struct airbyte *self, struct tl_error *err)
{
    const char *catalog = tl_config_text(self->arguments.options, "catalog");
    const char *state = tl_config_text(self->arguments.options, "state");
    enum tl_status status = configure(self, err);

    if (status == TL_OK && catalog == NULL)
        return tl_fail(err, TL_USAGE, "read needs --catalog FILE");
    return status == TL_OK ? airbyte_read(&self->platform, catalog, state, &self->told, err)
                           : status;
}

static const struct verb {
    const char *name;
    enum tl_status (*run)(struct airbyte *self, struct tl_error *err);
} verbs[] = {
    {"spec", run_spec}, {"check", run_check}, {"discover", run_discover}, {"read", run_read}};

static enum tl_status print_help(struct airbyte *self, struct tl_error *err)
{
    struct buf *out = emitter_begin(&self->platform.emitter);

    buf_printf(out,
               "Usage: %s spec\n       %s check --config FILE\n"
               "       %s discover --config FILE\n"
               "       %s read --config FILE --catalog FILE [--state FILE]\n"
               "An Airbyte source: messages on standard output, one JSON object a line.\n",
               self->platform.name, self->platform.name, self->platform.name,
               self->platform.name);
    buf_append_string(out, "\nOptions:\n");
    usage_append_options(out, arguments_table);
    return emitter_end(&self->platform.emitter, true, err);
}

static enum tl_status dispatch(struct airbyte *self, char **words, struct tl_error *err)
{
    const struct tl_option *const tables[] = {arguments_table, NULL};
    const char *word;

    if (arguments_parse(&self->arguments, tables, NULL, words, err) != TL_OK ||
        arguments_check_words(&self->arguments, 1, err) != TL_OK)
        return err->status;
    word = self->arguments.words[0];
    if (tl_config_boolean(self->arguments.options, "help"))
        return print_help(self, err);
    if (tl_config_boolean(self->arguments.options, "debug"))
        self->log.sink.level = TL_LOG_DEBUG;
    for (size_t i = 0; word != NULL && i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (strcmp(word, verbs[i].name) == 0)
            return verbs[i].run(self, err);
    (void)tl_fail(err, TL_USAGE, word ? "there is no command \"%.40s\"" : "there is no command",
                  word);
    return tl_remedy(err, "Airbyte's commands are spec, check, discover, read");
}

/* Where standard output is gone, people still read standard error. */
static void tell_failure(struct airbyte *self, const struct tl_error *err)
{
    if (emitter_is_broken(&self->platform.emitter))
        (void)fprintf(stderr, "%s\n", err->message);
    else if (!self->told)
        airbyte_send_error(&self->platform.emitter, NULL, err);
}

static int64_t heartbeat_ms(void)
{
    const char *seconds = getenv("TOWLINE_HEARTBEAT_SECONDS");
    double wanted = seconds ? strtod(seconds, NULL) : 0;

    return wanted > 0 && wanted < 86400 ? (int64_t)(wanted * 1000) : HEARTBEAT_MS;
}

static int airbyte_run(int argc, char **argv, const struct tl_connector *connector)
{
    struct airbyte self = {0};
    struct tl_error err = {0};
    struct heartbeat *heartbeat;
    char name[128];
    enum tl_status status = platform_init(
        &self.platform, connector, platform_name(connector, prefix, name, sizeof(name)), &err);

    airbyte_log_init(&self.log, &self.platform.emitter, TL_LOG_INFO);
    heartbeat = heartbeat_start(&self.platform.emitter, heartbeat_ms());
    if (status == TL_OK)
        status = dispatch(&self, argv + (platform_is_called(argv[0], prefix) ? 1 : 2), &err);
    (void)argc;
    heartbeat_stop(heartbeat);
    status = platform_finish(&self.platform, status, &err);
    if (status != TL_OK)
        tell_failure(&self, &err);
    log_set_sink(NULL);
    arguments_reset(&self.arguments);
    platform_reset(&self.platform);
    return tl_status_exit_code(status);
}

static bool airbyte_claims(int argc, char **argv)
{
    return argc > 0 && platform_is_called(argv[0], prefix);
}

const struct frontend airbyte_frontend = {
    .name = "airbyte",
    .summary = "Airbyte's protocol: spec, check, discover, read",
    .claims = airbyte_claims,
    .run = airbyte_run,
};
