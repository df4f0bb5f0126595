/* One stream of the configuration. */
#include "stream.h"

#include <stdlib.h>
#include <string.h>

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
    if (stream->command == NULL) {
        (void)tl_fail(err, TL_CONFIGURATION, "stream %s has no command", stream->base.table);
        return tl_remedy(err, "Add `command`: what prints the rows of %s as JSON",
                         stream->base.table);
    }
    if (!shell_from_name(tl_config_text(config, "remote_shell"), &stream->shell))
        return tl_fail(err, TL_INTERNAL, "remote_shell has a value that is not known");
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

void stream_reset(struct stream *stream)
{
    free(stream->columns);
    free(stream->expected_exit_codes);
    *stream = (struct stream){0};
}
