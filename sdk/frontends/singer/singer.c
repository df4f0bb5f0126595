/* Singer's protocol: messages on standard output, log lines on standard error. */
#include "frontends/singer/singer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "frontends/arguments.h"
#include "frontends/output.h"
#include "frontends/platform/environment.h"
#include "frontends/platform/heartbeat.h"
#include "frontends/singer/about.h"
#include "frontends/singer/catalog.h"
#include "frontends/singer/sync.h"
#include "frontends/usage.h"

enum { DISCOVER_ROWS = 1000000 };

static const char prefix[] = "tap-";

static const struct tl_option arguments_table[] = {
    {.name = "config",
     .kind = TL_OPTION_LIST,
     .value = "FILE",
     .help = "a file with settings, or ENV for those in the environment; of several the later "
             "wins"},
    {.name = "state",
     .kind = TL_OPTION_TEXT,
     .value = "FILE",
     .help = "the value of the last STATE message"},
    {.name = "catalog",
     .kind = TL_OPTION_TEXT,
     .value = "FILE",
     .help = "what --discover printed, with streams selected"},
    {.name = "properties",
     .kind = TL_OPTION_TEXT,
     .value = "FILE",
     .help = "the older name of --catalog"},
    {.name = "discover",
     .kind = TL_OPTION_BOOLEAN,
     .fallback = "false",
     .help = "print the catalog of what there is"},
    {.name = "test",
     .kind = TL_OPTION_CHOICE,
     .value = "all",
     .choices = "all|schema",
     .help = "read one record of each stream; schema: print the SCHEMA messages"},
    {.name = "about",
     .kind = TL_OPTION_BOOLEAN,
     .fallback = "false",
     .help = "print capabilities and settings"},
    {.name = "format",
     .kind = TL_OPTION_CHOICE,
     .fallback = "text",
     .choices = "text|json|markdown",
     .help = "how --about prints"},
    {.name = "version",
     .kind = TL_OPTION_BOOLEAN,
     .fallback = "false",
     .help = "show the version"},
    {.name = "help",
     .kind = TL_OPTION_BOOLEAN,
     .fallback = "false",
     .letter = 'h',
     .help = "show this help"},
    {.name = NULL},
};

struct singer {
    struct platform platform;
    struct log_sink log;
    struct arguments arguments;
};

static void print_line(const char *level, const char *text)
{
    struct buf line = BUF_INIT(1 << 20);

    buf_printf(&line, "%s %s\n", level, text);
    (void)output_write(STDERR_FILENO, buf_text(&line), line.size);
    buf_free(&line);
}

static void take_line(struct log_sink *sink, enum tl_log_level level, int64_t utc_us,
                      const char *message)
{
    (void)sink, (void)utc_us;
    print_line(log_level_name(level), message);
}

/* The variable that Meltano's taps heed: TAP_SSH_LOGLEVEL, else LOGLEVEL. */
static enum tl_log_level level_wanted(const char *name)
{
    char variable[160];
    const char *wanted;

    (void)snprintf(variable, sizeof(variable), "%s_loglevel", name);
    environment_name(variable);
    wanted = getenv(variable);
    return log_level_of(wanted ? wanted : getenv("LOGLEVEL"), TL_LOG_INFO);
}

/* What ends the program, in the words that runners look for. */
static void tell_failure(const struct tl_error *err)
{
    char words[ERROR_TEXT_SIZE];
    struct buf text = BUF_INIT(16384);

    output_append_safe(&text, error_text(err, words));
    print_line("CRITICAL", buf_text(&text));
    buf_free(&text);
}

static enum tl_status configure(struct singer *self, struct tl_error *err)
{
    const char *const *paths = tl_config_list(self->arguments.options, "config");

    if (paths == NULL) {
        (void)tl_fail(err, TL_USAGE, "%s needs --config FILE", self->platform.name);
        return tl_remedy(err, "Give a file with settings, or ENV for those in the environment");
    }
    return platform_configure(&self->platform, paths, err);
}

static enum tl_status discover(struct singer *self, const char *const what,
                               struct tl_error *err)
{
    struct declared declared = {0};
    struct discovery discovery = {0};
    bool only_test = strcmp(what, "all") == 0, schemas = strcmp(what, "schema") == 0;
    enum tl_status status =
        declared_open(&declared, self->platform.connector, self->platform.config, err);

    if (status == TL_OK)
        status = discovery_run(&discovery, &self->platform, NULL, only_test ? 1 : DISCOVER_ROWS,
                               err);
    if (status == TL_OK)
        status = declared_expand(&declared, &discovery.report, err);
    if (status == TL_OK && schemas) {
        status = singer_send_schemas(&self->platform, &declared, &discovery, err);
    } else if (status == TL_OK && !only_test) {
        singer_append_catalog(emitter_begin(&self->platform.emitter), &declared, &discovery);
        status = emitter_end(&self->platform.emitter, true, err);
    }
    discovery_reset(&discovery);
    declared_reset(&declared);
    return status;
}

static enum tl_status print_help(struct singer *self, struct tl_error *err)
{
    struct buf *out = emitter_begin(&self->platform.emitter);

    buf_printf(out,
               "Usage: %s --config FILE [--catalog FILE] [--state FILE]\n"
               "       %s --config FILE --discover\n"
               "A Singer tap: messages on standard output, the log on standard error.\n",
               self->platform.name, self->platform.name);
    buf_append_string(out, "\nOptions:\n");
    usage_append_options(out, arguments_table);
    return emitter_end(&self->platform.emitter, true, err);
}

static enum tl_status print_about(struct singer *self, struct tl_error *err)
{
    about_append(emitter_begin(&self->platform.emitter), &self->platform,
                 tl_config_text(self->arguments.options, "format"));
    return emitter_end(&self->platform.emitter, true, err);
}

static enum tl_status print_version(struct singer *self, struct tl_error *err)
{
    buf_printf(emitter_begin(&self->platform.emitter), "%s %s\n", self->platform.name,
               self->platform.connector->version);
    return emitter_end(&self->platform.emitter, true, err);
}

static enum tl_status dispatch(struct singer *self, char **words, struct tl_error *err)
{
    const struct tl_option *const tables[] = {arguments_table, NULL};
    const struct tl_config *options;
    const char *catalog, *test;

    if (arguments_parse(&self->arguments, tables, NULL, words, err) != TL_OK)
        return err->status;
    if (arguments_check_words(&self->arguments, 0, err) != TL_OK)
        return tl_remedy(err, "A tap takes options only");
    options = self->arguments.options;
    if (tl_config_boolean(options, "help"))
        return print_help(self, err);
    if (tl_config_boolean(options, "version"))
        return print_version(self, err);
    if (tl_config_boolean(options, "about"))
        return print_about(self, err);
    if (configure(self, err) != TL_OK)
        return err->status;
    test = tl_config_text(options, "test");
    if (tl_config_boolean(options, "discover") || test != NULL)
        return discover(self, test ? test : "catalog", err);
    catalog = tl_config_text(options, "catalog");
    return singer_sync(&self->platform,
                       catalog ? catalog : tl_config_text(options, "properties"),
                       tl_config_text(options, "state"), err);
}

static int singer_run(int argc, char **argv, const struct tl_connector *connector)
{
    struct singer self = {0};
    struct tl_error err = {0};
    struct heartbeat *heartbeat;
    char name[128];
    enum tl_status status = platform_init(
        &self.platform, connector, platform_name(connector, prefix, name, sizeof(name)), &err);

    (void)argc;
    heartbeat = heartbeat_start(&self.platform.emitter, 0);
    self.log = (struct log_sink){.line = take_line, .level = level_wanted(name)};
    log_set_sink(&self.log);
    if (status == TL_OK)
        status = dispatch(&self, argv + (platform_is_called(argv[0], prefix) ? 1 : 2), &err);
    heartbeat_stop(heartbeat);
    status = platform_finish(&self.platform, status, &err);
    if (status != TL_OK)
        tell_failure(&err);
    log_set_sink(NULL);
    arguments_reset(&self.arguments);
    platform_reset(&self.platform);
    return tl_status_exit_code(status);
}

static bool singer_claims(int argc, char **argv)
{
    return argc > 0 && platform_is_called(argv[0], prefix);
}

const struct frontend singer_frontend = {
    .name = "singer",
    .summary = "Singer's protocol: a tap, as Meltano runs one",
    .claims = singer_claims,
    .run = singer_run,
};
