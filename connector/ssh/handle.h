/* The inside of a session, for the files of this room only. */
#ifndef SSH_HANDLE_H
#define SSH_HANDLE_H

#include <libssh2.h>

#include "base/buf.h"
#include "ssh/channel.h"
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
    SSH_END_THROUGH,  /* the jump host's session has ended, and knows why */
    SSH_END_CLIENT,   /* who answers speaks as a client does */
    SSH_END_FLOODED   /* the server sent more than makes sense before login, or reads nothing */
};

enum { SSH_LABEL_SIZE = 300 };

/* What keyboard-interactive has come to. */
struct ssh_questions {
    const char *password;
    bool password_given;
    int rounds;
    char unanswered[80]; /* the first question that no password answers; safe to show */
};

/* Who waits for the server's banner: after it the exchange of keys begins. */
struct ssh_awaiting {
    void (*greeted)(struct ssh_awaiting *self); /* called once, from within libssh2 */
};

struct ssh_session {
    LIBSSH2_SESSION *ssh;
    struct ssh_link *link;       /* owned */
    struct ssh_session *through; /* of the jump host that carries the link, owned; or NULL */
    char label[SSH_LABEL_SIZE];  /* "user@host" or "user@host:2222", after "jump host " if it
                                    is one; safe to show */
    struct ssh_memory memory;
    struct buf outgoing; /* accepted from libssh2, not yet taken by the link */
    struct ssh_greeting greeting;
    struct ssh_awaiting *awaiting; /* to be told of the banner; NULL: not, or not any more */

    struct ssh_patience patience; /* CLOCK_NEVER once open */
    int answer_timeout_ms;        /* ssh_connect_timeout: for consent to a channel, too */
    bool patient;                 /* libssh2 calls wait for the server within patience */
    bool held;                    /* libssh2 calls do not receive: see reactor.h */
    int keepalive_interval_ms;
    unsigned window_max_bytes; /* 0: no other limit than those of the channel */
    int keepalive_silences; /* intervals without a sign of life after which the server is gone
                             */
    int64_t pulse_ms;       /* when a silent server may be asked again */
    int64_t last_receive_ms;
    int64_t round_trip_ms; /* 0: not known yet, or none to speak of */
    uint64_t received_bytes;
    uint64_t receive_max_bytes; /* before login; afterwards unlimited */
    size_t slice_bytes;         /* what the libssh2 call in progress may still receive */
    enum ssh_end end;
    int end_errno;
    char farewell[160]; /* what the server said as it ended the session; safe to show */
    ssize_t held_back;  /* how the link ended, if that is to be told later; 1: not */
    bool undelivered;   /* what came before the end has not been read yet */
    int64_t tell_ms;    /* when the end is told all the same */
    bool mute;          /* the link takes nothing any more; what still comes is read */

    int64_t last_close_ms;           /* of a channel; 0: none yet */
    size_t n_granted;                /* channels that the memory was raised for */
    struct ssh_channel *closing;     /* channels that the server has not closed yet */
    struct ssh_forward *opening;     /* the first in line of the channels being opened */
    int login_shell;                 /* enum ssh_login_shell; -1: not asked yet */
    struct ssh_questions *questions; /* while keyboard-interactive runs */
};

/* What a channel's errors call the things that are done with it. */
struct channel_words {
    const char *reading, *writing, *ending, *finishing;
};
extern const struct channel_words channel_words_of_forward;

struct ssh_channel {
    struct ssh_session *session;
    LIBSSH2_CHANNEL *channel;
    const struct channel_words *words;
    struct ssh_channel *next; /* of those closing */
    size_t granted_bytes;     /* by which the session's memory was raised for it */
};

enum { CHANNEL_PACKET_BYTES = 32768 };

/* A channel that the server has not been asked for yet; NULL when memory ran out. */
struct ssh_channel *channel_new(struct ssh_session *session, const struct channel_words *words);

/* What pump_slice does, before up to size bytes of a stream are read: what is queued comes
 * first, while it is warm. stderr's turn receives in any case, as its bytes may be behind the
 * queue. */
void channel_slice(struct ssh_channel *channel, enum ssh_stream stream, size_t size);

/* Reads up to size bytes of a stream, as libssh2_channel_read_ex does. */
ssize_t channel_take(struct ssh_channel *channel, enum ssh_stream stream, char *data,
                     size_t size);

/* How many bytes the server may have under way to us on one of any number of channels to
 * targets. */
unsigned channel_window_share(struct ssh_session *session);

/* Raises the session's memory by what a reader who stops makes wait in the channel's window,
 * for as long as the channel is there. */
void channel_grant(struct ssh_channel *channel, size_t window_bytes);

/* Frees the closing channels that the server has closed by now; all of them, if the session is
 * about to go. */
void channel_sweep(struct ssh_session *session, bool all);

/* Goes on with the channels that are being opened. */
void ssh_forward_advance(struct ssh_session *session);

/* Queues a question that the server answers, whatever it is and allows: opening a channel of a
 * type that does not exist. libssh2 forgets the answer once it has seen it. */
void ssh_forward_ping(struct ssh_session *session);

/* Waits within the session's patience until no channel to a target is being opened: libssh2
 * opens one channel at a time. */
void ssh_forward_settle(struct ssh_session *session);

/* Drops what is left of them, before the session goes. */
void ssh_forward_forget(struct ssh_session *session);

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

/* Sends what is pending, and says what to poll the link's descriptor for. */
short pump_events(struct ssh_session *session);

/* Notices stop_fd and the deadline without waiting. False when the session has ended. */
bool pump_check(struct ssh_session *session);

/* The error of a libssh2 call that returned rc while `doing` ("reading the output"). The status
 * is that of the session's end if it has ended, else `status`; TL_LOST ends the session. */
enum tl_status pump_fail(struct ssh_session *session, enum tl_status status, int rc,
                         const char *doing, struct tl_error *err);

#endif
