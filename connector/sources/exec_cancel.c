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

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One round: reads what there is, for the end comes after it. */
static enum tl_status drain(struct ssh_channel *channel, bool *moved, bool *closed,
                            struct ssh_exit *exit, struct tl_error *err)
{
    char chunk[CHUNK_BYTES];
    size_t out = 0, errors = 0;
    enum tl_status status =
        ssh_channel_read(channel, SSH_STDOUT, chunk, sizeof(chunk), &out, err);

    if (status == TL_OK)
        status = ssh_channel_read(channel, SSH_STDERR, chunk, sizeof(chunk), &errors, err);
    *moved = out + errors > 0;
    if (status == TL_OK && !*moved && ssh_channel_at_end(channel))
        status = ssh_channel_finish(channel, closed, exit, err);
    return status;
}

static bool ends_by(struct ssh_session *session, struct ssh_channel *channel, int64_t until_ms,
                    struct ssh_exit *exit)
{
    bool closed = false, moved;
    enum tl_status status = TL_OK;
    struct tl_error ignored = {0}; /* why the command has to end is what counts */

    while (status == TL_OK && !closed && clock_now_ms() < until_ms) {
        status = drain(channel, &moved, &closed, exit, &ignored);
        if (status == TL_OK && !closed && !moved)
            status = ssh_session_wait(session, until_ms, -1, &ignored);
    }
    return closed;
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
                                int pid, int patience_ms)
{
    int64_t now_ms = clock_now_ms(), until_ms = now_ms + patience_ms;
    int64_t grace_ms = pid > 0 ? SIGNAL_MS : GRACE_MS;
    struct ssh_channel *second = NULL;
    struct ssh_exit exit = {0};
    bool ended;

    ssh_channel_signal(channel, "TERM");
    ended = ends_by(session, channel, earlier(now_ms + grace_ms, until_ms), &exit);
    if (!ended && pid > 0)
        second = signal_by_command(session, pid);
    else if (!ended)
        ssh_channel_signal(channel, "KILL");
    ended = ended || ends_by(session, channel, until_ms, &exit);
    ssh_channel_close(second);
    if (!ended)
        return EXEC_NOT_CANCELLED;
    return strcmp(exit.signal, "KILL") == 0 ? EXEC_CANCELLED_BY_KILL : EXEC_CANCELLED_BY_TERM;
}
