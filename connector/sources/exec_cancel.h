/* Ending a remote command that is not wanted any more. */
#ifndef EXEC_CANCEL_H
#define EXEC_CANCEL_H

#include "sources/exec_marker.h"
#include "ssh/channel.h"

enum exec_cancelled {
    EXEC_CANCELLED_BY_TERM,
    EXEC_CANCELLED_BY_KILL,
    EXEC_NOT_CANCELLED /* as far as is known: it may still run */
};

/* Asks the remote processes to end, and after a second's grace makes them. The server is asked
 * to send the signals; where it does not (OpenSSH signals no process of root's) a second
 * command does, as soon as the mark (NULL: there is none) has told the shell's pid. Waits until
 * the server says that the command has ended, at most patience_ms; what is still printed is
 * dropped. */
enum exec_cancelled exec_cancel(struct ssh_session *session, struct ssh_channel *channel,
                                struct exec_marker *marker, int patience_ms);

#endif
