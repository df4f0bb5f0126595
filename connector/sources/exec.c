/* Bytes out of a remote command: the run from start to known end. */
#include "sources/exec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "sources/exec_cancel.h"
#include "sources/exec_end.h"
#include "sources/exec_marker.h"
#include "sources/exec_stderr.h"
#include "sources/exec_wrap.h"
#include "ssh/channel.h"
#include "ssh/login_shell.h"
#include "ssh/random.h"
#include "towline/log.h"

enum {
    CHUNK_BYTES = 256 * 1024,
    SHELL_TIMEOUT_MS = 30000, /* for the question about the shell, which may be slow to start */
    DRAIN_MS = 500,           /* for stderr, once the output's end is known */
    CANCEL_MS = 6000,         /* for the end of a command that has to end */
    HASTY_CANCEL_MS = 1200,
    FINISH_MS = 5000,  /* for the server's word on how a command ended that broke off */
    ASK_AGAIN_MS = 10, /* a full sink that has nothing to poll on */
    SERVICE_MS = 1000, /* how often the connection is served for a full sink */
    HEAD_BYTES = 120   /* of the output, for a failure to quote */
};

/* A command under way. */
struct run {
    struct ssh_session *session;
    const struct exec_request *request;
    struct exec_sink *sink;
    struct ssh_channel *channel;
    struct exec_marker marker;
    struct exec_marker error_marker; /* begins stderr likewise; nothing ends it */
    struct exec_stderr errors;
    char *chunk;
    char head[HEAD_BYTES]; /* how the output begins */
    struct exec_end end;
    size_t input_taken;
    bool input_ended;
    bool guessed; /* the login shell's kind was; as long as there is no mark, wrongly perhaps */
    bool moved;   /* some bytes came or went in this round */
    bool cancelled;
    int64_t start_ms;
    int64_t last_byte_ms;
    int64_t give_up_ms; /* for what may still come after the output's end */
};

static const char *label(const struct run *run)
{
    return ssh_session_label(run->session);
}

static bool by_marker(const struct run *run)
{
    return run->request->completion == EXEC_BY_MARKER;
}

/* What tells the shell's pid. */
static struct exec_marker *mark_of(struct run *run)
{
    return by_marker(run) ? &run->marker : NULL;
}

static bool ended_by_marker(const struct run *run)
{
    return by_marker(run) && run->marker.place == EXEC_AFTER;
}

static enum tl_status too_long(const struct run *run, struct tl_error *err)
{
    tl_fail(
        err, TL_CONFIGURATION,
        "%s: the command is too long: quoted for the login shell, it has more than %d bytes",
        label(run), SSH_COMMAND_MAX_BYTES);
    return tl_remedy(err,
                     "Put it into a script on the host, or hand a long text over by stdin");
}

static enum tl_status compose(struct run *run, struct buf *line, struct tl_error *err)
{
    int64_t deadline_ms = run->start_ms + SHELL_TIMEOUT_MS;
    const char *command = run->request->command;
    enum ssh_login_shell shell = ssh_session_known_shell(run->session);
    char nonce[EXEC_NONCE_SIZE];
    enum tl_status status = TL_OK;

    if (!by_marker(run)) {
        buf_append_string(line, command);
        return line->failed ? too_long(run, err) : TL_OK;
    }
    run->guessed = shell == SSH_SHELL_NOT_ASKED && exec_may_guess(command);
    if (!run->guessed)
        status = ssh_session_login_shell(run->session, deadline_ms, &shell, err);
    if (status == TL_OK)
        status = random_hex(nonce, sizeof(nonce), err);
    if (status != TL_OK)
        return status;
    exec_marker_init(&run->marker, nonce, 'b');
    exec_marker_init(&run->error_marker, nonce, 's');
    status = exec_wrap(line, shell, command, nonce, err);
    return line->failed ? too_long(run, err) : status;
}

static enum tl_status start(struct run *run, struct tl_error *err)
{
    struct buf line = BUF_INIT(SSH_COMMAND_MAX_BYTES);
    enum tl_status status = compose(run, &line, err);

    if (status == TL_OK)
        status =
            ssh_channel_open(run->session, buf_text(&line), CLOCK_NEVER, &run->channel, err);
    buf_wipe(&line);
    run->last_byte_ms = clock_now_ms();
    return status;
}

static enum tl_status write_input(struct run *run, struct tl_error *err)
{
    const struct exec_request *request = run->request;
    size_t left = request->input != NULL ? request->input_size - run->input_taken : 0,
           taken = 0;
    enum tl_status status;

    if (run->input_ended)
        return TL_OK;
    if (left == 0)
        return ssh_channel_send_eof(run->channel, &run->input_ended, err);
    status =
        ssh_channel_write(run->channel, request->input + run->input_taken, left, &taken, err);
    run->input_taken += taken;
    run->moved |= taken > 0;
    return status;
}

/* What a login script complains of is not the command's. */
static void take_errors(struct run *run, size_t size)
{
    const char *data = run->chunk, *piece;
    size_t piece_size;

    if (!by_marker(run)) {
        exec_stderr_feed(&run->errors, data, size);
        return;
    }
    while (exec_marker_next(&run->error_marker, &data, &size, &piece, &piece_size))
        exec_stderr_feed(&run->errors, piece, piece_size);
}

static enum tl_status read_errors(struct run *run, struct tl_error *err)
{
    size_t got = 0;
    enum tl_status status =
        ssh_channel_read(run->channel, SSH_STDERR, run->chunk, CHUNK_BYTES, &got, err);

    if (status == TL_OK && got > 0) {
        take_errors(run, got);
        run->moved = true;
    }
    return status;
}

static enum tl_status hand_on(struct run *run, const char *data, size_t size,
                              struct tl_error *err)
{
    size_t room = sizeof(run->head) - run->end.head_size, more = size < room ? size : room;

    memcpy(run->head + run->end.head_size, data, more);
    run->end.head_size += more;
    return run->sink->bytes(run->sink, data, size, err);
}

static void log_noise(const struct run *run, const struct exec_marker *marker,
                      const char *stream)
{
    char safe[400];

    if (marker->noise.size > 0)
        tl_log(TL_LOG_DEBUG, "%s: dropped what the login shell printed to %s beforehand: %s",
               label(run), stream,
               text_safe(safe, sizeof(safe), marker->noise.data, marker->noise.size));
}

/* Without a mark the command was not begun: then what came instead says why. */
static void settle_errors(struct run *run)
{
    const struct buf *noise = &run->error_marker.noise;

    if (run->error_marker.place != EXEC_BEFORE)
        log_noise(run, &run->error_marker, "stderr");
    else if (noise->size > 0)
        exec_stderr_feed(&run->errors, noise->data, noise->size);
}

static enum tl_status take_output(struct run *run, size_t size, struct tl_error *err)
{
    const char *data = run->chunk, *piece;
    size_t piece_size;
    bool before = run->marker.place == EXEC_BEFORE;
    enum tl_status status = TL_OK;

    if (!by_marker(run))
        return hand_on(run, data, size, err);
    while (status == TL_OK && exec_marker_next(&run->marker, &data, &size, &piece, &piece_size))
        status = hand_on(run, piece, piece_size, err);
    if (before && run->marker.place != EXEC_BEFORE) {
        log_noise(run, &run->marker, "stdout");
        if (run->guessed)
            ssh_session_know_shell(run->session, SSH_SHELL_POSIX);
    }
    if (run->marker.place == EXEC_AFTER && run->give_up_ms == CLOCK_NEVER)
        run->give_up_ms = clock_now_ms() + DRAIN_MS;
    return status;
}

static enum tl_status read_output(struct run *run, struct tl_error *err)
{
    size_t got = 0;
    enum tl_status status =
        ssh_channel_read(run->channel, SSH_STDOUT, run->chunk, CHUNK_BYTES, &got, err);

    if (status != TL_OK || got == 0)
        return status;
    run->moved = true;
    return take_output(run, got, err);
}

static bool sink_ready(const struct run *run)
{
    return run->sink->ready == NULL || ended_by_marker(run) || run->sink->ready(run->sink);
}

/* One round over all streams. While the sink is full, stdout waits in the channel's window. */
static enum tl_status turn(struct run *run, bool ready, struct tl_error *err)
{
    enum tl_status status;

    run->moved = false;
    status = write_input(run, err);
    if (status == TL_OK)
        status = read_errors(run, err);
    if (status == TL_OK && ready)
        status = read_output(run, err);
    if (run->moved || !ready)
        run->last_byte_ms = clock_now_ms();
    return status;
}

static enum tl_status timed_out(struct run *run, const char *what, const char *key,
                                int64_t limit_ms, struct tl_error *err)
{
    static const char *const ends[] = {
        [EXEC_CANCELLED_BY_TERM] = "it was ended by signal TERM",
        [EXEC_CANCELLED_BY_KILL] = "it was ended by signal KILL, after TERM in vain",
        [EXEC_NOT_CANCELLED] = "it was sent TERM and KILL, and may run on all the same",
    };
    enum exec_cancelled cancelled =
        exec_cancel(run->session, run->channel, mark_of(run), CANCEL_MS);

    run->cancelled = true;
    tl_fail(err, TL_COMMAND_TIMEOUT, "%s: the command %s %s (%g s); %s", label(run), what, key,
            (double)limit_ms / 1000, ends[cancelled]);
    return tl_remedy(err, "Make the command faster, or raise %s", key);
}

static enum tl_status check_time(struct run *run, struct tl_error *err)
{
    const struct exec_request *request = run->request;
    int64_t now_ms = clock_now_ms();

    if (request->command_timeout_ms > 0 &&
        now_ms - run->start_ms >= request->command_timeout_ms)
        return timed_out(run, "ran longer than", "command_timeout", request->command_timeout_ms,
                         err);
    if (request->idle_timeout_ms > 0 && now_ms - run->last_byte_ms >= request->idle_timeout_ms)
        return timed_out(run, "printed nothing for as long as", "idle_timeout",
                         request->idle_timeout_ms, err);
    return TL_OK;
}

static enum tl_status wait_turn(const struct run *run, bool ready, struct tl_error *err)
{
    const struct exec_request *request = run->request;
    int64_t until_ms = run->give_up_ms;
    int fd = -1;

    if (request->command_timeout_ms > 0)
        until_ms = clock_earlier(until_ms, run->start_ms + request->command_timeout_ms);
    if (request->idle_timeout_ms > 0)
        until_ms = clock_earlier(until_ms, run->last_byte_ms + request->idle_timeout_ms);
    if (!ready) {
        fd = run->sink->ready_fd != NULL ? run->sink->ready_fd(run->sink) : -1;
        until_ms =
            clock_earlier(until_ms, clock_now_ms() + (fd < 0 ? ASK_AGAIN_MS : SERVICE_MS));
    }
    return ssh_session_wait(run->session, until_ms, fd, err);
}

/* Both streams have ended: asks how the command did, unless the mark has told. */
static enum tl_status finish(struct run *run, bool *done, struct tl_error *err)
{
    enum tl_status status = TL_OK;

    *done = ended_by_marker(run);
    if (*done)
        return TL_OK;
    if (by_marker(run) && run->give_up_ms == CLOCK_NEVER)
        run->give_up_ms = clock_now_ms() + FINISH_MS;
    status = ssh_channel_finish(run->channel, &run->end.closed, &run->end.exit, err);
    *done = run->end.closed;
    return status;
}

/* Reads until the end is known, or nothing more is to be hoped for. */
static enum tl_status follow(struct run *run, struct tl_error *err)
{
    enum tl_status status = TL_OK;
    bool done = false;

    while (status == TL_OK && !done) {
        uint64_t heard = ssh_session_heard(run->session);
        bool ready = sink_ready(run), again;

        status = turn(run, ready, err);
        if (status == TL_OK && !run->moved && ssh_channel_at_end(run->channel))
            status = finish(run, &done, err);
        if (status != TL_OK || done || clock_now_ms() >= run->give_up_ms)
            break;
        status = ended_by_marker(run) ? TL_OK : check_time(run, err);
        again = run->moved || (ready && ssh_session_heard(run->session) != heard);
        if (status == TL_OK)
            status = again ? ssh_session_check(run->session, err) : wait_turn(run, ready, err);
        if (!ready) /* it was we who were waited for */
            run->last_byte_ms = clock_now_ms();
    }
    return status;
}

/* A command that nobody listens to any more must not run on; whoever stops us waits less. */
static void leave(struct run *run, enum tl_status status)
{
    int patience_ms = status == TL_INTERRUPTED ? HASTY_CANCEL_MS : CANCEL_MS;

    if (run->channel == NULL || run->end.closed || run->cancelled || ended_by_marker(run))
        return;
    if (status == TL_INTERRUPTED)
        ssh_session_pardon(run->session);
    (void)exec_cancel(run->session, run->channel, mark_of(run), patience_ms);
}

/* Nothing of the first attempt counts: nothing was run. */
static void begin_again(struct run *run)
{
    ssh_channel_close(run->channel);
    run->channel = NULL;
    exec_marker_free(&run->marker);
    exec_marker_free(&run->error_marker);
    run->end.exit = (struct ssh_exit){0};
    run->input_taken = 0;
    run->input_ended = false;
    run->end.closed = false;
    run->give_up_ms = CLOCK_NEVER;
}

/* Starts the command and follows it to its end. Most login shells are POSIX: the others are
 * asked for only when a guess has failed. */
static enum tl_status carry_out(struct run *run, struct tl_error *err)
{
    enum ssh_login_shell shell;
    enum tl_status status = start(run, err);

    if (status == TL_OK)
        status = follow(run, err);
    if (status != TL_OK || !run->guessed || run->marker.place != EXEC_BEFORE)
        return status;
    status =
        ssh_session_login_shell(run->session, clock_now_ms() + SHELL_TIMEOUT_MS, &shell, err);
    if (status != TL_OK || shell == SSH_SHELL_POSIX)
        return status;
    begin_again(run);
    status = start(run, err);
    return status == TL_OK ? follow(run, err) : status;
}

enum tl_status exec_run(struct ssh_session *session, const struct exec_request *request,
                        struct exec_sink *sink, struct tl_error *err)
{
    struct run run = {.session = session,
                      .request = request,
                      .sink = sink,
                      .start_ms = clock_now_ms(),
                      .give_up_ms = CLOCK_NEVER,
                      .chunk = malloc(CHUNK_BYTES)};
    enum tl_status status;

    run.end = (struct exec_end){.session = session,
                                .request = request,
                                .marker = mark_of(&run),
                                .errors = &run.errors,
                                .head = run.head};
    exec_stderr_init(&run.errors, ssh_session_label(session));
    if (run.chunk == NULL)
        status = tl_fail(err, TL_MEMORY, "%s: out of memory", label(&run));
    else
        status = carry_out(&run, err);
    settle_errors(&run);
    if (status == TL_OK)
        status = exec_end_judge(&run.end, err);
    if (status != TL_OK)
        leave(&run, status);
    exec_stderr_finish(&run.errors);
    ssh_channel_close(run.channel);
    exec_stderr_free(&run.errors);
    exec_marker_free(&run.marker);
    exec_marker_free(&run.error_marker);
    free(run.chunk);
    return status;
}
