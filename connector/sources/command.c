/* The source of streams with a `command`: what a remote command prints. */
#include <string.h>

#include "base/clock.h"
#include "placeholder.h"
#include "script.h"
#include "sources/exec.h"
#include "sources/exec_wrap.h"
#include "sources/source.h"
#include "ssh/login_shell.h"
#include "towline/log.h"

enum { SHELL_TIMEOUT_MS = 10000 };

static bool command_serves(const struct stream *stream)
{
    return stream->command != NULL;
}

/* Where the values of placeholders come from, and how they are quoted. */
struct command_values {
    struct placeholder_source base;
    struct tl_sync *sync;
    const struct tl_config *config;
    struct ssh_session *session; /* NULL: none, so that nothing can be asked */
    const struct stream *stream;
    enum shell shell;
    bool shell_known;
    bool raw;                     /* for stdin, which no shell reads */
    bool is_state;                /* the value asked for last is the state */
    bool state_file;              /* the command reads the state from a file */
    struct script_secret *secret; /* stands for {{config.NAME}} in a script; NULL: a run */
};

static const char *command_value(struct placeholder_source *source, const char *name)
{
    struct command_values *self = (struct command_values *)source;

    self->is_state = false;
    if (strncmp(name, "config.", 7) == 0)
        return self->secret != NULL ? script_secret(self->secret, name + 7)
                                    : tl_config_text(self->config, name + 7);
    self->is_state = strcmp(name, "state") == 0;
    if (self->is_state)
        return tl_sync_handback(self->sync);
    if (strncmp(name, "state.", 6) == 0)
        name += 6;
    return tl_sync_state_value(self->sync, name);
}

/* The shell to quote for: fish and csh are told apart from POSIX shells by asking the host.
 * Asked only once there is something to quote, for a forced command runs in answer to it. */
static enum tl_status command_find_shell(struct command_values *self, struct tl_error *err)
{
    enum ssh_login_shell login = SSH_SHELL_POSIX;

    if (self->shell_known)
        return TL_OK;
    self->shell = self->stream->shell;
    self->shell_known = true;
    if (self->shell != SHELL_POSIX || self->session == NULL)
        return TL_OK;
    if (ssh_session_login_shell(self->session, clock_now_ms() + SHELL_TIMEOUT_MS, &login,
                                err) != TL_OK) {
        if (err->status != TL_COMMAND)
            return err->status;
        login = SSH_SHELL_POSIX; /* it runs no commands, which running this one will tell */
    }
    self->shell = exec_shell(login);
    return TL_OK;
}

static enum tl_status command_write(struct placeholder_source *source, const char *value,
                                    struct buf *out, struct tl_error *err)
{
    struct command_values *self = (struct command_values *)source;

    if (self->raw) {
        buf_append_string(out, value);
        return TL_OK;
    }
    if (command_find_shell(self, err) != TL_OK)
        return err->status;
    if (self->is_state) {
        self->state_file = true;
        buf_append_string(out, "\"$TOWLINE_STATE\"");
        return TL_OK;
    }
    return shell_quote(self->shell, value, strlen(value), out, err);
}

/* The sink of exec: what arrives is fed to the sync. */
struct command_sink {
    struct exec_sink base;
    struct tl_sync *sync;
};

static enum tl_status command_take(struct exec_sink *sink, const char *data, size_t size,
                                   struct tl_error *err)
{
    return tl_feed(((struct command_sink *)sink)->sync, data, size, err);
}

static bool command_is_ready(struct exec_sink *sink)
{
    return tl_sync_ready(((struct command_sink *)sink)->sync);
}

static int command_ready_fd(struct exec_sink *sink)
{
    return tl_sync_ready_fd(((struct command_sink *)sink)->sync);
}

static enum tl_status command_execute(struct ssh_session *session, const struct stream *stream,
                                      const struct buf *command, const struct buf *input,
                                      struct tl_sync *sync, struct tl_error *err)
{
    struct command_sink sink = {.base = {command_take, command_is_ready, command_ready_fd},
                                .sync = sync};
    struct exec_request request = {
        .command = buf_text(command),
        .input = stream->input ? buf_text(input) : NULL,
        .input_size = input->size,
        .completion =
            stream->completion == STREAM_COMPLETION_STATUS ? EXEC_BY_STATUS : EXEC_BY_MARKER,
        .command_timeout_ms = stream->command_timeout_ms > 0 ? stream->command_timeout_ms : 0,
        .idle_timeout_ms = stream->idle_timeout_ms > 0 ? stream->idle_timeout_ms : 0,
        .expected_exit_codes = stream->expected_exit_codes,
        .n_expected_exit_codes = stream->n_expected_exit_codes,
        .fail_on_stderr = stream->fail_on_stderr,
    };

    tl_log(TL_LOG_DEBUG, "%s: running on %s: %s", stream->base.table,
           ssh_session_label(session), buf_text(command));
    tl_sync_from(sync, ssh_session_label(session));
    if (tl_feed(sync, "", 0, err) != TL_OK)
        return err->status;
    return exec_run(session, &request, &sink.base, err);
}

/* Puts around the command what makes a file of the state, and removes it in the end. */
static enum tl_status command_hand_state(struct command_values *self, struct buf *command,
                                         struct tl_error *err)
{
    const char *state = tl_sync_handback(self->sync);
    struct buf whole = BUF_INIT(command->max_size);
    enum tl_status status;

    if (self->shell != SHELL_POSIX) {
        (void)tl_fail(err, TL_CONFIGURATION,
                      "stream %s: {{state}} in a command needs a POSIX login shell",
                      self->stream->base.table);
        return tl_remedy(err, "Hand the state over by `stdin`: \"{{state}}\"");
    }
    buf_append_string(&whole, "(TOWLINE_STATE=$(mktemp) || exit 1\n"
                              "trap 'rm -f \"$TOWLINE_STATE\"' EXIT\n"
                              "trap 'exit 1' HUP INT TERM\nprintf %s ");
    status = shell_quote(SHELL_POSIX, state, strlen(state), &whole, err);
    buf_append_string(&whole, " >\"$TOWLINE_STATE\"\n");
    buf_append(&whole, buf_text(command), command->size);
    buf_append_string(&whole, "\n)");
    if (whole.failed)
        status = stream_too_large(self->stream, "command", err);
    buf_wipe(command);
    *command = whole;
    return status;
}

/* Fills the placeholders of command and stdin; the buffers are the caller's to wipe. */
static enum tl_status command_compose(struct command_values *values, struct buf *command,
                                      struct buf *input, struct tl_error *err)
{
    static const char *const whole_state[] = {"state", NULL};
    const struct stream *stream = values->stream;
    enum tl_status status;

    values->base = (struct placeholder_source){
        .extra = whole_state, .value = command_value, .write = command_write};
    status = placeholder_expand(stream->command, &values->base, command, err);
    if (command->failed)
        status = stream_too_large(stream, "command", err);
    if (status == TL_OK && values->state_file)
        status = command_hand_state(values, command, err);
    values->raw = true;
    if (status == TL_OK && stream->input != NULL)
        status = placeholder_expand(stream->input, &values->base, input, err);
    if (input->failed)
        status = stream_too_large(stream, "stdin", err);
    return status;
}

static enum tl_status command_run(struct ssh_session *session, const struct stream *stream,
                                  const struct tl_config *config, struct tl_sync *sync,
                                  struct tl_error *err)
{
    struct buf command = BUF_INIT(STREAM_COMMAND_MAX_BYTES),
               input = BUF_INIT(STREAM_INPUT_MAX_BYTES);
    struct command_values values = {
        .sync = sync, .config = config, .session = session, .stream = stream};
    enum tl_status status = command_compose(&values, &command, &input, err);

    if (status == TL_OK)
        status = command_execute(session, stream, &command, &input, sync, err);
    buf_wipe(&command);
    buf_wipe(&input);
    return status;
}

static enum tl_status command_explain(const struct source_way *way, const struct stream *stream,
                                      const struct tl_config *config, struct tl_sync *sync,
                                      struct buf *out, struct tl_error *err)
{
    struct buf command = BUF_INIT(STREAM_COMMAND_MAX_BYTES),
               input = BUF_INIT(STREAM_INPUT_MAX_BYTES);
    struct script_secret secret;
    struct command_values values = {
        .sync = sync, .config = config, .stream = stream, .secret = &secret};
    enum tl_status status = command_compose(&values, &command, &input, err);

    script_demand_secrets(out, buf_text(&command));
    script_demand_secrets(out, buf_text(&input));
    if (input.size > 0) {
        buf_append_string(out, "printf %s");
        script_word(out, buf_text(&input));
        buf_append_string(out, " | ");
    }
    buf_printf(out, "ssh %s", input.size > 0 ? "-T" : "-n -T");
    script_ssh_options(out, way->ssh, way->plain);
    script_ssh_target(out, way->ssh);
    buf_append_string(out, *buf_text(&command) == '-' ? " ''" : ""); /* else ssh's own option */
    script_word(out, buf_text(&command));
    buf_append_char(out, '\n');
    buf_wipe(&command);
    buf_wipe(&input);
    return status;
}

extern const struct source source_command;
const struct source source_command = {
    .serves = command_serves, .run = command_run, .explain = command_explain};
