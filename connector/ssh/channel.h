/* A remote command: its streams, its end, its cancelling. Nothing here waits, except opening.
 */
#ifndef SSH_CHANNEL_H
#define SSH_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "ssh/session.h"

struct ssh_channel;

/* A command travels in one packet, of which libssh2 sends no larger one than 35000 bytes. */
enum { SSH_COMMAND_MAX_BYTES = 34500 };

enum ssh_stream { SSH_STDOUT, SSH_STDERR };

/* How a command ended, as far as the server says. */
struct ssh_exit {
    int status;      /* 0 also if none came */
    bool unreported; /* no status came; stays false where libssh2 does not tell (1.11.1) */
    char signal[32]; /* "KILL"; "" if none; safe to show */
};

/* Starts the command, of at most SSH_COMMAND_MAX_BYTES; waits for the server's consent as long
 * as ssh_options' connect_timeout_ms, and until deadline_ms (monotonic). *out is to be closed
 * with ssh_channel_close. TL_CONNECT if the server opens no more channels (MaxSessions) or does
 * not answer in time, TL_COMMAND if it refuses to run commands, TL_LOST, TL_INTERRUPTED. */
TL_NODISCARD enum tl_status ssh_channel_open(struct ssh_session *session, const char *command,
                                             int64_t deadline_ms, struct ssh_channel **out,
                                             struct tl_error *err);

/* Whether the server opens a channel for commands at all; closes it again. TL_CONNECT, TL_LOST,
 * TL_INTERRUPTED. */
TL_NODISCARD enum tl_status ssh_channel_try(struct ssh_session *session, struct tl_error *err);

/* What has arrived of a stream: *got bytes, 0 if nothing has. Both streams must be read, or the
 * command stalls. */
TL_NODISCARD enum tl_status ssh_channel_read(struct ssh_channel *channel,
                                             enum ssh_stream stream, char *data, size_t size,
                                             size_t *got, struct tl_error *err);

/* Whether both streams have ended and all their bytes were read. */
bool ssh_channel_at_end(struct ssh_channel *channel);

/* Hands over what fits of stdin: *taken bytes, 0 if nothing fits now. */
TL_NODISCARD enum tl_status ssh_channel_write(struct ssh_channel *channel, const char *data,
                                              size_t size, size_t *taken, struct tl_error *err);

/* Ends stdin. *done tells whether the notice is on its way; if not, call again. */
TL_NODISCARD enum tl_status ssh_channel_send_eof(struct ssh_channel *channel, bool *done,
                                                 struct tl_error *err);

/* Once both streams have ended: asks for the end of the command. *done tells whether the server
 * has closed the channel, and then *exit holds how it ended. */
TL_NODISCARD enum tl_status ssh_channel_finish(struct ssh_channel *channel, bool *done,
                                               struct ssh_exit *exit, struct tl_error *err);

/* Sends the remote processes a signal ("TERM"), if the library and the server can. */
void ssh_channel_signal(struct ssh_channel *channel, const char *name);

/* Gives the channel up; a command that still runs is left to the server. The session stays
 * usable. */
void ssh_channel_close(struct ssh_channel *channel);

#endif
