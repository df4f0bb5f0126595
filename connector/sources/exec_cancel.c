/* Ending a remote command: TERM, some grace, KILL. */
#include "sources/exec_cancel.h"

#include <stdio.h>
#include <string.h>

#include "towline/log.h"

enum {
    CHUNK_BYTES = 64 * 1024,
    LINE_BYTES = 120,
    SIGNAL_MS = 300, /* within which a server that sends signals has sent one */
    GRACE_MS = 1000,
    OPEN_MS = 5000 /* for a second channel; a server that answers refuses it sooner */
};

/* A command that is being ended. */
struct cancel {
    struct ssh_session *session;
    struct ssh_channel *channel;
    struct exec_marker *marker; /* NULL: none */
    struct ssh_exit exit;
    bool moved;  /* something came in this round: see ssh_session_heard */
    bool closed; /* by the server: exit is known */
};

static bool awaits_mark(const struct cancel *self)
{
    return self->marker != NULL && self->marker->place == EXEC_BEFORE;
}

/* Of what comes, only the mark counts any more. */
static void look_for_mark(struct cancel *self, const char *data, size_t size)
{
    const char *piece;
    size_t piece_size;

    while (awaits_mark(self) && size > 0)
        (void)exec_marker_next(self->marker, &data, &size, &piece, &piece_size);
}

/* One round: reads what there is, for the end comes after it. */
static enum tl_status drain(struct cancel *self, struct tl_error *err)
{
    char chunk[CHUNK_BYTES];
    uint64_t heard = ssh_session_heard(self->session);
    size_t out = 0, errors = 0;
    enum tl_status status =
        ssh_channel_read(self->channel, SSH_STDOUT, chunk, sizeof(chunk), &out, err);

    look_for_mark(self, chunk, out);
    if (status == TL_OK)
        status =
            ssh_channel_read(self->channel, SSH_STDERR, chunk, sizeof(chunk), &errors, err);
    self->moved = out + errors > 0 || ssh_session_heard(self->session) != heard;
    if (status == TL_OK && out + errors == 0 && ssh_channel_at_end(self->channel))
        status = ssh_channel_finish(self->channel, &self->closed, &self->exit, err);
    return status;
}

/* Waits for the command's end, or if so wished for its mark. */
static void await(struct cancel *self, int64_t until_ms, bool or_mark)
{
    enum tl_status status = TL_OK;
    struct tl_error ignored = {0}; /* why the command has to end is what counts */

    while (status == TL_OK && !self->closed && clock_now_ms() < until_ms &&
           !(or_mark && !awaits_mark(self))) {
        status = drain(self, &ignored);
        if (status == TL_OK && !self->closed && !self->moved)
            status = ssh_session_wait(self->session, until_ms, -1, &ignored);
    }
}

/* Both signals in one line: login scripts can be slow, and once begun it does not need us.
 * Redirections are left to sh: csh has others, and restricted shells none. */
static struct ssh_channel *signal_by_command(struct ssh_session *session, int pid)
{
    struct ssh_channel *second = NULL;
    struct tl_error err = {0};
    char line[LINE_BYTES];

    snprintf(line, sizeof(line),
             "sh -c 'exec >/dev/null 2>&1; kill -s TERM -- -%d; sleep %d; kill -s KILL -- -%d'",
             pid, GRACE_MS / 1000, pid);
    if (ssh_channel_open(session, line, clock_now_ms() + OPEN_MS, &second, &err) != TL_OK)
        tl_log(TL_LOG_DEBUG, "the command cannot be ended by another one: %s", err.message);
    return second;
}

enum exec_cancelled exec_cancel(struct ssh_session *session, struct ssh_channel *channel,
                                struct exec_marker *marker, int patience_ms)
{
    struct cancel self = {.session = session, .channel = channel, .marker = marker};
    int64_t now_ms = clock_now_ms(), until_ms = now_ms + patience_ms;
    int64_t grace_ms = marker != NULL ? SIGNAL_MS : GRACE_MS;
    struct ssh_channel *second = NULL;

    ssh_channel_signal(channel, "TERM");
    await(&self, clock_earlier(now_ms + grace_ms, until_ms), false);
    if (awaits_mark(&self)) /* the shell is about to begin, or is none */
        await(&self, now_ms + patience_ms / 2, true);
    if (!self.closed && marker != NULL && marker->pid > 0)
        second = signal_by_command(session, marker->pid);
    else if (!self.closed)
        ssh_channel_signal(channel, "KILL");
    await(&self, until_ms, false);
    ssh_channel_close(second);
    if (!self.closed)
        return EXEC_NOT_CANCELLED;
    return strcmp(self.exit.signal, "KILL") == 0 ? EXEC_CANCELLED_BY_KILL
                                                 : EXEC_CANCELLED_BY_TERM;
}
