/* Bytes out of a remote command: runs it over an SSH session, hands its stdout on, and knows
 * whether it really came to its end. Nothing of JSON is known here. */
#ifndef SOURCES_EXEC_H
#define SOURCES_EXEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ssh/session.h"
#include "towline/error.h"

enum exec_completion {
    EXEC_BY_MARKER, /* by random marks that the login shell prints around the output */
    EXEC_BY_STATUS  /* the command as it is; what the server reports of its end is believed */
};

/* All pointers are borrowed while exec_run runs. */
struct exec_request {
    const char *command;
    const char *input; /* for the command's stdin; NULL: none */
    size_t input_size;
    enum exec_completion completion;
    int64_t command_timeout_ms;     /* for the whole run; 0: none */
    int64_t idle_timeout_ms;        /* without a byte of stdout or stderr; 0: none */
    const int *expected_exit_codes; /* NULL: only 0 */
    size_t n_expected_exit_codes;
    bool fail_on_stderr;
};

/* Receives stdout, in order, in pieces of any size, on the thread that called exec_run. No slot
 * may block: the connection is served by the same thread. */
struct exec_sink {
    /* Takes the bytes, all of them. A failure ends the command and is what exec_run returns. */
    enum tl_status (*bytes)(struct exec_sink *self, const char *data, size_t size,
                            struct tl_error *err);
    /* False while it wants no more bytes; the piece that made it full was still taken. NULL: it
     * always does. */
    bool (*ready)(struct exec_sink *self);
    /* Becomes readable when ready has changed; -1 or a NULL slot: to be asked again soon. */
    int (*ready_fd)(struct exec_sink *self);
};

/* Runs the command to its end. Lines of stderr are logged meanwhile. After a failure other
 * than TL_LOST and TL_INTERRUPTED the session can run the next command.
 *
 * TL_OK only if the end is known: with EXEC_BY_MARKER the end mark was seen with an expected
 * exit status; with EXEC_BY_STATUS all streams ended, the server closed the channel, reported
 * no signal and an expected exit status (which libssh2 1.11.1 as released cannot tell from
 * none, if it is 0). Otherwise TL_CONFIGURATION for a command that is too long to be sent,
 * TL_COMMAND, TL_COMMAND_TIMEOUT, TL_CONNECT (no more channels), TL_LOST, TL_INTERRUPTED, or
 * the sink's failure. */
TL_NODISCARD enum tl_status exec_run(struct ssh_session *session,
                                     const struct exec_request *request, struct exec_sink *sink,
                                     struct tl_error *err);

#endif
