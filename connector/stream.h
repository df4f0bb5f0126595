/* One stream of the configuration: what the SDK must know of it, and what this connector must.
 */
#ifndef CONNECTOR_STREAM_H
#define CONNECTOR_STREAM_H

#include "shell.h"
#include "sources/http_settings.h"
#include "towline/stream.h"

/* What one command and one stdin may have, placeholders filled in. */
enum { STREAM_COMMAND_MAX_BYTES = 32000, STREAM_INPUT_MAX_BYTES = 64 << 20 };

enum stream_completion { STREAM_COMPLETION_MARKER, STREAM_COMPLETION_STATUS };

struct stream {
    struct tl_stream base;
    struct tl_column *columns;  /* memory of base.columns */
    struct http_settings *http; /* owned; NULL: the stream has a command */
    const char *command;
    const char *input; /* the field stdin */
    enum shell shell;
    enum stream_completion completion;
    bool fail_on_stderr;
    int *expected_exit_codes;
    size_t n_expected_exit_codes;
    int64_t command_timeout_ms; /* -1: none */
    int64_t idle_timeout_ms;
};

/* Reads the stream `config`, one of the streams of `whole`, from which everything is borrowed.
 */
TL_NODISCARD enum tl_status stream_init(struct stream *stream, const struct tl_config *config,
                                        const struct tl_config *whole, struct tl_error *err);
void stream_reset(struct stream *stream);

/* Makes the one stream of a configuration that names none and has an API key, as it is written
 * for Fivetran's example of an SSH tunnel: the table `user`, by http_settings_upstream. */
TL_NODISCARD enum tl_status stream_init_upstream(struct stream *stream,
                                                 const struct tl_config *whole,
                                                 struct tl_error *err);

/* The error of a command or stdin that is larger than that. */
TL_NODISCARD enum tl_status stream_too_large(const struct stream *stream, const char *field,
                                             struct tl_error *err);

#endif
