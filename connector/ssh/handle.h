/* The inside of a session, for the files of this room only. */
#ifndef SSH_HANDLE_H
#define SSH_HANDLE_H

#include <libssh2.h>

#include "base/buf.h"
#include "ssh/greeting.h"
#include "ssh/link.h"
#include "ssh/memory.h"
#include "ssh/session.h"

/* Since 1.11 the library has what servers of today ask for. */
#define SSH_MODERN (LIBSSH2_VERSION_NUM >= 0x010b00)

/* Why no more bytes come or go. */
enum ssh_end {
    SSH_END_NONE,
    SSH_END_STOPPED,  /* stop_fd */
    SSH_END_DEADLINE, /* the phase's time is over */
    SSH_END_CLOSED,   /* by the server */
    SSH_END_BROKEN,   /* by the network: end_errno */
    SSH_END_SILENT,   /* keepalives unanswered */
    SSH_END_FLOODED   /* the server sent more than makes sense before login, or reads nothing */
};

enum { SSH_LABEL_SIZE = 300, SSH_ABANDONED_MAX = 8 };

struct ssh_session {
    LIBSSH2_SESSION *ssh;
    struct ssh_link *link;      /* owned */
    char label[SSH_LABEL_SIZE]; /* "user@host" or "user@host:2222", safe to show */
    struct ssh_memory memory;
    struct buf outgoing; /* accepted from libssh2, not yet taken by the link */
    struct ssh_greeting greeting;

    struct ssh_patience patience; /* CLOCK_NEVER once open */
    bool patient;                 /* libssh2 calls wait for the server within patience */
    int keepalive_interval_ms;
    int64_t last_receive_ms;
    uint64_t received_bytes;
    uint64_t receive_max_bytes; /* before login; afterwards unlimited */
    size_t slice_bytes;         /* what the libssh2 call in progress may still receive */
    enum ssh_end end;
    int end_errno;

    LIBSSH2_CHANNEL *abandoned[SSH_ABANDONED_MAX]; /* closing without anybody waiting */
    int login_shell;                               /* enum ssh_login_shell; -1: not asked yet */
    const char *password; /* borrowed while keyboard-interactive runs */
    bool password_given;
};

/* Sets the library's callbacks: memory, sending, receiving. */
LIBSSH2_SESSION *pump_session_new(struct ssh_session *session);

/* To be called before each libssh2 call: lets it receive a bounded number of bytes, after which
 * it returns to us instead of draining the network for as long as bytes come. */
void pump_slice(struct ssh_session *session);

/* True if a call of a patient session has to be repeated: libssh2 also gives up, without asking
 * for more, when a packet's first bytes come alone. */
bool pump_repeat(struct ssh_session *session, int rc);

/* Waits until the server sends, the link takes what is pending, extra_fd (-1: none) is readable
 * or until_ms is over. False when the session has ended. Keepalives are sent from here. */
bool pump_wait(struct ssh_session *session, int64_t until_ms, int extra_fd);

/* Notices stop_fd and the deadline without waiting. False when the session has ended. */
bool pump_check(struct ssh_session *session);

/* The error of a libssh2 call that returned rc while `doing` ("reading the output"). The status
 * is that of the session's end if it has ended, else `status`. */
enum tl_status pump_fail(struct ssh_session *session, enum tl_status status, int rc,
                         const char *doing, struct tl_error *err);

#endif
