/* One stream of the configuration. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

#include "placeholder.h"
#include "sources/http_items.h"

static enum tl_status stream_read_exit_codes(struct stream *stream, const char *const *texts,
                                             struct tl_error *err)
{
    size_t count = 0;

    while (texts[count] != NULL)
        count++;
    stream->expected_exit_codes = calloc(count + 1, sizeof(int));
    if (stream->expected_exit_codes == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for expected_exit_codes");
    for (size_t i = 0; i < count; i++) {
        char *end;
        long code = strtol(texts[i], &end, 10);
        if (end == texts[i] || *end != '\0' || code < 0 || code > 255)
            return tl_fail(err, TL_CONFIGURATION,
                           "expected_exit_codes: \"%s\" is no exit code (0 to 255)", texts[i]);
        stream->expected_exit_codes[i] = (int)code;
    }
    stream->n_expected_exit_codes = count;
    return TL_OK;
}

/* Holds each placeholder against what there is to put in its place. */
struct placeholder_check {
    struct placeholder_visitor base;
    const struct stream *stream;
    const struct tl_config *whole;
};

static enum tl_status stream_check_placeholder(struct placeholder_visitor *visitor,
                                               const char *name, struct tl_error *err)
{
    const struct placeholder_check *self = (const struct placeholder_check *)visitor;
    const char *table = self->stream->base.table;

    if (strcmp(name, "cursor") == 0 && self->stream->base.cursor == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "stream %s: {{cursor}} stands in it, but no `cursor`", table);
        return tl_remedy(err, "Say in `cursor` which column to follow");
    }
    if (strncmp(name, "config.", 7) == 0 && tl_config_text(self->whole, name + 7) == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "stream %s: {{%s}}: the configuration has no \"%s\"", table, name,
                      name + 7);
        return tl_remedy(err, "Add the key \"%s\" at the top level", name + 7);
    }
    return TL_OK;
}

/* The texts of an HTTP request, each visited for its placeholders. */
struct http_check {
    struct http_text_visitor base;
    struct placeholder_check *check;
};

static enum tl_status stream_check_text(struct http_text_visitor *visitor, const char *text,
                                        struct tl_error *err)
{
    return placeholder_visit(text, &((struct http_check *)visitor)->check->base, err);
}

static enum tl_status stream_check_placeholders(const struct stream *stream,
                                                const struct tl_config *whole,
                                                struct tl_error *err)
{
    struct placeholder_check check = {
        .base = {.found = stream_check_placeholder}, .stream = stream, .whole = whole};
    struct http_check texts = {.base = {stream_check_text}, .check = &check};

    if (stream->http != NULL && stream->http->each != NULL &&
        http_settings_visit(stream->http->each, &texts.base, err) != TL_OK)
        return err->status;
    if (stream->http != NULL)
        return http_settings_visit(stream->http, &texts.base, err);
    if (placeholder_visit(stream->command, &check.base, err) != TL_OK)
        return err->status;
    return stream->input ? placeholder_visit(stream->input, &check.base, err) : TL_OK;
}

enum tl_status stream_too_large(const struct stream *stream, const char *field,
                                struct tl_error *err)
{
    bool input = strcmp(field, "stdin") == 0;

    (void)tl_fail(err, TL_CONFIGURATION, "stream %s: its %s has more than %d bytes",
                  stream->base.table, field,
                  input ? STREAM_INPUT_MAX_BYTES : STREAM_COMMAND_MAX_BYTES);
    return tl_remedy(err, input ? "Put it into a file on the host, for the command to read"
                                : "Put it into a script on the host, or hand a long text over "
                                  "by `stdin`");
}

static enum tl_status stream_check_sizes(const struct stream *stream, struct tl_error *err)
{
    if (strlen(stream->command) > STREAM_COMMAND_MAX_BYTES)
        return stream_too_large(stream, "command", err);
    if (stream->input != NULL && strlen(stream->input) > STREAM_INPUT_MAX_BYTES)
        return stream_too_large(stream, "stdin", err);
    return TL_OK;
}

static bool is_blank(const char *text)
{
    return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

static enum tl_status stream_init_command(struct stream *stream, const struct tl_config *config,
                                          struct tl_error *err)
{
    if (is_blank(stream->command)) {
        (void)tl_fail(err, TL_CONFIGURATION, "stream %s has no command", stream->base.table);
        return tl_remedy(err,
                         "Add `command`: what prints the rows of %s as JSON or CSV, or `http`",
                         stream->base.table);
    }
    if (stream_check_sizes(stream, err) != TL_OK)
        return err->status;
    if (!shell_from_name(tl_config_text(config, "remote_shell"), &stream->shell))
        return tl_fail(err, TL_INTERNAL, "remote_shell has a value that is not known");
    if (stream->shell >= SHELL_POWERSHELL && !tl_config_given(config, "completion"))
        stream->completion =
            STREAM_COMPLETION_STATUS; /* marks are for POSIX shells and the like */
    if (stream->shell >= SHELL_POWERSHELL && stream->completion == STREAM_COMPLETION_MARKER) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "stream %s: completion \"marker\" needs a POSIX shell, fish or csh",
                      stream->base.table);
        return tl_remedy(err, "Set `completion` to \"status\"");
    }
    if (stream_read_exit_codes(stream, tl_config_list(config, "expected_exit_codes"), err) !=
        TL_OK)
        return tl_context(err, "stream %s", stream->base.table);
    return TL_OK;
}

static enum tl_status stream_init_http(struct stream *stream, const struct tl_config *config,
                                       const struct tl_config *whole, struct tl_error *err)
{
    if (stream->command != NULL || stream->input != NULL) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "stream %s has both `http` and `command` or `stdin`", stream->base.table);
        return tl_remedy(err, "Make a stream of each, or leave one out");
    }
    stream->http = calloc(1, sizeof(*stream->http));
    if (stream->http == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for stream %s", stream->base.table);
    if (http_settings_read(tl_config_item(config, "http", 0), whole, stream->http, err) !=
            TL_OK ||
        http_items_check(stream->http, err) != TL_OK)
        return tl_context(err, "stream %s", stream->base.table);
    if (stream->http->each != NULL && stream->base.ordered)
        return tl_fail(
            err, TL_CONFIGURATION,
            "stream %s: `ordered` and for_each exclude each other: the order is that "
            "of each item's rows alone",
            stream->base.table);
    if (stream->base.format == TL_FORMAT_CSV &&
        (stream->http->next != NULL || stream->http->more != NULL)) {
        (void)tl_fail(
            err, TL_CONFIGURATION,
            "stream %s: pagination's next and more point into JSON, but the format is "
            "csv",
            stream->base.table);
        return tl_remedy(err, "Page by number, offset, key or Link header");
    }
    return TL_OK;
}

enum tl_status stream_init(struct stream *stream, const struct tl_config *config,
                           const struct tl_config *whole, struct tl_error *err)
{
    *stream = (struct stream){
        .command = tl_config_text(config, "command"),
        .input = tl_config_text(config, "stdin"),
        .completion = strcmp(tl_config_text(config, "completion"), "status") == 0
                          ? STREAM_COMPLETION_STATUS
                          : STREAM_COMPLETION_MARKER,
        .fail_on_stderr = tl_config_boolean(config, "fail_on_stderr"),
        .command_timeout_ms = tl_config_ms(whole, "command_timeout"),
        .idle_timeout_ms = tl_config_ms(whole, "idle_timeout"),
    };
    if (tl_stream_read(config, &stream->base, &stream->columns, err) != TL_OK)
        return err->status;
    if ((tl_config_count(config, "http") > 0
             ? stream_init_http(stream, config, whole, err)
             : stream_init_command(stream, config, err)) != TL_OK)
        return err->status;
    return stream_check_placeholders(stream, whole, err);
}

enum tl_status stream_init_upstream(struct stream *stream, const struct tl_config *whole,
                                    struct tl_error *err)
{
    static const char *const key[] = {"id", NULL};

    *stream = (struct stream){.base = {.table = "user", .primary_key = key}};
    stream->http = calloc(1, sizeof(*stream->http));
    if (stream->http == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for stream user");
    http_settings_upstream(whole, stream->http);
    return TL_OK;
}

void stream_reset(struct stream *stream)
{
    free(stream->columns);
    if (stream->http != NULL)
        http_settings_reset(stream->http);
    free(stream->http);
    free(stream->expected_exit_codes);
    *stream = (struct stream){0};
}
